package gate

import (
	"net/http"
	"slices"

	"equality-information-api/internal/server"
)

// cors lets the pages of configured origins call a surface (Fetch standard,
// CORS protocol). methods are those that the surface has, expose the headers
// of its answers that pages may read. It is true where it has answered the
// request, a preflight.
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
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, "+
		"X-Access-Purpose, X-Change-Reason, x-correlation-id")
	h.Set("Access-Control-Max-Age", "600")
	server.Of(r.Context()).Route = "preflight"
	w.WriteHeader(http.StatusNoContent)
	return true
}
