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
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

// Prefix stands before every path of this contract.
const Prefix = root + "/api/v1"

// root begins every path of this contract. Routes and logs leave out the rest of Prefix.
const root = "/mmh"

// UseCases are what the handlers need of the service.
type UseCases interface {
	Read(context.Context, service.Access, service.Lookup) (service.Shown, error)
	CreateRecord(context.Context, service.Access, service.Write) (service.Shown, error)
	ChangeRecord(context.Context, service.Access, service.Write) (service.Shown, error)
	Ready(context.Context) (warning string, err error)
}

// Options are what the contract needs.
type Options struct {
	Gate     *gate.Gate
	UseCases UseCases
	Codec    *Codec
	Lists    *refdata.Lists
	Store    string // what the health check calls the store
	Now      func() time.Time
}

// API serves requests. It is safe for use by several goroutines.
type API struct {
	gate       *gate.Gate
	service    UseCases
	codec      *Codec
	store      string
	now        func() time.Time
	references references
	router     *gate.Router
}

// endpoint is an operation of this contract, and what answers it.
type endpoint struct {
	service.Operation
	handle func(*API, *call) error
}

// endpoints are all there are. Their paths are those that routed makes.
var endpoints = []endpoint{
	{service.Operation{Method: "GET", Path: root + "/equality-information", Action: service.Read}, (*API).read},
	{service.Operation{Method: "POST", Path: root + "/equality-information", Action: service.Create}, (*API).create},
	{service.Operation{Method: "GET", Path: root + "/equality-information/{id}", Action: service.Read}, (*API).read},
	{service.Operation{Method: "PATCH", Path: root + "/equality-information/{id}", Action: service.Change}, (*API).change},
	{service.Operation{Method: "GET", Path: root + "/reference-data", AnyToken: true}, (*API).referenceData},
	{service.Operation{Method: "GET", Path: root + "/healthcheck/ping", Open: true}, (*API).health},
}

// Routes lists every method and path of this contract, as "GET /mmh/reference-data".
func Routes() []string {
	var routes []string
	for _, e := range endpoints {
		routes = append(routes, e.Method+" "+e.Path)
	}
	return routes
}

// exposed are the headers that pages of other origins may read.
const exposed = "ETag, If-Match, x-correlation-id"

// New returns the API.
func New(o Options) (*API, error) {
	r, err := newReferences(o.Lists)
	a := &API{gate: o.Gate, service: o.UseCases, codec: o.Codec, store: o.Store, now: o.Now, references: r}
	var routes []gate.Route
	for _, e := range endpoints {
		routes = append(routes, gate.Route{Method: e.Method, Path: e.Path, Serve: a.serve(e)})
	}
	a.router = o.Gate.NewRouter(gate.RouterOptions{Path: routed, Expose: exposed, Problem: a.Problem}, routes)
	return a, err
}

// Owns says whether a path is for this contract.
func (a *API) Owns(path string) bool {
	return len(path) >= len(root) && strings.EqualFold(path[:len(root)], root) && (len(path) == len(root) || path[len(root)] == '/')
}

// routed is a path as endpoints have it: in lower case, with root for Prefix.
func routed(path string) string {
	if rest, ok := strings.CutPrefix(strings.ToLower(path), Prefix); ok {
		return root + rest
	}
	return "/"
}

// ServeHTTP answers a request, whatever the case of its path.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	echo(w, r)
	a.router.ServeHTTP(w, r)
}

// Problem writes a problem that this contract has no response of its own for.
func (a *API) Problem(w http.ResponseWriter, r *http.Request, p gate.Problem) {
	echo(w, r)
	p.Write(w, r, contentType)
}

// call is one request on its way to its handler.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	query   url.Values
	segment string    // the id in the path, in lower case
	id      uuid.UUID // the same as a UUID, zero if it is not one
	target  uuid.UUID // targetId in the query, zero if it is not a UUID
	access  service.Access
	body    []byte
	named   uuid.UUID // the id that a 404 repeats
	invalid equality.InvalidError
}

// serve answers an endpoint's requests.
func (a *API) serve(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r, segment: r.PathValue("id")}
		c.query, _ = url.ParseQuery(r.URL.RawQuery) // the parts that can be read
		c.id, _ = parseGUID(c.segment)
		c.target, _ = parseGUID(c.parameter("targetId"))
		release, err := a.check(c, e.Operation)
		defer release()
		if err == nil {
			err = e.handle(a, c)
		}
		if err != nil {
			a.answer(c, err)
		}
	}
}

// check does the checks that come before those of path, query and headers.
func (a *API) check(c *call, op service.Operation) (release func(), err error) {
	target := c.target
	if target == uuid.Nil {
		target = c.id
	}
	admitted, release, err := a.gate.Admit(c.r, op, target)
	if err != nil {
		return release, err
	}
	c.access = admitted.Access
	if op.Restricted() {
		if message := a.gate.CheckPurpose(c.r.Header); message != "" {
			c.wrong("X-Access-Purpose", "header.x-access-purpose", message)
		}
	}
	if op.Method == http.MethodPost || op.Method == http.MethodPatch {
		c.body, err = gate.ReadBody(c.w, c.r, jsonBody)
	}
	return release, err
}

var jsonBody = []string{"application/json"}

const maxCorrelation = 64 // characters

// echo returns the caller's x-correlation-id. The clients send what they like, so one that is
// no UUID is returned too, and stands in the log beside the one that is recorded; but not a
// text of any length, or what a terminal would run.
func echo(w http.ResponseWriter, r *http.Request) {
	sent := r.Header.Get("X-Correlation-Id")
	printable := strings.IndexFunc(sent, func(r rune) bool { return r < ' ' || r > '~' }) < 0
	if sent == "" || len(sent) > maxCorrelation || !printable {
		return
	}
	w.Header()["X-Correlation-Id"] = []string{sent}
	if exchange := server.Of(r.Context()); !strings.EqualFold(sent, exchange.CorrelationID.String()) {
		exchange.Echoed = sent
	}
}
