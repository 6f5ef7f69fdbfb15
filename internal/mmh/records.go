package mmh

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/etag"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/service"
)

// read responds to the two GETs of a record.
func (a *API) read(c *call) error {
	c.queryID()
	if c.segment != "" {
		c.pathID()
	}
	if err := c.checked(); err != nil {
		return err
	}
	c.named = c.target
	id := c.id
	if c.segment == "" {
		id = c.target
	}
	v, err := a.service.Read(c.r.Context(), c.access, service.Lookup{ID: id, Target: c.target})
	if err != nil {
		return err
	}
	return a.record(c, http.StatusOK, v)
}

// create responds to POST.
func (a *API) create(c *call) error {
	w := a.write(c)
	if err := c.checked(); err != nil {
		return err
	}
	written, err := a.service.CreateRecord(c.r.Context(), c.access, w)
	return a.written(c, written, err)
}

// change responds to PATCH.
func (a *API) change(c *call) error {
	w := a.write(c)
	c.pathID()
	w.ID, c.named = c.id, c.id
	w.Operation += "/" + c.id.String()
	sent := c.r.Header.Values("If-Match")
	w.IfMatch = version(sent)
	if len(sent) > 0 {
		w.Sent = append([]string{"If-Match"}, sent...)
	}
	if err := c.checked(); err != nil {
		return err
	}
	written, err := a.service.ChangeRecord(c.r.Context(), c.access, w)
	return a.written(c, written, err)
}

// write does what POST and PATCH share.
func (a *API) write(c *call) service.Write {
	key, ok := gate.IdempotencyKey(c.r.Header)
	if !ok {
		c.wrong("Idempotency-Key", "header.idempotency-key", gate.WrongKey)
	}
	operation := c.r.Method + " " + Prefix + "/equality-information" // whatever the spelling of the path
	return service.Write{Body: c.body, Form: a.codec, Reason: service.ChangeReasons[0], Key: key, Operation: operation}
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
		c.w.Header().Set("Location", recordPath(w))
	}
	return a.record(c, status, w)
}

// recordPath is the path that gets a record.
func recordPath(v service.Shown) string {
	return Prefix + "/equality-information/" + v.ID.String() + "/?targetId=" + v.Target.String()
}

// record answers with a record.
func (a *API) record(c *call, status int, v service.Shown) error {
	o, err := v.Decode()
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("ETag", etag.Quoted(etag.Version(v.Version)))
	h.Set("Cache-Control", "no-store")
	for _, asked := range []uuid.UUID{c.id, c.target} {
		if asked != uuid.Nil && asked != v.ID && asked != v.Target { // it was merged into this person
			h.Set("Content-Location", recordPath(v))
		}
	}
	gate.Send(c.w, c.r, status, contentType, a.codec.Encode(&o.Record))
	return nil
}

// version returns the version in an If-Match: one tag, weak or strong. Any other header
// matches no version.
func version(ifMatch []string) *etag.List {
	list, ok := etag.Parse(ifMatch)
	if !ok || len(list.Tags) != 1 {
		return &etag.List{}
	}
	return &list
}

// parameter returns a query parameter, whose name can be in any case.
func (c *call) parameter(name string) string {
	if c.query.Has(name) {
		return c.query.Get(name)
	}
	for sent, values := range c.query {
		if strings.EqualFold(sent, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// queryID checks the query's target id.
func (c *call) queryID() {
	switch sent := c.parameter("targetId"); {
	case c.target != uuid.Nil:
	case isGUID(sent) || strings.TrimSpace(sent) == "":
		code, message := targetZero()
		c.wrong("targetId", code, message)
	default:
		c.wrong("targetId", "query.targetId", "Target Id must be a GUID.")
	}
}

// pathID checks the path's id.
func (c *call) pathID() {
	if !isGUID(c.segment) {
		c.wrong("id", "path.id", "Id must be a GUID.")
	}
}

func isGUID(s string) bool {
	_, ok := parseGUID(s)
	return ok
}

// parseGUID reads a UUID in the forms that .NET writes: 32 digits, with or without
// hyphens, braces or parentheses.
func parseGUID(s string) (uuid.UUID, bool) {
	s = strings.TrimSpace(s)
	if n := len(s); n == 38 && (s[0] == '{' && s[n-1] == '}' || s[0] == '(' && s[n-1] == ')') {
		s = s[1 : n-1]
	}
	if len(s) == 32 {
		id, err := uuid.Parse(s)
		return id, err == nil
	}
	id, err := equality.ParseID(s)
	return id, err == nil
}
