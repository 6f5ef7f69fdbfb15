package httpapi

import (
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"equality-information-api/api"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/service"
)

// call is a request that passes the checks on its way to its handler.
type call struct {
	w http.ResponseWriter
	r *http.Request
	gate.Admission
	query   url.Values
	body    []byte
	invalid equality.InvalidError // what is wrong with path, query and headers
}

func newCall(w http.ResponseWriter, r *http.Request) *call {
	c := &call{w: w, r: r}
	if r.URL.RawQuery != "" {
		var err error
		if c.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			c.wrong("query.syntax", "The query must have the form name=value&name=value.")
		}
	}
	return c
}

// check makes the checks that all requests share, in the contract's order: 400 for a
// credential in the URL, 401, 429, 403, 406, 415, 413. The handler then checks path, query
// and headers, which only it knows; release ends the call.
func (a *API) check(c *call, op service.Operation, e endpoint) (release func(), err error) {
	if c.Admission, release, err = a.gate.Admit(c.r, op, c.target()); err != nil {
		return release, err
	}
	if !op.Open && !acceptsJSON(c.r.Header.Values("Accept")) {
		return release, problem{Code: api.NotAcceptable}
	}
	if types := bodies[op.Method]; types != nil && (!e.bodiless || c.r.ContentLength != 0) {
		if err := c.readBody(types); err != nil {
			return release, err
		}
	}
	c.checkQuery(e.params)
	if op.Restricted() {
		a.checkPurpose(c)
	}
	return release, nil
}

// target returns the id in the request, for the entry of a refusal; zero if it has none.
func (c *call) target() uuid.UUID {
	named := c.r.PathValue("id")
	if named == "" {
		named = c.query.Get("targetId")
	}
	target, _ := equality.ParseID(named)
	return target
}

// jsonRanges are the media ranges that include JSON, from general to specific.
var jsonRanges = []string{"*/*", "application/*", "application/json"}

// acceptsJSON reports whether an Accept header allows JSON.
func acceptsJSON(accept []string) bool {
	listed, admitted := accepts(accept, jsonRanges)
	return !listed || admitted
}

// accepts reports whether an Accept header lists anything, and whether it admits a media type
// (RFC 9110, 12.5.1): whether the most specific of its ranges has a weight above 0.
func accepts(accept, ranges []string) (listed, admitted bool) {
	specific := -1
	for _, header := range accept {
		for item := range strings.SplitSeq(header, ",") {
			if strings.TrimSpace(item) == "" {
				continue
			}
			listed = true
			kind, params, err := mime.ParseMediaType(item)
			i := slices.Index(ranges, kind)
			if err != nil || i < 0 || i < specific {
				continue
			}
			q, err := strconv.ParseFloat(params["q"], 64)
			accepted := err != nil || q > 0
			admitted = accepted || i == specific && admitted
			specific = i
		}
	}
	return listed, admitted
}

// readBody reads the body of one of the media types.
func (c *call) readBody(types []string) (err error) {
	c.body, err = gate.ReadBody(c.w, c.r, types)
	return err
}

// wrong notes an error in a part of the request other than the body.
func (c *call) wrong(code, message string) {
	c.invalid.Note(equality.Failure{Code: code, Message: message})
}

// checked ends the checks of path, query and headers.
func (c *call) checked() error {
	if len(c.invalid.Failures) > 0 {
		return problem{Code: api.InvalidRequest, Failures: &c.invalid}
	}
	return nil
}

// checkQuery notes parameters that are unknown or given twice.
func (c *call) checkQuery(known []string) {
	for _, name := range slices.Sorted(maps.Keys(c.query)) {
		switch {
		case !slices.Contains(known, name):
			c.wrong("query.unknown", "The query parameter"+shown(name)+" is not supported here.")
		case len(c.query[name]) > 1:
			c.wrong("query.repeated", "The query parameter "+name+" appears more than once.")
		}
	}
}

// shown returns the name of a parameter only if it is safe to repeat.
func shown(name string) string {
	if equality.SafeName(name) {
		return " " + name
	}
	return ""
}

// id returns the id in the path.
func (c *call) id() uuid.UUID {
	return c.parseID("path.id", "The id in the path", c.r.PathValue("id"))
}

func (c *call) parseID(code, what, value string) uuid.UUID {
	id, err := equality.ParseID(value)
	if err != nil || id == uuid.Nil {
		c.wrong(code, what+" must be a 36-character UUID, and not the zero UUID.")
	}
	return id
}

// includes reports whether the query includes this, and notes names that nothing has.
func (c *call) includes(name string) (included bool) {
	if !c.query.Has("include") {
		return false
	}
	for _, sent := range service.Included(c.query["include"]) {
		if sent != name {
			c.wrong("query.include", "The query parameter include must be "+name+".")
			return false
		}
	}
	return true
}

// number returns a query parameter that is a whole number within bounds.
func (c *call) number(name string, preset, least, most int) int {
	if !c.query.Has(name) {
		return preset
	}
	value := c.query.Get(name)
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most || strconv.Itoa(n) != value {
		c.wrong("query."+name, "The query parameter "+name+" must be a whole number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most)+".")
		return preset
	}
	return n
}

// cursor returns where a list goes on; empty for its beginning.
func (c *call) cursor() string {
	if c.query.Has("cursor") && c.query.Get("cursor") == "" {
		c.wrong("query.cursor", "The query parameter cursor must be a cursor; leave it out to start at the beginning.")
	}
	return c.query.Get("cursor")
}

// time returns a query parameter that is an RFC 3339 time; the zero time if it is absent.
// It rounds up to whole microseconds: the times of records are whole microseconds, so
// before and since get the same records.
func (c *call) time(name string) time.Time {
	if !c.query.Has(name) {
		return time.Time{}
	}
	text := c.query.Get(name)
	t, err := time.Parse(time.RFC3339Nano, text)
	// RFC 3339 has no one-digit hours or decimal commas, but package time accepts them.
	lenient := len(text) < len("2026-11-23T09:30:00Z") || text[len("2026-11-23T09")] != ':' || strings.Contains(text, ",")
	t = t.UTC().Add(time.Microsecond - 1).Truncate(time.Microsecond)
	if err != nil || lenient || t.Year() < 1 || t.Year() > 9999 || t.IsZero() {
		c.wrong("query."+name, "The query parameter "+name+" must be a time such as 2026-11-23T09:30:00Z (RFC 3339; in a URL, write + as %2B).")
		return time.Time{}
	}
	return t
}

func (a *API) checkPurpose(c *call) {
	if message := a.gate.CheckPurpose(c.r.Header); message != "" {
		c.wrong("header.x-access-purpose", message)
	}
}

// changeReason returns the reason for a change.
func (c *call) changeReason() string {
	if len(c.r.Header.Values("X-Change-Reason")) == 0 {
		return service.ChangeReasons[0]
	}
	sent := c.r.Header.Values("X-Change-Reason")
	if len(sent) > 1 || !slices.Contains(service.ChangeReasons, sent[0]) {
		c.wrong("header.x-change-reason", "The header X-Change-Reason must appear once, as one of "+strings.Join(service.ChangeReasons, ", ")+".")
	}
	return sent[0]
}

// idempotencyKey returns the key that makes a retry safe; empty if none was sent.
func (c *call) idempotencyKey() string {
	key, ok := gate.IdempotencyKey(c.r.Header)
	if !ok {
		c.wrong("header.idempotency-key", gate.WrongKey)
	}
	return key
}
