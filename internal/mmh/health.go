package mmh

import (
	"net/http"

	"github.com/go-json-experiment/json"

	"equality-information-api/api"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/server"
)

// healthDocument is the report of .NET's health checks.
type healthDocument struct {
	Entries         map[string]healthEntry `json:"entries"`
	Status          string                 `json:"status"`
	TotalDurationMs int64                  `json:"totalDurationMs"`
}

type healthEntry struct {
	Data             struct{} `json:"data"`
	Description      string   `json:"description"`
	DurationMs       int64    `json:"durationMs"`
	ExceptionMessage *string  `json:"exceptionMessage"` // always null, because it would reveal internals
	Status           string   `json:"status"`
}

// health responds to GET /healthcheck/ping: it says whether personal data can be
// read and written.
func (a *API) health(c *call) error {
	began := a.now()
	warning, err := a.service.Ready(c.r.Context())
	took := a.now().Sub(began).Milliseconds()

	status := http.StatusOK
	entry := healthEntry{Status: "Healthy", Description: "The store can be read and written.", DurationMs: took}
	if warning != "" {
		entry.Description += " But " + warning + "."
	}
	if err != nil {
		status = http.StatusServiceUnavailable
		entry.Status, entry.Description = "Unhealthy", "The store cannot be read and written at the moment."
		server.Of(c.r.Context()).Problem = api.Unavailable
	}
	body, err := json.Marshal(healthDocument{Entries: map[string]healthEntry{a.store: entry}, Status: entry.Status, TotalDurationMs: took})
	if err != nil {
		return err
	}
	c.w.Header().Set("Cache-Control", "no-store")
	gate.Send(c.w, c.r, status, contentType, body)
	return nil
}
