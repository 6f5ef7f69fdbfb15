package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"

	"equality-information-api/api"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/store"
)

// health reports whether personal data can be read and written.
type health interface {
	Ready(context.Context) (warning string, err error)
}

// healthy is the response to a check that passed.
type healthy struct {
	Status string `json:"status"`
	Detail string `json:"detail,omitzero"`
}

// live answers GET /livez: the process is running.
func (a *API) live(c *call) error { return c.passed("") }

// passed says that a check has passed, and what is wrong all the same.
func (c *call) passed(warning string) error {
	if err := c.checked(); err != nil {
		return err
	}
	body, err := json.Marshal(healthy{Status: "ok", Detail: warning})
	if err != nil {
		return err
	}
	c.w.Header().Set("Cache-Control", "no-store")
	c.write(http.StatusOK, "application/json", body)
	return nil
}

// ready answers GET /readyz and GET /healthcheck/ping: personal data can be read and written.
func (a *API) ready(c *call) error {
	warning, err := a.service.Ready(c.r.Context())
	if err != nil {
		var cause store.Cause
		errors.As(err, &cause) // empty for most
		return problem{Code: api.Unavailable, Detail: string(cause), RetryAfter: gate.RetryAfter}
	}
	return c.passed(warning)
}
