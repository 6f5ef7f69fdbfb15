package mmh_test

import (
	"context"
	"errors"
	"testing"

	"equality-information-api/internal/service"
)

// unready is a store that is down.
type unready struct{ service.Store }

func (unready) Ready(context.Context) error { return errors.New("disk xMARKx is full") }
func (unready) Warning() string             { return "" }

func TestHealth(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got := wants(t, b.ask("GET", "/mmh/api/v1/healthcheck/ping", "", header{"Authorization": ""}), 200)
	want := `{"entries":{"store":{"data":{},"description":"The store can be read and written.","durationMs":0,"exceptionMessage":null,"status":"Healthy"}},"status":"Healthy","totalDurationMs":0}`
	if got != want {
		t.Errorf("got %s", got)
	}

	b = setup(t, func(o *options) { o.UseCases = service.New(unready{}, service.Options{}) })
	w := b.ask("GET", "/mmh/api/v1/HealthCheck/Ping/", "")
	want = `{"entries":{"store":{"data":{},"description":"The store cannot be read and written at the moment.","durationMs":0,"exceptionMessage":null,"status":"Unhealthy"}},"status":"Unhealthy","totalDurationMs":0}`
	if got := wants(t, w, 503); got != want {
		t.Errorf("got %s", got)
	}
}
