// Package pages shows the service's pages to people. It owns their paths and
// the form of their problems; what they show comes from service.
package pages

import (
	"io"
	"net/http"
	"strings"

	"equality-information-api/api"
	"equality-information-api/internal/gate"
)

// Pages is the surface of the pages.
type Pages struct{ router *gate.Router }

// New makes the surface.
func New(g *gate.Gate) *Pages {
	p := &Pages{}
	p.router = g.NewRouter(gate.RouterOptions{Problem: p.Problem}, []gate.Route{
		{Method: http.MethodGet, Path: "/pages/", Serve: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "Welcome") }},
	})
	return p
}

// Owns says that what stands under /pages/ is a page.
func (*Pages) Owns(path string) bool { return strings.HasPrefix(path, "/pages/") }

func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.router.ServeHTTP(w, r) }

// Problem shows a problem as a page.
func (*Pages) Problem(w http.ResponseWriter, _ *http.Request, problem gate.Problem) {
	described := api.Problems[problem.Code]
	w.WriteHeader(described.Status)
	_, _ = io.WriteString(w, described.Title)
}
