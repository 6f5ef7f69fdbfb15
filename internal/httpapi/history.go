package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/etag"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store"
)

// historian has the use cases for a record's history.
type historian interface {
	Versions(ctx context.Context, a service.Access, id uuid.UUID) ([]store.Made, error)
	Version(ctx context.Context, a service.Access, id uuid.UUID, version int64) (service.Shown, error)
}

type historyDocument struct {
	Versions []historyVersion `json:"versions"`
}

type historyVersion struct {
	Version int64     `json:"version"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Reason  string    `json:"reason"`
	Members []string  `json:"members"`
}

// history answers GET /equality-information/{id}/history.
func (a *API) history(c *call) error {
	id := c.id()
	if err := c.checked(); err != nil {
		return err
	}
	turn, err := a.gate.Turn(c.r.Context())
	if err != nil {
		return err
	}
	defer turn.End()
	versions, err := a.service.Versions(c.r.Context(), c.Access, id)
	if err != nil {
		return err
	}
	doc := historyDocument{Versions: make([]historyVersion, 0, len(versions))}
	for _, v := range versions {
		by := v.Name
		if by == "" {
			by = v.Subject
		}
		doc.Versions = append(doc.Versions, historyVersion{v.Version, v.Modified, by, v.Reason, v.Members})
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	turn.Made(len(body))
	c.sendPersonal(body)
	return nil
}

// version answers GET /equality-information/{id}/history/{version}.
func (a *API) version(c *call) error {
	id := c.id()
	text := c.r.PathValue("version")
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 || etag.Version(number) != text {
		c.wrong("path.version", "The version in the path must be a whole number from 0.")
	}
	if err := c.checked(); err != nil {
		return err
	}
	v, err := a.service.Version(c.r.Context(), c.Access, id, number)
	if err != nil {
		return err
	}
	c.record(http.StatusOK, v)
	return nil
}
