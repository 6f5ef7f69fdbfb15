package gate

import (
	"net/http"
	"slices"

	"equality-information-api/internal/server"
)

// cors lets pages of the configured origins call a surface (Fetch standard, CORS protocol).
// methods are the surface's methods, expose the response headers that pages may read. It
// returns true if the request was a preflight, which it has then answered.
func (g *Gate) cors(w http.ResponseWriter, r *http.Request, methods, expose string) bool {
	if len(g.options.Origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !slices.Contains(g.options.Origins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", expose)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", methods)
	// A page of ours may send any header: those that it uses, and what its tracing adds. A
	// wildcard would leave out Authorization.
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Access-Control-Max-Age", "600")
	server.Of(r.Context()).Route = "preflight"
	w.WriteHeader(http.StatusNoContent)
	return true
}
