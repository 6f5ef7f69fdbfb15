package httpapi

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/service"
)

// people are the use cases for the directory.
type people interface {
	FindPerson(context.Context, service.Access, service.Lookup) (service.PersonShown, error)
	PutPerson(context.Context, service.Access, service.PersonWrite) (service.PersonShown, error)
}

// personLocation returns the path of a person's entry.
func personLocation(id uuid.UUID) string { return Prefix + "/persons/" + id.String() }

// person answers GET /persons/{id}.
func (a *API) person(c *call) error {
	l := service.Lookup{ID: c.id()}
	l.IfNoneMatch, _ = c.condition("If-None-Match")
	if err := c.checked(); err != nil {
		return err
	}
	p, err := a.service.FindPerson(c.r.Context(), c.Access, l)
	if err != nil {
		return err
	}
	if p.Unmodified {
		c.describe(p.Version, p.Modified)
		c.elsewhere(personLocation(p.ID), p.ID)
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return c.entry(http.StatusOK, p)
}

// putPerson answers PUT /persons/{id}.
func (a *API) putPerson(c *call) error {
	w := service.PersonWrite{ID: c.id(), Body: c.body, Conditions: c.conditions()}
	if err := c.checked(); err != nil {
		return err
	}
	p, err := a.service.PutPerson(c.r.Context(), c.Access, w)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if p.Created {
		status = http.StatusCreated
		c.w.Header().Set("Location", personLocation(p.ID))
	}
	return c.entry(status, p)
}

// entry sends a person's entry.
func (c *call) entry(status int, p service.PersonShown) error {
	c.w.Header().Set("Cache-Control", "no-store")
	c.elsewhere(personLocation(p.ID), p.ID)
	if p.Versioned {
		c.describe(p.Version, p.Modified)
	}
	body, err := json.Marshal(p.Whole)
	if err != nil {
		return err
	}
	c.write(status, "application/json", body)
	return nil
}
