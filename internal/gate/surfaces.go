package gate

import (
	"net/http"

	"equality-information-api/api"
)

// A Surface is one way the program speaks HTTP: a contract, or pages.
type Surface interface {
	// Owns reports whether the surface owns a path.
	Owns(path string) bool
	// ServeHTTP answers every request to such a path, including 404 and 405.
	http.Handler
	// Problem answers with a problem in the form of the surface.
	Problem(http.ResponseWriter, *http.Request, Problem)
}

// Surfaces are all surfaces. A path belongs to the first that owns it, or to the last if
// none does.
type Surfaces []Surface

func (s Surfaces) of(r *http.Request) Surface {
	for _, surface := range s {
		if surface.Owns(r.URL.Path) {
			return surface
		}
	}
	return s[len(s)-1]
}

// ServeHTTP passes a request to its surface.
func (s Surfaces) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.of(r).ServeHTTP(w, r) }

// Panic answers a request whose handler has panicked.
func (s Surfaces) Panic(w http.ResponseWriter, r *http.Request) {
	s.of(r).Problem(w, r, Problem{Code: api.Internal})
}

// unread are the problems of requests that net/http does not show to a handler, by status.
var unread = map[int]Problem{
	http.StatusBadRequest:                  {Code: api.InvalidRequest, Detail: "The request is not well-formed HTTP."},
	http.StatusExpectationFailed:           {Code: api.ExpectationFailed},
	http.StatusRequestHeaderFieldsTooLarge: {Code: api.HeadersTooLarge},
	http.StatusNotImplemented:              {Code: api.NotImplemented},
	http.StatusHTTPVersionNotSupported:     {Code: api.HTTPVersionNotSupported},
}

// Unread answers a request that net/http refuses with a status. Its path is unknown, so the
// last surface answers.
func (s Surfaces) Unread(w http.ResponseWriter, r *http.Request, status int) {
	p, ok := unread[status]
	if !ok {
		p = unread[http.StatusBadRequest]
	}
	s[len(s)-1].Problem(w, r, p)
}

// Plain answers a request that reached a trusted proxy without TLS.
func (s Surfaces) Plain(w http.ResponseWriter, r *http.Request) {
	s.of(r).Problem(w, r, Problem{Code: api.Forbidden, Detail: PlainDetail})
}
