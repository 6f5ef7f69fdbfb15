package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/etag"
	"equality-information-api/internal/service"
)

// records are the use cases for one record.
type records interface {
	CreateRecord(context.Context, service.Access, service.Write) (service.Shown, error)
	ChangeRecord(context.Context, service.Access, service.Write) (service.Shown, error)
	Read(context.Context, service.Access, service.Lookup) (service.Shown, error)
}

// location returns the path of a record.
func location(id uuid.UUID) string { return Prefix + "/equality-information/" + id.String() }

// create answers POST /equality-information and POST /equality-information/{id}.
func (a *API) create(c *call) error {
	w := c.newWrite()
	if c.r.PathValue("id") != "" {
		w.ID = c.id()
	}
	w.Operation = operation(c.r.Method, w.ID)
	if err := c.checked(); err != nil {
		return err
	}
	written, err := a.service.CreateRecord(c.r.Context(), c.Access, w)
	return a.written(c, written, err)
}

// change answers PATCH /equality-information/{id}.
func (a *API) change(c *call) error {
	w := c.newWrite()
	w.ID = c.id()
	w.Operation = operation(c.r.Method, w.ID)
	if err := c.checked(); err != nil {
		return err
	}
	written, err := a.service.ChangeRecord(c.r.Context(), c.Access, w)
	return a.written(c, written, err)
}

// newWrite returns what POST and PATCH share.
func (c *call) newWrite() service.Write {
	return service.Write{Body: c.body, Reason: c.changeReason(), Key: c.idempotencyKey(), Conditions: c.conditions()}
}

// operation is the method and path that an idempotency key belongs to, however the path was
// spelled.
func operation(method string, id uuid.UUID) string {
	if id == uuid.Nil {
		return method + " /equality-information"
	}
	return method + " /equality-information/" + id.String()
}

// written answers a write.
func (a *API) written(c *call, w service.Shown, err error) error {
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
	c.record(status, w)
	return nil
}

// read answers GET /equality-information/{id}.
func (a *API) read(c *call) error { return a.lookUp(c, service.Lookup{ID: c.id()}) }

// lookUp sends the record of a lookup.
func (a *API) lookUp(c *call, l service.Lookup) error {
	l.IfNoneMatch, _ = c.condition("If-None-Match")
	l.Person = c.includes("person")
	if err := c.checked(); err != nil {
		return err
	}
	v, err := a.service.Read(c.r.Context(), c.Access, l)
	if err != nil {
		return err
	}
	if c.unmodified(v) {
		return nil
	}
	c.record(http.StatusOK, v)
	return nil
}

// unmodified answers 304 if the caller already has the version.
func (c *call) unmodified(v service.Shown) bool {
	if v.Unmodified {
		c.describe(v.Version, v.Modified)
		c.elsewhere(location(v.ID), v.ID, v.Target)
		c.w.WriteHeader(http.StatusNotModified)
	}
	return v.Unmodified
}

// record sends a record.
func (c *call) record(status int, v service.Shown) {
	c.describe(v.Version, v.Modified)
	c.elsewhere(location(v.ID), v.ID, v.Target)
	c.write(status, "application/json", v.Text)
}

// describe sets the headers that describe a version of a record or a person.
func (c *call) describe(version int64, modified time.Time) {
	h := c.w.Header()
	h.Set("ETag", etag.Quoted(etag.Version(version)))
	h.Set("Last-Modified", modified.UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "no-store")
}

// elsewhere says where the content is from, unless the id in the request is one of these ids:
// the person who has it was merged into another.
func (c *call) elsewhere(path string, ids ...uuid.UUID) {
	if asked := c.target(); asked != uuid.Nil && !slices.Contains(ids, asked) {
		c.w.Header().Set("Content-Location", path)
	}
}
