package httpapi

import (
	"net/http"
	"slices"
)

// cors lets the pages of configured origins call the API (Fetch standard, CORS
// protocol). It is true where it has answered the request, a preflight.
func (a *API) cors(w http.ResponseWriter, r *http.Request) bool {
	if len(a.Origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !slices.Contains(a.Origins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "ETag, Location, x-correlation-id")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, "+
		"X-Access-Purpose, X-Change-Reason, x-correlation-id")
	h.Set("Access-Control-Max-Age", "600")
	newCall(w, r).exchange.Route = "preflight"
	w.WriteHeader(http.StatusNoContent)
	return true
}
