// Package gate is what all HTTP surfaces of the program share: which surface a path belongs
// to, which route a path has, whose credentials a request carries, whether the caller has
// requests left and the permission to make this one, reading a body, the headers that mean
// the same everywhere, problems, and CORS.
//
// It does not own the routes, the order of the checks after the caller's, the meaning of a
// body, or responses other than problems. Those belong to each surface (internal/httpapi,
// internal/mmh), and the surfaces do not know each other.
package gate

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"equality-information-api/api"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

// Authenticator finds out whose credentials a request carries. Its error is
// identity.ErrUnauthenticated.
type Authenticator interface {
	Authenticate(context.Context, identity.Credentials) (identity.Caller, error)
}

// Authoriser decides whether a caller may do something. Its error is service.ErrForbidden.
type Authoriser interface {
	Authorise(context.Context, service.Request, service.Action, ...identity.Permission) (service.Access, error)
}

// Options are what a Gate needs.
type Options struct {
	Callers Authenticator
	Service Authoriser
	// Limiter is nil if calls are not limited.
	Limiter *server.Limiter
	// Unauthenticated counts callers without valid credentials, by reason.
	Unauthenticated func(reason string)
	Now             func() time.Time
	RequirePurpose  bool
	Origins         []string                             // CORS
	Internal        func(ctx context.Context, err error) // receives errors that the caller sees as a bare 500
}

// Gate admits requests. Any number of goroutines may use it.
type Gate struct {
	options Options
	answers answers
	// refusals limits the refusals of one caller that wait for their entries in the access log.
	refusals *server.Limiter
}

// New returns a gate.
func New(o Options) *Gate {
	return &Gate{o, newAnswers(), server.NewLimiter(server.Limits{Concurrent: maxRefusals}, o.Now)}
}

// maxRefusals is how many refusals of one caller may wait for their entries.
const maxRefusals = 16

// Admission is what the gate found out about a request. An open operation has neither a
// caller nor an access, one for any token has no access.
type Admission struct {
	Caller identity.Caller
	Access service.Access
}

// Admit admits a request for an operation: it finds out who the caller is, counts the call,
// and asks the service for the access. target is the id in the request, zero if it has
// none. Call release, which is never nil, at the end of the request. The error is a Problem
// (400, 401 or 429), service.ErrForbidden or service.ErrUnavailable.
func (g *Gate) Admit(r *http.Request, op service.Operation, target uuid.UUID) (a Admission, release func(), err error) {
	release = func() {}
	sent, err := credentials(r)
	if err != nil || op.Open {
		return a, release, err
	}
	if a.Caller, err = g.authenticate(r.Context(), sent); err != nil {
		return a, release, err
	}
	if limiter := g.options.Limiter; limiter != nil {
		done, wait, ok := limiter.Acquire(limited(a.Caller))
		if !ok {
			return a, release, Problem{Code: api.TooManyRequests, RetryAfter: wait}
		}
		release = done
	}
	if !op.AnyToken {
		a.Access, err = g.authorise(r, op, a.Caller, target)
	}
	return a, release, err
}

// authenticate finds out who the caller is. The log says why it could not; the response
// does not, with the one exception that nobody could guess.
func (g *Gate) authenticate(ctx context.Context, sent identity.Credentials) (identity.Caller, error) {
	caller, err := g.options.Callers.Authenticate(ctx, sent)
	if err == nil {
		return caller, nil
	}
	reason := identity.Reason(err)
	server.Of(ctx).Reason = reason
	g.options.Unauthenticated(reason)
	p := Problem{Code: api.Unauthenticated}
	if errors.Is(err, identity.ErrTooLarge) {
		p.Detail = "The token is larger than 16 KiB."
	}
	return caller, p
}

// limited is how limits know a caller.
func limited(caller identity.Caller) string { return string(caller.Kind) + " " + caller.Subject }

func (g *Gate) authorise(r *http.Request, op service.Operation, caller identity.Caller, target uuid.UUID) (service.Access, error) {
	action := op.Action
	var further []identity.Permission
	if r.URL.RawQuery != "" && len(op.When)+len(op.Include) > 0 { // otherwise there is no need to read the query
		query := r.URL.Query()
		action, further = op.ActionFor(query.Has), op.Further(query["include"])
	}
	if _, refused := service.Lacking(caller, action, further); refused {
		// A flood of refusals costs its caller, not others who wait for the access log.
		done, wait, ok := g.refusals.Acquire(limited(caller))
		if !ok {
			return service.Access{}, Problem{Code: api.TooManyRequests, RetryAfter: wait}
		}
		defer done()
	}
	purpose, err := single(r.Header, "X-Access-Purpose")
	if err != nil || !slices.Contains(Purposes, purpose) {
		purpose = ""
	}
	exchange := server.Of(r.Context())
	return g.options.Service.Authorise(r.Context(), service.Request{
		Caller: caller, CorrelationID: exchange.CorrelationID, Purpose: purpose,
		Address: exchange.Address, Target: target,
	}, action, further...)
}
