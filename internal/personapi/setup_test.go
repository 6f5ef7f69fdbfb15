package personapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/personapi"
)

const (
	token  = "tOken.of-the.service_0123456789=="
	secret = "Sekrit"
)

// asked is a person, and whole what the Person API says of them: this and more.
var asked = uuid.MustParse("49b092d6-22b4-11ec-9621-0242ac130002")

const whole = `{"id":"49b092d6-22b4-11ec-9621-0242ac130002","title":"Mrs","preferredTitle":"Mx","preferredFirstName":"Zaya",
 "preferredSurname":null,"preferredMiddleName":"","firstName":"Zoë","middleName":"Ann","surname":"Okonkwo-Łuk","placeOfBirth":"Lagos",
 "dateOfBirth":"1985-02-28","reason":null,"personTypes":["Tenant"],"links":[],"tenures":[{"id":"1","isActive":true,"uprn":"1"}],
 "isAMinor":false,"dateOfDeath":null,"personRef":12}`

// bundle is a client of a server, and what it tells.
type bundle struct {
	*personapi.Client
	mu       sync.Mutex
	now      time.Time
	outcomes []personapi.Outcome
	reports  []string
}

func setup(t *testing.T, h http.HandlerFunc) *bundle {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return clientOf(server.URL)
}

func clientOf(url string) *bundle {
	b := &bundle{now: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)}
	b.Client = personapi.New(personapi.Options{
		URL: url, Token: func() ([]byte, error) { return []byte(token), nil }, Now: b.time,
		Outcome: func(o personapi.Outcome) { b.locked(func() { b.outcomes = append(b.outcomes, o) }) },
		Report: func(what string, err error) {
			b.locked(func() { b.reports = append(b.reports, fmt.Sprint(what, ": ", err)) })
		},
	})
	b.SetTimeout(10 * time.Second)
	return b
}

func (b *bundle) locked(do func()) { b.mu.Lock(); defer b.mu.Unlock(); do() }

func (b *bundle) time() (now time.Time) { b.locked(func() { now = b.now }); return now }

func (b *bundle) later(d time.Duration) { b.locked(func() { b.now = b.now.Add(d) }) }

// told returns the outcomes and reports since the last call.
func (b *bundle) told() (outcomes []personapi.Outcome, reports []string) {
	b.locked(func() {
		outcomes, reports = slices.Clone(b.outcomes), slices.Clone(b.reports)
		b.outcomes, b.reports = nil, nil
	})
	return outcomes, reports
}

func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// raw takes the connection over, writes text, and closes it.
func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(connection, text)
		_ = connection.Close()
	}
}
