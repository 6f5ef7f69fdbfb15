// Package httpapi is the JSON API of api/openapi.yaml: its handlers, the order of the
// checks of a request, the form of responses, and problems. Package service owns the list
// of operations and what a request means; this package only speaks HTTP.
package httpapi

import (
	"net/http"
	"strings"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

// Prefix comes before every path. The same paths without it, which are the seed's own, have
// the same handlers.
const Prefix = "/api/v1"

// exposed are the headers that pages of other origins may read.
const exposed = "ETag, Location, Retry-After, Idempotency-Replayed, x-correlation-id"

// UseCases are what the handlers need from the service; each interface is beside its
// handlers.
type UseCases interface {
	records
	people
	searcher
	eraser
	lister
	historian
	communicator
	merger
	feed
	health
}

// Options are what the API needs.
type Options struct {
	Gate     *gate.Gate
	UseCases UseCases
	Rules    *equality.Rules
	Lists    *refdata.Lists
	// PublicURL is the scheme and host that links begin with; if empty, links are paths.
	PublicURL string
}

// API answers requests. Any number of goroutines may use it.
type API struct {
	gate      *gate.Gate
	service   UseCases
	rules     *equality.Rules
	lists     *refdata.Lists
	publicURL string
	router    *gate.Router
}

// endpoint answers an operation.
type endpoint struct {
	params []string // of the query
	// bodiless says that there may be no body at all, although the method has one.
	bodiless bool
	handle   func(*API, *call) error
}

// endpoints are the endpoints of all operations with a route, by id.
var endpoints = map[string]endpoint{
	"createEqualityInformation":       {handle: (*API).create},
	"createEqualityInformationWithId": {handle: (*API).create},
	"listEqualityInformation":         {handle: (*API).list, params: listParams},
	"getEqualityInformation":          {handle: (*API).read, params: []string{"include"}},
	"updateEqualityInformation":       {handle: (*API).change},
	"eraseEqualityInformation":        {handle: (*API).erase, params: []string{"reason"}},
	"listHistory":                     {handle: (*API).history},
	"getHistoryVersion":               {handle: (*API).version},
	"getPerson":                       {handle: (*API).person},
	"putPerson":                       {handle: (*API).putPerson},
	"getCommunicationNeeds":           {handle: (*API).communicationNeeds},
	"searchPersons":                   {handle: (*API).search},
	"listDuplicates":                  {handle: (*API).duplicates, params: []string{"cursor", "limit"}},
	"mergePerson":                     {handle: (*API).merge},
	"unmergePerson":                   {handle: (*API).unmerge, bodiless: true},
	"listEvents":                      {handle: (*API).events, params: []string{"after", "limit", "wait"}},
	"getMe":                           {handle: (*API).me},
	"listMembers":                     {handle: (*API).members},
	"listReferenceLists":              {handle: (*API).referenceLists},
	"getReferenceList":                {handle: (*API).referenceList, params: []string{"includeInactive"}},
	"ping":                            {handle: (*API).ready},
	"readyz":                          {handle: (*API).ready},
	"livez":                           {handle: (*API).live},
	"getContractYaml":                 {handle: (*API).contractYAML},
	"getContractJson":                 {handle: (*API).contractJSON},
	"getDocs":                         {handle: (*API).docs},
	"getDocsAsset":                    {handle: (*API).docsAsset},
	"getProblemPage":                  {handle: (*API).docsProblem},
}

// bodies are the media types that a body may have, by method.
var bodies = map[string][]string{
	http.MethodPost:  {"application/json"},
	http.MethodPatch: {"application/json", "application/merge-patch+json"},
	http.MethodPut:   {"application/json"},
}

// Routes lists every method and path of the API, as "GET /livez".
func Routes() []string {
	var routes []string
	for _, op := range service.Operations {
		if op.Path != "" {
			routes = append(routes, op.Method+" "+op.Path)
		}
	}
	return routes
}

// New returns the API.
func New(o Options) *API {
	a := &API{gate: o.Gate, service: o.UseCases, rules: o.Rules, lists: o.Lists, publicURL: o.PublicURL}
	var routes []gate.Route
	for _, op := range service.Operations {
		if op.Path != "" {
			routes = append(routes, gate.Route{Method: op.Method, Path: op.Path, Serve: a.serve(op, endpoints[op.ID])})
		}
	}
	a.router = a.newRouter(routes)
	return a
}

func (a *API) newRouter(routes []gate.Route) *gate.Router {
	return a.gate.NewRouter(gate.RouterOptions{Path: withoutPrefix, Expose: exposed, Problem: a.Problem}, routes)
}

// withoutPrefix returns a path without the prefix, if it has one.
func withoutPrefix(path string) string {
	if rest, ok := strings.CutPrefix(path, Prefix); ok && (rest == "" || rest[0] == '/') {
		return "/" + strings.TrimPrefix(rest, "/")
	}
	return path
}

// Owns returns true: the API owns every path that no other surface owns.
func (a *API) Owns(string) bool { return true }

// ServeHTTP answers a request, with and without the prefix and a trailing slash. It leads
// people who open the server's address in a browser to the documentation.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		if _, page := accepts(r.Header.Values("Accept"), []string{"text/html"}); page {
			server.Of(r.Context()).Route = "/"
			w.Header().Set("Location", "/docs")
			w.WriteHeader(http.StatusSeeOther)
			return
		}
	}
	a.router.ServeHTTP(w, r)
}

// Problem answers with a problem.
func (a *API) Problem(w http.ResponseWriter, r *http.Request, p gate.Problem) {
	p.Write(w, r, "application/problem+json")
}

// serve returns the handler of an operation.
func (a *API) serve(op service.Operation, e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := newCall(w, r)
		release, err := a.check(c, op, e)
		defer release()
		if err == nil {
			err = e.handle(a, c)
		}
		if err != nil {
			a.answer(c, err)
		}
	}
}
