package service

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/etag"
	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// ChangeReasons of a change, kept in the history. The first is the default.
var ChangeReasons = []string{"update", "correction", "person-request"}

// Write is a create or a change as it was asked for.
type Write struct {
	// ID is the record to change, by its id or its target's; or the id a new
	// record is to have, zero where the path named none.
	ID     uuid.UUID
	Body   []byte
	Form   Form   // how Body is written; nil is a JSON merge patch (RFC 7396)
	Reason string // one of ChangeReasons
	// IfMatch are the versions that the record may be at (RFC 9110, 13.1.1);
	// nil where the caller sent no such condition. Where it names just one, a
	// refusal tells what has changed since.
	IfMatch *etag.List
	// Key makes a retry safe; Operation is the method and path it belongs to.
	Key, Operation string
}

// CreateRecord creates a person's record.
//
// Errors: *equality.InvalidError, *ConflictError, ErrKeyReused, ErrUnavailable.
func (s *Service) CreateRecord(ctx context.Context, a Access, w Write) (Shown, error) {
	if err := a.permits(Create); err != nil {
		return Shown{}, err
	}
	return s.once(ctx, a, w, func(key *store.Key) (Shown, error) { return s.create(ctx, a, w, key) })
}

func (s *Service) create(ctx context.Context, a Access, w Write, key *store.Key) (Shown, error) {
	next, err := s.form(w).DecodeCreate(w.Body, w.ID, equality.DateOf(s.Now()))
	if err != nil {
		return Shown{}, err
	}
	chosen := next.ID != uuid.Nil
	if !chosen {
		next.ID = next.TargetID
	}
	spare := uuid.New()
	members := next.Members()
	cmd := store.Command{ID: next.ID, Target: next.TargetID, EventID: newEventID(), Key: key}
	result, err := s.records.Write(ctx, cmd, func(o store.Opened) (store.Decision, error) {
		record := next
		if o.State == store.Present {
			return s.refusal(a, next.TargetID, o, 409, problemConflict), a.conflict(o.ID)
		}
		switch reusable(o.Tombstones, record, chosen) {
		case taken:
			return s.refusal(a, next.TargetID, store.Opened{}, 409, problemConflict), a.conflict(uuid.Nil)
		case anew:
			record.ID = spare
		}
		return s.change(a, next.TargetID, record, members, w.Reason, events.Created, 201), nil
	})
	if err != nil {
		return Shown{}, foreign(err)
	}
	shown, err := s.show(a, result, false)
	shown.Created = true
	return shown, err
}

// What becomes of the id that a new record is to have.
type idChoice int

const (
	free  idChoice = iota
	anew           // the person's record was erased: the next one has another id
	taken          // it was an erased record's
)

// reusable says whether a new record may have its id, given the tombstones that
// stand behind its ids. The id of an erased record is never given to a record
// again; a person whose record was erased may have another.
func reusable(erased []store.Tombstone, record equality.Record, chosen bool) idChoice {
	choice := free
	for _, t := range erased {
		switch {
		case chosen && t.ID == record.ID:
			return taken
		case chosen:
		case t.Target == record.TargetID:
			choice = anew
		case t.ID == record.ID && choice == free:
			choice = taken
		}
	}
	return choice
}

// ChangeRecord applies a merge patch to a record. A patch that changes nothing
// leaves the version as it is and raises no event.
//
// Errors: *equality.InvalidError, ErrNotFound, ErrErased,
// ErrPreconditionRequired, *VersionError, ErrNINOForbidden, ErrKeyReused, ErrUnavailable.
func (s *Service) ChangeRecord(ctx context.Context, a Access, w Write) (Shown, error) {
	if err := a.permits(Change); err != nil {
		return Shown{}, err
	}
	return s.once(ctx, a, w, func(key *store.Key) (Shown, error) { return s.patch(ctx, a, w, key) })
}

func (s *Service) patch(ctx context.Context, a Access, w Write, key *store.Key) (Shown, error) {
	patch, err := s.form(w).DecodePatch(w.Body, equality.DateOf(s.Now()))
	if err != nil {
		return Shown{}, err
	}
	cmd := store.Command{ID: w.ID, EventID: newEventID(), Key: key}
	result, err := s.records.Write(ctx, cmd, func(o store.Opened) (store.Decision, error) {
		return s.decideChange(a, w, patch, o)
	})
	var moved *VersionError
	if errors.As(err, &moved) {
		moved.ChangedMembers = s.changedSince(ctx, a, w)
	}
	if err != nil {
		return Shown{}, foreign(err)
	}
	return s.show(a, result, false)
}

func (s *Service) decideChange(a Access, w Write, patch Sent, c store.Opened) (store.Decision, error) {
	c = of(c, patch.Of)
	shown := c.Record.NationalInsuranceNumber
	if !a.may(identity.NINORead) {
		shown = ""
	}
	if err := patch.doubted(shown); err != nil {
		return s.refusal(a, w.ID, c, 400, ""), err
	}
	if err := missing(c.State); err != nil {
		return s.absent(a, w.ID, c), err
	}
	if w.IfMatch == nil && s.RequireIfMatch {
		return s.refusal(a, w.ID, c, 428, ""), ErrPreconditionRequired
	}
	if err := w.holds(c.Version); err != nil {
		return s.refusal(a, w.ID, c, 412, problemVersion), err
	}
	nino, setsNINO := patch.NationalInsuranceNumber.Value()
	if !a.may(identity.NINORead) && c.Record.NationalInsuranceNumber != "" {
		if setsNINO && nino != "" {
			return s.refusal(a, w.ID, c, 403, ""), ErrNINOForbidden
		}
		// The caller was not shown the number, so its null takes nothing away.
		patch.NationalInsuranceNumber = equality.Nullable[string]{}
	}
	next := patch.Apply(c.Record)
	if err := s.Rules.Validate(patch.Patch, c.Record, next); err != nil {
		return s.refusal(a, w.ID, c, 400, ""), err
	}
	members := equality.Diff(c.Record, next)
	if len(members) == 0 {
		d := store.Decision{Entry: s.entryOf(a, w.ID, c, unchanged)}
		d.Outcome = store.Outcome{Status: 200, Record: c.ID, Version: c.Version}
		return d, nil
	}
	return s.change(a, w.ID, next, members, w.Reason, events.Updated, 200), nil
}

// newEventID makes a time-ordered id (RFC 9562, version 7), which an index takes at its end.
func newEventID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// holds is the error of a condition that the current version does not meet.
func (w Write) holds(version int64) error {
	if w.IfMatch != nil && !w.IfMatch.Strong(etag.Version(version)) {
		return &VersionError{Version: version}
	}
	return nil
}

// change decides for a new version.
func (s *Service) change(a Access, asked uuid.UUID, next equality.Record, members []string, reason, event string, status int) store.Decision {
	entry := s.entry(a, asked, audit.Done, status)
	entry.Members = equality.MaskSensitive(members)
	caller := a.request.Caller
	return store.Decision{
		Effects: []store.Effect{store.PutRecord{
			Record: next, Verbatim: s.Rules.Recognises(next),
			Provenance: store.Provenance{Subject: caller.Subject, Name: caller.Name, Reason: reason, Members: members},
		}},
		Entry: entry, Event: event, Outcome: store.Outcome{Status: status},
	}
}

// refusal decides for no change. One with a problem is what a retry with the
// same idempotency key is told, too.
func (s *Service) refusal(a Access, asked uuid.UUID, c store.Opened, status int, problem string) store.Decision {
	d := store.Decision{Entry: s.entryOf(a, asked, c, ending{Outcome: audit.Refused, status: status})}
	if problem != "" {
		d.Outcome = store.Outcome{Status: status, Problem: problem, Record: c.ID, Version: c.Version}
	}
	return d
}

// absent is the refusal of a record that is not there.
func (s *Service) absent(a Access, asked uuid.UUID, c store.Opened) store.Decision {
	g := gone(c.State)
	d := s.refusal(a, asked, c, g.status, g.problem)
	d.Entry.Outcome = g.Outcome
	return d
}

// conflict is the error of a create that the record with this id stands in the
// way of; zero where only the id is taken.
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
	since := w.IfMatch.Single()
	if since == nil || !a.readable() {
		return nil
	}
	current, versions, err := s.records.History(ctx, w.ID, *since, 1)
	if err != nil || len(versions) == 0 || versions[0].Version != *since {
		return nil
	}
	return a.names(equality.Diff(versions[0].Record, current.Record))
}
