// Package mmh owns the contract of today's Hackney front ends, under
// /mmh/api/v1: its routes, JSON, errors and reference data. It is a thin codec
// over the same use cases and records as the HTTP contract. It also reads the
// items that the earlier service stored.
//
// It does not own what a request means, who may make it or what is logged about
// it (internal/service), tokens, limits and problems (internal/gate), or which
// values are valid (internal/equality). It does not import the other contract
// (internal/httpapi).
package mmh

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"equality-information-api/api"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

// Prefix begins every path of this contract.
const Prefix = "/mmh/api/v1"

// Serves says whether a path belongs to this contract.
func Serves(path string) bool {
	const root = "/mmh"
	return len(path) >= len(root) && strings.EqualFold(path[:len(root)], root) && (len(path) == len(root) || path[len(root)] == '/')
}

// Options are what the contract needs.
type Options struct {
	*gate.Gate
	Codec *Codec
	Lists *refdata.Lists
	Store string // the store's name in the health check
	Now   func() time.Time
}

// API serves requests. It is safe for use by several goroutines.
type API struct {
	Options
	references references
}

// New returns the API.
func New(o Options) (*API, error) {
	r, err := newReferences(o.Lists)
	return &API{Options: o, references: r}, err
}

// endpoint is a method of a path, and what it requires of a request.
type endpoint struct {
	method, path string // a last segment * is an id
	open         bool   // needs no token
	action       *service.Action
	body         bool
	handler      func(*API, *call) error
}

// endpoints are all endpoints. Their paths are in lower case, because requests
// are compared in lower case.
var endpoints = []endpoint{
	{method: "GET", path: "/equality-information", action: &service.Read, handler: (*API).read},
	{method: "POST", path: "/equality-information", action: &service.Create, body: true, handler: (*API).create},
	{method: "GET", path: "/equality-information/*", action: &service.Read, handler: (*API).read},
	{method: "PATCH", path: "/equality-information/*", action: &service.Change, body: true, handler: (*API).change},
	{method: "GET", path: "/reference-data", handler: (*API).referenceData},
	{method: "GET", path: "/healthcheck/ping", open: true, handler: (*API).health},
}

// call is one request on its way to its handler.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	query   url.Values
	segment string    // the path's last segment, if it is an id
	id      uuid.UUID // the parsed segment, zero if it is not valid
	target  uuid.UUID // the query's targetId, zero if it is not valid
	access  service.Access
	body    []byte
	named   uuid.UUID // the id that a 404 repeats
	invalid equality.InvalidError
}

// exposed are the headers that pages from other origins can read.
const exposed = "ETag, If-Match, x-correlation-id"

// ServeHTTP sends a path, in any case and with or without a slash at its end, to
// its handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	echo(w, r)
	if a.CORS(w, r, exposed) {
		return
	}
	c := &call{w: w, r: r}
	e, allow := find(r)
	switch {
	case len(allow) == 0:
		c.problem(gate.Problem{Code: api.NotFound})
		return
	case e == nil:
		w.Header().Set("Allow", strings.Join(allow, ", "))
		c.problem(gate.Problem{Code: api.MethodNotAllowed})
		return
	}
	server.Of(r.Context()).Route = "/mmh" + strings.Replace(e.path, "*", "{id}", 1)
	c.query, _ = url.ParseQuery(r.URL.RawQuery) // the valid part of it
	if strings.HasSuffix(e.path, "*") {
		c.segment = strings.TrimSuffix(r.URL.Path, "/")
		c.segment = c.segment[strings.LastIndexByte(c.segment, '/')+1:]
		c.id, _ = parseGUID(c.segment)
	}
	c.target, _ = parseGUID(c.parameter("targetId"))
	release, err := a.check(c, e)
	defer release()
	if err == nil {
		err = e.handler(a, c)
	}
	if err != nil {
		a.answer(c, err)
	}
}

// find returns the endpoint for a request, nil if the path does not support its
// method, and the methods that the path supports.
func find(r *http.Request) (found *endpoint, allow []string) {
	path := strings.ToLower(strings.TrimSuffix(r.URL.Path, "/"))
	path, ok := strings.CutPrefix(path, Prefix)
	if !ok || r.URL.RawPath != "" {
		return nil, nil
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for i := range endpoints {
		e := &endpoints[i]
		if !matches(e.path, path) {
			continue
		}
		if allow = append(allow, e.method); e.method == "GET" {
			allow = append(allow, "HEAD")
		}
		if e.method == method {
			found = e
		}
	}
	slices.Sort(allow)
	return found, allow
}

func matches(pattern, path string) bool {
	if stem, ok := strings.CutSuffix(pattern, "*"); ok {
		rest, ok := strings.CutPrefix(path, stem)
		return ok && rest != "" && !strings.Contains(rest, "/")
	}
	return path == pattern
}

// check makes the checks that come before those of path, query and headers.
func (a *API) check(c *call, e *endpoint) (release func(), err error) {
	if e.open {
		return func() {}, nil
	}
	caller, release, err := a.Admit(c.r)
	if err != nil {
		return release, err
	}
	if e.action != nil {
		target := c.target
		if target == uuid.Nil {
			target = c.id
		}
		if c.access, err = a.Authorise(c.r, caller, target, *e.action); err != nil {
			return release, err
		}
		if message := a.CheckPurpose(c.r.Header); message != "" {
			c.wrong("X-Access-Purpose", "header.x-access-purpose", message)
		}
	}
	if e.body {
		c.body, err = gate.ReadBody(c.w, c.r, jsonBody)
	}
	return release, err
}

var jsonBody = []string{"application/json"}

// echo returns the caller's x-correlation-id, whatever it is.
func echo(w http.ResponseWriter, r *http.Request) {
	if sent := r.Header["X-Correlation-Id"]; len(sent) > 0 && sent[0] != "" {
		w.Header()["X-Correlation-Id"] = sent[:1]
	}
}
