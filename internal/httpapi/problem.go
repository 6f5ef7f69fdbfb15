package httpapi

import (
	"errors"

	"github.com/google/uuid"

	"equality-information-api/internal/etag"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/service"
)

// problem is an error in the form of the contract (RFC 9457).
type problem = gate.Problem

// answer sends the problem for an error. An unknown error becomes an internal one, which
// reveals nothing.
func (a *API) answer(c *call, err error) {
	var conflict *service.ConflictError
	var version *service.VersionError
	switch {
	case errors.As(err, &conflict):
		if conflict.Existing != uuid.Nil {
			c.w.Header().Set("Location", location(conflict.Existing))
		}
	case errors.As(err, &version):
		if version.Version >= 0 {
			c.w.Header().Set("ETag", etag.Quoted(etag.Version(version.Version)))
		}
	case errors.Is(err, service.ErrBadCursor):
		c.wrong("query.cursor", "The cursor did not come from this service, or came from a different query.")
		err = c.checked()
	}
	a.Problem(c.w, c.r, a.gate.ProblemOf(c.r.Context(), err))
}
