package gate

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"equality-information-api/api"
	"equality-information-api/internal/server"
)

// Route is a method of a path, and its handler.
type Route struct {
	Method string
	Path   string // a pattern of net/http's mux, for example "/thing/{id}"; it appears in logs and metrics
	Serve  http.HandlerFunc
}

// RouterOptions configure how a surface reads paths and answers unknown ones.
type RouterOptions struct {
	// Path turns a request's path, without a trailing slash, into the form of the routes:
	// for example without a prefix, or in lower case. A result of "/" is never found.
	Path func(string) string
	// Expose are the response headers that pages of other origins may read.
	Expose string
	// Problem answers in the form of the surface.
	Problem func(http.ResponseWriter, *http.Request, Problem)
}

// Router routes the requests of one surface. A trailing slash makes no difference, HEAD
// works wherever GET does, and nothing redirects.
type Router struct {
	options RouterOptions
	gate    *Gate
	mux     *http.ServeMux
	methods string // of all routes, for CORS
}

// NewRouter returns a router for routes. Their patterns must not conflict: net/http's mux
// panics if they do.
func (g *Gate) NewRouter(o RouterOptions, routes []Route) *Router {
	byPath := make(map[string]map[string]http.HandlerFunc)
	all := make(map[string]http.HandlerFunc)
	for _, route := range routes {
		if byPath[route.Path] == nil {
			byPath[route.Path] = make(map[string]http.HandlerFunc)
		}
		byPath[route.Path][route.Method] = route.Serve
		all[route.Method] = route.Serve
	}
	rt := &Router{options: o, gate: g, mux: http.NewServeMux(), methods: allow(all)}
	for pattern, methods := range byPath {
		rt.mux.HandleFunc(pattern, rt.resource(pattern, methods))
	}
	rt.mux.HandleFunc("/", rt.notFound)
	return rt
}

// ServeHTTP answers preflights and requests without a route, and passes all others to their
// handlers.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rt.gate.cors(w, r, rt.methods, rt.options.Expose) {
		return
	}
	p, ok := plainPath(r.URL)
	if !ok {
		rt.notFound(w, r)
		return
	}
	inner := new(struct {
		http.Request
		url url.URL
	})
	inner.Request, inner.url = *r, *r.URL
	inner.url.Path, inner.url.RawPath = rt.options.Path(p), ""
	inner.URL = &inner.url
	rt.mux.ServeHTTP(w, &inner.Request)
}

// plainPath returns a path decoded and without a trailing slash: %2D is the same as - (RFC
// 3986, 6.2.2.2). ok is false for an encoded slash, which is not the same as a slash, for
// dot segments and empty ones, and for what is no path of a URL.
func plainPath(u *url.URL) (p string, ok bool) {
	p = u.Path
	if len(p) > 1 {
		p = strings.TrimSuffix(p, "/")
	}
	slash := strings.Contains(u.RawPath, "%2F") || strings.Contains(u.RawPath, "%2f")
	return p, !slash && !strings.ContainsFunc(u.RawPath, notOfAPath) && path.IsAbs(p) && path.Clean(p) == p
}

// notOfAPath reports characters that a path must encode.
func notOfAPath(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !letter && !strings.ContainsRune("/%-._~!$&'()*+,;=:@", r)
}

// resource returns the handler of one path.
func (rt *Router) resource(pattern string, methods map[string]http.HandlerFunc) http.HandlerFunc {
	allowed := allow(methods)
	return func(w http.ResponseWriter, r *http.Request) {
		server.Of(r.Context()).Route = pattern
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		serve, ok := methods[method]
		if !ok {
			w.Header().Set("Allow", allowed)
			rt.options.Problem(w, r, Problem{Code: api.MethodNotAllowed})
			return
		}
		serve(w, r)
	}
}

func (rt *Router) notFound(w http.ResponseWriter, r *http.Request) {
	rt.options.Problem(w, r, Problem{Code: api.NotFound})
}

// allow lists methods in the form of the headers Allow and Access-Control-Allow-Methods.
func allow(methods map[string]http.HandlerFunc) string {
	var names []string
	for method := range methods {
		names = append(names, method)
		if method == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
