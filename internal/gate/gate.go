// Package gate is what the HTTP contracts of the program have in common: whose
// token a request has, whether the caller has requests left and may do what it
// asks for, how a body is taken in, the headers that mean the same everywhere,
// problems, and CORS.
//
// It does not own routes, the order of the checks that come after the caller's,
// what a body says, or answers that are no problems: those are each contract's
// own (internal/httpapi, internal/mmh), which do not know each other.
package gate

import (
	"context"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"equality-information-api/api"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

// Gate lets requests in. Any number of goroutines may use it.
type Gate struct {
	Service *service.Service
	Tokens  *identity.Authenticator
	// Limiter is nil where calls are not limited.
	Limiter *server.Limiter
	// Unauthenticated counts callers without a valid token, by the stable word for why.
	Unauthenticated func(reason string)
	RequirePurpose  bool
	Origins         []string                             // CORS
	Internal        func(ctx context.Context, err error) // is told of an error that is answered by a bare 500
}

// Admit tells whose request it is; release, which is never nil, ends the
// request. The error is a Problem: 401 or 429.
func (g *Gate) Admit(r *http.Request) (caller identity.Caller, release func(), err error) {
	release = func() {}
	if caller, err = g.Tokens.Authenticate(r.Header.Get("Authorization")); err != nil {
		g.Unauthenticated(identity.Reason(err))
		return caller, release, Problem{Code: api.Unauthenticated}
	}
	if g.Limiter != nil {
		done, wait, ok := g.Limiter.Acquire(string(caller.Kind) + " " + caller.Subject)
		if !ok {
			return caller, release, Problem{Code: api.TooManyRequests, RetryAfter: wait}
		}
		release = done
	}
	return caller, release, nil
}

// Authorise asks the service whether the caller may do what it asks for.
// target is the id that the request names, zero where it names none.
func (g *Gate) Authorise(r *http.Request, caller identity.Caller, target uuid.UUID, action service.Action) (service.Access, error) {
	purpose := r.Header.Get("X-Access-Purpose")
	if !slices.Contains(Purposes, purpose) {
		purpose = ""
	}
	exchange := server.Of(r.Context())
	return g.Service.Authorise(r.Context(), service.Request{
		Caller: caller, CorrelationID: exchange.CorrelationID, Purpose: purpose,
		Address: exchange.Address, Target: target,
	}, action)
}
