package gate

import (
	"net/http"
	"slices"

	"equality-information-api/internal/server"
)

// CORS lets the pages of configured origins call a contract (Fetch standard,
// CORS protocol). expose are the headers of its answers that they may read. It
// is true where it has answered the request, a preflight.
func (g *Gate) CORS(w http.ResponseWriter, r *http.Request, expose string) bool {
	if len(g.Origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !slices.Contains(g.Origins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", expose)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, "+
		"X-Access-Purpose, X-Change-Reason, x-correlation-id")
	h.Set("Access-Control-Max-Age", "600")
	server.Of(r.Context()).Route = "preflight"
	w.WriteHeader(http.StatusNoContent)
	return true
}
