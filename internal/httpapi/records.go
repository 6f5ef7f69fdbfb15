package httpapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"equality-information-api/internal/etag"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store"
)

// records are the use cases of one record.
type records interface {
	CreateRecord(context.Context, service.Access, service.Write) (service.Written, error)
	ChangeRecord(context.Context, service.Access, service.Write) (service.Written, error)
	Read(ctx context.Context, a service.Access, id uuid.UUID, unless func(version int64) bool) (v service.Shown, unmodified bool, err error)
	ReadByTarget(ctx context.Context, a service.Access, target uuid.UUID, unless func(version int64) bool) (v service.Shown, unmodified bool, err error)
}

// location is the path of a record.
func location(id uuid.UUID) string { return Prefix + "/equality-information/" + id.String() }

// create answers POST /equality-information and POST /equality-information/{id}.
func (a *API) create(c *call) error {
	w := service.Write{Body: c.body, Reason: c.reason(), Key: c.idempotencyKey(), Operation: gate.Operation(c.r)}
	if c.r.PathValue("id") != "" {
		w.ID = c.id()
	}
	if err := c.checked(); err != nil {
		return err
	}
	written, err := a.service.CreateRecord(c.r.Context(), c.access, w)
	return a.written(c, written, err)
}

// change answers PATCH /equality-information/{id}.
func (a *API) change(c *call) error {
	w := service.Write{ID: c.id(), Body: c.body, Reason: c.reason(), Key: c.idempotencyKey(), Operation: gate.Operation(c.r)}
	if match, sent := c.condition("If-Match"); sent {
		w.IfMatch = func(version int64) bool { return match.Strong(etag.Version(version)) }
		w.Since = match.Single()
	}
	if err := c.checked(); err != nil {
		return err
	}
	written, err := a.service.ChangeRecord(c.r.Context(), c.access, w)
	return a.written(c, written, err)
}

// written answers a write.
func (a *API) written(c *call, w service.Written, err error) error {
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
	c.record(status, a.shown(w.Version))
	return nil
}

// read answers GET /equality-information/{id}.
func (a *API) read(c *call) error { return a.readRecord(c, a.service.Read, c.id()) }

// readBy is one of the service's two ways to find a record.
type readBy func(context.Context, service.Access, uuid.UUID, func(version int64) bool) (service.Shown, bool, error)

func (a *API) readRecord(c *call, find readBy, id uuid.UUID) error {
	none, _ := c.condition("If-None-Match")
	if err := c.checked(); err != nil {
		return err
	}
	v, unmodified, err := find(c.r.Context(), c.access, id, func(version int64) bool {
		return none.Weak(etag.Version(version))
	})
	if err != nil {
		return err
	}
	if unmodified {
		c.describe(v.Version)
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	c.record(http.StatusOK, v)
	return nil
}

// shown is a version with its JSON.
func (a *API) shown(v store.Version) service.Shown {
	return service.Shown{Version: v, Text: a.rules.Encode(v.Record)}
}

// record answers with a record.
func (c *call) record(status int, v service.Shown) {
	c.describe(v.Version)
	c.write(status, "application/json", v.Text)
}

// describe sets the headers that tell of a record's version.
func (c *call) describe(v store.Version) {
	h := c.w.Header()
	h.Set("ETag", etag.Quoted(etag.Version(v.Version)))
	h.Set("Last-Modified", v.Modified.UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "no-store")
}
