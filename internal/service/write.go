package service

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// Reasons of a change, kept in the history. The first is the default.
var Reasons = []string{"update", "correction", "person-request"}

// Write is a create or a change as it was asked for.
type Write struct {
	// ID is the record to change, by its id or its target's; or the id a new
	// record is to have, zero where the path named none.
	ID     uuid.UUID
	Body   []byte
	Form   Form   // how Body is written; nil is a JSON merge patch (RFC 7396)
	Reason string // one of Reasons
	// IfMatch is the caller's condition on the current version; nil where none was sent.
	IfMatch func(version int64) bool
	// Since is the version the condition names, where it names just one: what changed after it is told.
	Since *int64
	// Key makes a retry safe; Operation is the method and path it belongs to.
	Key, Operation string
}

// A Form is how one contract writes a record, and a change of one. The rules of
// the record are themselves the form of the JSON merge patch. The errors are
// *equality.InvalidError.
type Form interface {
	// DecodeCreate reads a whole record; its ID is zero where neither id nor
	// body gives one.
	DecodeCreate(body []byte, id uuid.UUID, today equality.Date) (equality.Record, error)
	DecodePatch(body []byte, today equality.Date) (equality.Patch, error)
}

// form is the form that a write is in.
func (s *Service) form(w Write) Form {
	if w.Form == nil {
		return s.Rules
	}
	return w.Form
}

// Written is the record after a write.
type Written struct {
	store.Version
	Created  bool
	Replayed bool // the write was done by an earlier request with the same key
}

// CreateRecord creates a person's record.
//
// Errors: *equality.InvalidError, *ConflictError, ErrKeyReused, ErrUnavailable.
func (s *Service) CreateRecord(ctx context.Context, a Access, w Write) (Written, error) {
	if err := a.permits(Create); err != nil {
		return Written{}, err
	}
	return s.once(ctx, a, w, func(key *store.Key) (Written, error) { return s.create(ctx, a, w, key) })
}

func (s *Service) create(ctx context.Context, a Access, w Write, key *store.Key) (Written, error) {
	next, err := s.form(w).DecodeCreate(w.Body, w.ID, equality.DateOf(s.Now()))
	if err != nil {
		return Written{}, err
	}
	chosen := next.ID != uuid.Nil
	if !chosen {
		next.ID = next.TargetID
	}
	spare := uuid.New()
	members := next.Members()
	cmd := store.Command{ID: next.ID, Target: next.TargetID, EventID: newEventID(), Key: key}
	result, err := s.store.Write(ctx, cmd, func(c store.Current) (store.Decision, error) {
		record := next
		if c.State == store.Present || c.State == store.Erased && chosen {
			if c.State == store.Erased {
				c = store.Current{}
			}
			return s.refusal(a, next.TargetID, c, 409, problemConflict), a.conflict(c.ID)
		}
		if c.State == store.Erased {
			record.ID = spare
		}
		return s.change(a, next.TargetID, &record, members, w.Reason, events.Created, 201), nil
	})
	if err != nil {
		return Written{}, foreign(err)
	}
	return Written{Version: a.visible(result.Version), Created: true}, nil
}

// ChangeRecord applies a merge patch to a record. A patch that changes nothing
// leaves the version as it is and raises no event.
//
// Errors: *equality.InvalidError, ErrNotFound, ErrErased,
// ErrPreconditionRequired, *VersionError, ErrNINOForbidden, ErrKeyReused, ErrUnavailable.
func (s *Service) ChangeRecord(ctx context.Context, a Access, w Write) (Written, error) {
	if err := a.permits(Change); err != nil {
		return Written{}, err
	}
	return s.once(ctx, a, w, func(key *store.Key) (Written, error) { return s.patch(ctx, a, w, key) })
}

func (s *Service) patch(ctx context.Context, a Access, w Write, key *store.Key) (Written, error) {
	patch, err := s.form(w).DecodePatch(w.Body, equality.DateOf(s.Now()))
	if err != nil {
		return Written{}, err
	}
	cmd := store.Command{ID: w.ID, EventID: newEventID(), Key: key}
	result, err := s.store.Write(ctx, cmd, func(c store.Current) (store.Decision, error) {
		return s.decideChange(a, w, patch, c)
	})
	var moved *VersionError
	if errors.As(err, &moved) {
		moved.ChangedMembers = s.changedSince(ctx, a, w)
	}
	if err != nil {
		return Written{}, foreign(err)
	}
	return Written{Version: a.visible(result.Version)}, nil
}

func (s *Service) decideChange(a Access, w Write, patch equality.Patch, c store.Current) (store.Decision, error) {
	if patch.Of != uuid.Nil && c.State == store.Present && c.Target != patch.Of {
		c = store.Current{}
	}
	shown := c.Record
	if !a.may(identity.NINORead) {
		shown.NationalInsuranceNumber = ""
	}
	if err := patch.Doubted(shown); err != nil {
		return s.refusal(a, w.ID, c, 400, ""), err
	}
	if err := missing(c.State); err != nil {
		g := gone(c.State)
		d := s.refusal(a, w.ID, c, g.status, g.problem)
		d.Entry.Outcome = g.Outcome
		return d, err
	}
	if w.IfMatch == nil && s.RequireIfMatch {
		return s.refusal(a, w.ID, c, 428, ""), ErrPreconditionRequired
	}
	if w.IfMatch != nil && !w.IfMatch(c.Version.Version) {
		return s.refusal(a, w.ID, c, 412, problemVersion), &VersionError{Version: c.Version.Version}
	}
	nino, setsNINO := patch.NationalInsuranceNumber.Value()
	if !a.may(identity.NINORead) && c.Record.NationalInsuranceNumber != "" {
		if setsNINO && nino != "" {
			return s.refusal(a, w.ID, c, 403, ""), ErrNINOForbidden
		}
		// The caller was not shown the number, so its null takes nothing away.
		patch.NationalInsuranceNumber = equality.Change[string]{}
	}
	next := patch.Apply(c.Record)
	if err := s.Rules.Validate(patch, c.Record, next); err != nil {
		return s.refusal(a, w.ID, c, 400, ""), err
	}
	members := equality.Diff(c.Record, next)
	if len(members) == 0 {
		d := store.Decision{Entry: s.entryOf(a, w.ID, c, unchanged)}
		d.Outcome = store.Outcome{Status: 200, Record: c.ID, Version: c.Version.Version}
		return d, nil
	}
	return s.change(a, w.ID, &next, members, w.Reason, events.Updated, 200), nil
}

// newEventID makes a time-ordered id (RFC 9562, version 7), which an index takes at its end.
func newEventID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// change decides for a new version.
func (s *Service) change(a Access, target uuid.UUID, next *equality.Record, members []string, reason, event string, status int) store.Decision {
	entry := s.entry(a, target, audit.Done, status)
	entry.Members = equality.MaskSensitive(members)
	caller := a.request.Caller
	return store.Decision{
		Next:     next,
		Verbatim: s.Rules.Recognises(*next),
		Change:   store.Change{Subject: caller.Subject, Name: caller.Name, Reason: reason, Members: members},
		Entry:    entry,
		Event:    event,
		Outcome:  store.Outcome{Status: status},
	}
}

// refusal decides for no change. One with a problem is what a retry with the
// same idempotency key is told, too.
func (s *Service) refusal(a Access, target uuid.UUID, c store.Current, status int, problem string) store.Decision {
	d := store.Decision{Entry: s.entryOf(a, target, c, outcome{Outcome: audit.Refused, status: status})}
	if problem != "" {
		d.Outcome = store.Outcome{Status: status, Problem: problem, Record: c.ID, Version: c.Version.Version}
	}
	return d
}

// conflict is the error of a create that the record with this id stands in
// the way of; zero where it is only the id that cannot be had.
func (a Access) conflict(existing uuid.UUID) error {
	if !a.may(identity.EqualityRead) {
		existing = uuid.Nil
	}
	return &ConflictError{Existing: existing}
}

// changedSince names the members that differ between the version the caller
// asked for and the current one, for callers who may read them. The refused
// write has its entry already.
func (s *Service) changedSince(ctx context.Context, a Access, w Write) []string {
	if w.Since == nil || !a.may(identity.EqualityRead) {
		return nil
	}
	current, versions, err := s.store.History(ctx, w.ID, *w.Since, 1,
		func(store.Current, []store.Version) (audit.Entry, bool) { return audit.Entry{}, false })
	if err != nil || len(versions) == 0 || versions[0].Version != *w.Since {
		return nil
	}
	return equality.Diff(versions[0].Record, current.Record)
}
