package httpapi

import (
	"errors"

	"github.com/google/uuid"

	"equality-information-api/internal/etag"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/service"
)

// problem is an error as the contract tells it (RFC 9457).
type problem = gate.Problem

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
	p := a.gate.ProblemOf(c.r.Context(), err)
	var forbidden *service.ForbiddenError
	if errors.As(err, &forbidden) {
		p.Detail = "You need the permission `" + string(forbidden.Permission) + "`."
	}
	a.Problem(c.w, c.r, p)
}
