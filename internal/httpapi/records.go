package httpapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"equality-information-api/internal/service"
	"equality-information-api/internal/store"
)

// location is the path of a record.
func location(id uuid.UUID) string { return Prefix + "/equality-information/" + id.String() }

// create answers POST /equality-information and POST /equality-information/{id}.
func (a *API) create(c *call) error {
	w := service.Write{Body: c.body, Reason: c.reason(), Key: c.idempotencyKey(), Operation: c.operation()}
	if c.r.PathValue("id") != "" {
		w.ID = c.id()
	}
	if err := c.checked(); err != nil {
		return err
	}
	written, err := a.Service.CreateRecord(c.r.Context(), c.access, w)
	return c.written(written, err)
}

// change answers PATCH /equality-information/{id}.
func (a *API) change(c *call) error {
	w := service.Write{ID: c.id(), Body: c.body, Reason: c.reason(), Key: c.idempotencyKey(), Operation: c.operation()}
	if match, sent := c.condition("If-Match"); sent {
		w.IfMatch = func(version int64) bool { return match.strong(versionTag(version)) }
		w.Since = match.single()
	}
	if err := c.checked(); err != nil {
		return err
	}
	written, err := a.Service.ChangeRecord(c.r.Context(), c.access, w)
	return c.written(written, err)
}

// operation is the method and path that an idempotency key belongs to.
func (c *call) operation() string { return c.r.Method + " " + c.r.URL.Path }

// written answers a write.
func (c *call) written(w service.Written, err error) error {
	if w.Replayed {
		c.w.Header().Set("Idempotency-Replayed", "true")
	}
	if err != nil {
		return err
	}
	status := http.StatusOK
	if w.Created {
		status = http.StatusCreated
		c.w.Header().Set("Location", location(w.ID))
	}
	c.record(status, w.Version)
	return nil
}

// read answers GET /equality-information/{id}.
func (a *API) read(c *call) error { return a.readRecord(c, a.Service.Read, c.id()) }

// readBy is one of the service's two ways to find a record.
type readBy func(context.Context, service.Access, uuid.UUID, func(version int64) bool) (store.Version, bool, error)

func (a *API) readRecord(c *call, find readBy, id uuid.UUID) error {
	none, _ := c.condition("If-None-Match")
	if err := c.checked(); err != nil {
		return err
	}
	v, unmodified, err := find(c.r.Context(), c.access, id, func(version int64) bool {
		return none.weak(versionTag(version))
	})
	if err != nil {
		return err
	}
	if unmodified {
		c.describe(v)
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	c.record(http.StatusOK, v)
	return nil
}

// record answers with a record.
func (c *call) record(status int, v store.Version) {
	c.describe(v)
	c.write(status, "application/json", v.Record.Encode())
}

// describe sets the headers that tell of a record's version.
func (c *call) describe(v store.Version) {
	h := c.w.Header()
	h.Set("ETag", quoted(versionTag(v.Version)))
	h.Set("Last-Modified", v.Modified.UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "no-store")
}
