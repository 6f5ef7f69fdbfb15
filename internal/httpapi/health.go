package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"equality-information-api/api"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/store"
)

// health reports whether personal data can be read and written.
type health interface {
	Ready(context.Context) error
}

var healthy = []byte(`{"status":"ok"}`)

// live answers GET /livez: the process is running.
func (a *API) live(c *call) error {
	if err := c.checked(); err != nil {
		return err
	}
	c.w.Header().Set("Cache-Control", "no-store")
	c.write(http.StatusOK, "application/json", healthy)
	return nil
}

// ready answers GET /readyz and GET /healthcheck/ping: personal data can be read and written.
func (a *API) ready(c *call) error {
	ctx, cancel := context.WithTimeout(c.r.Context(), 2*time.Second)
	defer cancel()
	if err := a.service.Ready(ctx); err != nil {
		var cause store.Cause
		errors.As(err, &cause) // empty for most
		return problem{Code: api.Unavailable, Detail: string(cause), RetryAfter: gate.RetryAfter}
	}
	return a.live(c)
}
