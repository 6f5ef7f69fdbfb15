package httpapi

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"equality-information-api/api"
	"equality-information-api/internal/etag"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/service"
)

// problem is an error as the contract tells it (RFC 9457).
type problem = gate.Problem

// problem answers with a problem.
func (c *call) problem(p problem) { p.Write(c.w, c.r, "application/problem+json") }

// answer turns an error into the problem that tells of it. What it does not
// know is internal, and nothing of it is told.
func (a *API) answer(c *call, err error) {
	var conflict *service.ConflictError
	var version *service.VersionError
	switch {
	case errors.As(err, &conflict):
		if conflict.Existing != uuid.Nil {
			c.w.Header().Set("Location", location(conflict.Existing))
		}
	case errors.As(err, &version):
		c.w.Header().Set("ETag", etag.Quoted(etag.Version(version.Version)))
	case errors.Is(err, service.ErrBadCursor):
		c.wrong("query.cursor", "The cursor did not come from this service, or came from a different query.")
		err = c.checked()
	}
	c.problem(a.ProblemOf(c.r.Context(), err))
}

// Panic answers a request whose handler has panicked.
func (a *API) Panic(w http.ResponseWriter, r *http.Request) {
	newCall(w, r).problem(problem{Code: api.Internal})
}

// Plain answers a request that reached a trusted proxy in clear.
func (a *API) Plain(w http.ResponseWriter, r *http.Request) {
	newCall(w, r).problem(problem{Code: api.Forbidden, Detail: gate.PlainDetail})
}
