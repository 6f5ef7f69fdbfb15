package service

import (
	"context"
	"net/netip"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/sealing"
)

// Request is who asks, and what the access log says of that.
type Request struct {
	Caller        identity.Caller
	CorrelationID uuid.UUID
	Purpose       string     // X-Access-Purpose, may be empty
	Address       netip.Addr // kept as a keyed hash
	// Target is the id that the request names, for the entry of a refusal; zero where it names none.
	Target uuid.UUID
}

// An Action is one kind of thing a caller may do, as the access log names it.
type Action struct {
	name       string
	permission identity.Permission
}

// The actions.
var (
	Create      = Action{"create", identity.EqualityWrite}
	Change      = Action{"change", identity.EqualityWrite}
	Read        = Action{"read", identity.EqualityRead}
	List        = Action{"list", identity.EqualityList}
	ReadHistory = Action{"read-history", identity.HistoryRead}
	ReadEvents  = Action{"read-events", identity.EventsRead}
	Import      = Action{audit.ActionImport, identity.EqualityImport}
	Export      = Action{"export", identity.EqualityExport}
	Publish     = Action{"publish", identity.EventsPublish}
	DropEvent   = Action{"drop-event", identity.EventsPublish}
)

// Access is a caller's permission to do one kind of thing, checked. Only
// Authorise makes one.
type Access struct {
	action  Action
	request Request
}

// Authorise checks that the caller may do what it asks for. A refusal is
// ErrForbidden once it stands in the access log; ErrUnavailable where it cannot
// be entered.
func (s *Service) Authorise(ctx context.Context, r Request, action Action) (Access, error) {
	a := Access{action, r}
	if !r.Caller.May(action.permission) {
		if err := s.log.Append(ctx, s.entry(a, r.Target, audit.Refused, 403)); err != nil {
			return Access{}, foreign(err)
		}
		return Access{}, ErrForbidden
	}
	return a, nil
}

// permits refuses an access that was given for another action, or by nobody.
func (a Access) permits(action Action) error {
	if a.action != action {
		return ErrForbidden
	}
	return nil
}

func (a Access) may(p identity.Permission) bool { return a.request.Caller.May(p) }

// entry is what every access-log entry of a request holds.
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
