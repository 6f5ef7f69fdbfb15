// Package httpapi is the JSON API of api/openapi.yaml: its routes, the order
// in which a request is checked, what answers look like, and problems. What a
// request means is package service's; this package only speaks HTTP.
package httpapi

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"equality-information-api/api"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/service"
)

// Prefix stands before every path; the same paths without it, which are the
// seed's own, lead to the same handlers.
const Prefix = "/api/v1"

// exposed are the headers that pages of other origins may read.
const exposed = "ETag, Location, x-correlation-id"

// Options are what the API needs.
type Options struct {
	*gate.Gate
	Lists *refdata.Lists
	// PublicURL is the scheme and host that absolute links begin with; empty takes the request's.
	PublicURL string
}

// API answers requests. Any number of goroutines may use it.
type API struct {
	Options
	mux *http.ServeMux
}

// endpoint is a method of a path, and what a request to it must be like.
type endpoint struct {
	method, path string
	open         bool // no token is asked for
	// action is what the caller must be allowed to do; nil where any valid token will do.
	action  func(*call) service.Action
	bodies  []string // media types of the body, none where there is no body
	params  []string // query parameters
	handler func(*API, *call) error
}

var (
	jsonBody  = []string{"application/json"}
	patchBody = []string{"application/json", "application/merge-patch+json"}
)

// endpoints are all there are.
var endpoints = []endpoint{
	{method: "POST", path: "/equality-information", action: to(service.Create), bodies: jsonBody, handler: (*API).create},
	{method: "POST", path: "/equality-information/{id}", action: to(service.Create), bodies: jsonBody, handler: (*API).create},
	{method: "GET", path: "/equality-information", action: listAction, params: listParams, handler: (*API).list},
	{method: "GET", path: "/equality-information/{id}", action: to(service.Read), handler: (*API).read},
	{method: "PATCH", path: "/equality-information/{id}", action: to(service.Change), bodies: patchBody, handler: (*API).change},
	{method: "GET", path: "/equality-information/{id}/history", action: to(service.ReadHistory), handler: (*API).history},
	{method: "GET", path: "/equality-information/{id}/history/{version}", action: to(service.ReadHistory), handler: (*API).version},
	{method: "GET", path: "/events", action: to(service.ReadEvents), params: []string{"after", "limit", "wait"}, handler: (*API).events},
	{method: "GET", path: "/reference-data", handler: (*API).referenceLists},
	{method: "GET", path: "/reference-data/{list}", params: []string{"includeInactive"}, handler: (*API).referenceList},
	{method: "GET", path: "/healthcheck/ping", open: true, handler: (*API).ready},
	{method: "GET", path: "/readyz", open: true, handler: (*API).ready},
	{method: "GET", path: "/livez", open: true, handler: (*API).live},
	{method: "GET", path: "/openapi.yaml", open: true, handler: (*API).contractYAML},
	{method: "GET", path: "/openapi.json", open: true, handler: (*API).contractJSON},
	{method: "GET", path: "/docs", open: true, handler: (*API).docs},
	{method: "GET", path: "/docs/assets/{file}", open: true, handler: (*API).docsAsset},
	{method: "GET", path: "/docs/problems/{code}", open: true, handler: (*API).docsProblem},
}

// to is the action of an endpoint that has just one.
func to(action service.Action) func(*call) service.Action {
	return func(*call) service.Action { return action }
}

// Routes lists every method and path of the API, as "GET /livez".
func Routes() []string {
	var routes []string
	for _, e := range endpoints {
		routes = append(routes, e.method+" "+e.path)
	}
	return routes
}

// New returns the API.
func New(o Options) *API {
	a := &API{Options: o, mux: http.NewServeMux()}
	methods := make(map[string]map[string]endpoint)
	for _, e := range endpoints {
		if methods[e.path] == nil {
			methods[e.path] = make(map[string]endpoint)
		}
		methods[e.path][e.method] = e
	}
	for pattern, byMethod := range methods {
		a.mux.Handle(pattern, a.resource(pattern, byMethod))
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		newCall(w, r).problem(problem{Code: api.NotFound})
	})
	return a
}

// ServeHTTP leads a path to its handler, with and without the prefix and a
// trailing slash. It never redirects.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.CORS(w, r, exposed) {
		return
	}
	p := r.URL.Path
	if len(p) > 1 {
		p = strings.TrimSuffix(p, "/")
	}
	if r.URL.RawPath != "" || !path.IsAbs(p) || path.Clean(p) != p {
		newCall(w, r).problem(problem{Code: api.NotFound})
		return
	}
	if rest := strings.TrimPrefix(p, Prefix); rest != p && (rest == "" || rest[0] == '/') {
		p = "/" + strings.TrimPrefix(rest, "/")
	}
	inner := new(http.Request)
	*inner = *r
	url := *r.URL
	url.Path = p
	inner.URL = &url
	a.mux.ServeHTTP(w, inner)
}

// resource answers for one path.
func (a *API) resource(pattern string, methods map[string]endpoint) http.Handler {
	var allow []string
	for method := range methods {
		allow = append(allow, method)
		if method == "GET" {
			allow = append(allow, "HEAD")
		}
	}
	slices.Sort(allow)
	allowed := strings.Join(allow, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := newCall(w, r)
		c.exchange.Route = pattern
		method := r.Method
		if method == "HEAD" {
			method = "GET"
		}
		e, ok := methods[method]
		if !ok {
			w.Header().Set("Allow", allowed)
			c.problem(problem{Code: api.MethodNotAllowed})
			return
		}
		release, err := a.check(c, e)
		defer release()
		if err == nil {
			err = e.handler(a, c)
		}
		if err != nil {
			a.answer(c, err)
		}
	})
}
