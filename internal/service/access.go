package service

import (
	"context"
	"net/netip"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/sealing"
)

// Request says who makes a request, and what the access log records about it.
type Request struct {
	Caller        identity.Caller
	CorrelationID uuid.UUID
	Purpose       string     // X-Access-Purpose, may be empty
	Address       netip.Addr // kept as a keyed hash
	// Target is the id in the request, for the entry of a refusal; zero if it has none.
	Target uuid.UUID
}

// Access is proof that a caller may perform an action. Only Authorise makes one.
type Access struct {
	action  Action
	request Request
}

// ForbiddenError is an ErrForbidden that names the permission the caller lacks.
type ForbiddenError struct{ Permission identity.Permission }

func (e *ForbiddenError) Error() string { return "needs the permission " + string(e.Permission) }

// Is makes every ForbiddenError an ErrForbidden.
func (e *ForbiddenError) Is(target error) bool { return target == ErrForbidden }

// Authorise checks that the caller may perform the action, and has the further permissions
// that this request of it needs. It returns a ForbiddenError after logging the refusal, or ErrUnavailable if the access log cannot be written.
func (s *Service) Authorise(ctx context.Context, r Request, action Action, further ...identity.Permission) (Access, error) {
	a := Access{action, r}
	if lacks, refused := Lacking(r.Caller, action, further); refused {
		entry := s.entry(a, r.Target, audit.Refused, 403)
		entry.Permission = string(lacks)
		// A caller who does not wait for the response does not escape the entry, nor the limit on
		// refusals that wait.
		if err := s.log.Append(context.WithoutCancel(ctx), entry); err != nil {
			return Access{}, foreign(err)
		}
		return Access{}, &ForbiddenError{lacks}
	}
	return a, nil
}

// Lacking returns the first permission that a caller lacks for an action, and for more that a
// request of it needs.
func Lacking(caller identity.Caller, action Action, further []identity.Permission) (permission identity.Permission, lacks bool) {
	if !caller.May(action.permission) {
		return action.permission, true
	}
	for _, permission := range further {
		if !caller.May(permission) {
			return permission, true
		}
	}
	return "", false
}

// permits refuses an access that is for another action, or that Authorise did not make.
func (a Access) permits(action Action) error {
	if a.action != action {
		return ErrForbidden
	}
	return nil
}

func (a Access) may(p identity.Permission) bool { return a.request.Caller.May(p) }

// entry returns the fields that every access-log entry of a request has.
func (s *Service) entry(a Access, target uuid.UUID, outcome audit.Outcome, status int) audit.Entry {
	r := a.request
	address := r.Address.As16()
	hash := s.Keys.MAC(sealing.MACAddress, address[:])
	return audit.Entry{
		ID: uuid.New(), At: s.Now().UTC(), Subject: r.Caller.Subject, Name: r.Caller.Name, Kind: string(r.Caller.Kind),
		Permission: string(a.action.permission), Purpose: r.Purpose, Action: a.action.name, Target: target,
		Outcome: outcome, Status: status, CorrelationID: r.CorrelationID, Address: hash[:], Roles: r.Caller.Roles(),
	}
}
