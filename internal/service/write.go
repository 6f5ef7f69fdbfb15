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

// ChangeReasons are the reasons for a change, kept in the history. The first is the
// default.
var ChangeReasons = []string{"update", "correction", "person-request"}

// Write is a request to create or change a record.
type Write struct {
	// ID is the id of the record to change, or of its target; or the id for a new record,
	// zero if the path has none.
	ID     uuid.UUID
	Body   []byte
	Form   Form   // how Body is written; nil is a JSON merge patch (RFC 7396)
	Reason string // one of ChangeReasons
	Conditions
	// Key makes a retry safe; Operation is the method and path it belongs to.
	Key, Operation string
}

// CreateRecord creates a person's record.
//
// Errors: *equality.InvalidError, *VersionError, *ConflictError, ErrLastVersion, ErrKeyReused,
// ErrUnavailable.
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
	var refused error
	if s.Preset == identity.Separated {
		refused = s.separate(a, next)
		next = next.Without(s.withheld(a)...) // what says nothing there
	}
	members := next.Members()
	cmd := store.Command{ID: next.ID, Target: next.TargetID, EventID: newEventID(), Key: key}
	result, err := s.records.Write(ctx, cmd, func(o store.Opened) (store.Decision, error) {
		record := ofSurvivor(next, o)
		if refused != nil {
			return s.refusal(a, next.TargetID, o, 403, ""), refused
		}
		if err := w.check(o, true); err != nil {
			return s.refusal(a, next.TargetID, o, 412, problemVersion), err
		}
		if o.State == store.Present {
			return s.refusal(a, next.TargetID, o, 409, problemConflict), a.conflict(o.ID)
		}
		switch reusable(o.Tombstones, record, chosen) {
		case taken:
			return s.refusal(a, next.TargetID, store.Opened{}, 409, problemConflict), a.conflict(uuid.Nil)
		case anew:
			record.ID = spare
		}
		return s.change(a, next.TargetID, o, record, members, w.Reason, events.Created, 201)
	})
	if err != nil {
		return Shown{}, foreign(err)
	}
	shown, err := s.show(a, result, false)
	shown.Created = true
	return shown, err
}

// ofSurvivor returns a new record whose person has been merged into another, who has no record
// either, as the survivor's.
func ofSurvivor(record equality.Record, found store.Opened) equality.Record {
	if found.Survivor == uuid.Nil || found.State == store.Present {
		return record
	}
	if record.ID == record.TargetID {
		record.ID = found.Survivor
	}
	record.TargetID = found.Survivor
	return record
}

// What happens to the id for a new record.
type idChoice int

const (
	free  idChoice = iota
	anew           // the person's record was erased: the next one gets a different id
	taken          // it belonged to an erased record
)

// reusable decides whether a new record may have its id, given the tombstones of its ids.
// The id of an erased record is never used again for a record; a person whose record was
// erased may get a record with a different id.
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

// ChangeRecord applies a merge patch to a record. A patch that changes nothing writes no
// version and raises no event.
//
// Errors: *equality.InvalidError, ErrNotFound, ErrErased,
// ErrPreconditionRequired, *VersionError, ErrLastVersion, ErrNINOForbidden, ErrKeyReused, ErrUnavailable.
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
	cmd := store.Command{ID: w.ID, Names: patch.names(), EventID: newEventID(), Key: key}
	var itself uuid.UUID
	result, err := s.records.Write(ctx, cmd, func(o store.Opened) (store.Decision, error) {
		itself = notMerged(o)
		return s.decideChange(a, w, patch, o)
	})
	var moved *VersionError
	if errors.As(err, &moved) {
		moved.ChangedMembers = s.changedSince(ctx, a, w, itself)
	}
	if err != nil {
		return Shown{}, foreign(err)
	}
	return s.show(a, result, false)
}

// notMerged is the id of a record that was asked for by its own ids; otherwise zero.
func notMerged(o store.Opened) uuid.UUID {
	if o.Survivor != uuid.Nil {
		return uuid.Nil
	}
	return o.ID
}

func (s *Service) decideChange(a Access, w Write, patch Sent, c store.Opened) (store.Decision, error) {
	patch, c = patch.of(c)
	if err := patch.doubted(s.shown(a, c.Record)); err != nil {
		return s.refusal(a, w.ID, c, 400, ""), err
	}
	if s.Preset == identity.Separated {
		if err := s.separate(a, patch.Apply(equality.Record{})); err != nil {
			return s.refusal(a, w.ID, c, 403, ""), err
		}
	}
	if err := missing(c.State); err != nil {
		return s.absent(a, w.ID, c), err
	}
	if w.IfMatch == nil && s.RequireIfMatch {
		return s.refusal(a, w.ID, c, 428, ""), ErrPreconditionRequired
	}
	if err := w.check(c, false); err != nil {
		return s.refusal(a, w.ID, c, 412, problemVersion), err
	}
	nino, setsNINO := patch.NationalInsuranceNumber.Value()
	if !s.sees(a, "nationalInsuranceNumber") && c.Record.NationalInsuranceNumber != "" {
		if setsNINO && nino != "" {
			return s.refusal(a, w.ID, c, 403, ""), ErrNINOForbidden
		}
		// The caller was not shown the number, so null does not remove it.
		patch.NationalInsuranceNumber = equality.Nullable[string]{}
	}
	next, members, err := s.changed(a, patch, c.Record)
	if err != nil {
		return s.refusal(a, w.ID, c, 400, ""), err
	}
	if len(members) == 0 {
		d := store.Decision{Entry: s.entryOf(a, w.ID, c, unchanged)}
		d.Outcome = store.Outcome{Status: 200, Record: c.ID, Version: c.Version}
		return d, nil
	}
	return s.change(a, w.ID, c, next, members, w.Reason, events.Updated, 200)
}

// changed returns the record after the patch and the members that make it a new version.
// Members that the caller may not see are replaced whole, judged on the patch alone, and
// always make a version: anything else would confirm a guess, a bound that depends on how
// long they are too.
func (s *Service) changed(a Access, patch Sent, current equality.Record) (next equality.Record, members []string, err error) {
	unseen := s.unseen(a)
	seen := current.Without(unseen...)
	next = patch.Apply(seen)
	if err := s.Rules.Validate(patch.Patch, seen, next); err != nil {
		return current, nil, err
	}
	next, members = current.Replaced(next, unseen)
	return next, members, nil
}

// newEventID makes a time-ordered id (RFC 9562, version 7), which an index adds at its end.
func newEventID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// change decides on a new version, after what was found. Error: ErrLastVersion.
func (s *Service) change(a Access, asked uuid.UUID, found store.Opened, next equality.Record, members []string, reason, event string, status int) (store.Decision, error) {
	if _, err := found.NextVersion(next.TargetID); err != nil {
		return s.refusal(a, asked, found, 409, ""), err
	}
	entry := s.entry(a, asked, audit.Done, status)
	entry.Members = equality.MaskSensitive(members)
	return store.Decision{
		Effects: []store.Effect{s.put(a, found, next, members, reason, event)},
		Entry:   entry, Outcome: store.Outcome{Status: status},
	}, nil
}

// put writes a version of a record that was found, in the caller's name.
func (s *Service) put(a Access, found store.Opened, next equality.Record, members []string, reason, event string) store.PutRecord {
	caller := a.request.Caller
	return store.PutRecord{
		Found: found, Record: next, Verbatim: s.Rules.Recognises(next), Event: event,
		Provenance: store.Provenance{Subject: caller.Subject, Name: caller.Name, Reason: reason, Members: members},
	}
}

// refusal decides on no change. A retry with the same idempotency key gets the same
// problem, if it has one.
func (s *Service) refusal(a Access, asked uuid.UUID, c store.Opened, status int, problem string) store.Decision {
	d := store.Decision{Entry: s.entryOf(a, asked, c, ending{Outcome: audit.Refused, status: status})}
	if problem != "" {
		d.Outcome = store.Outcome{Status: status, Problem: problem, Record: c.ID, Version: c.Version}
	}
	return d
}

// absent refuses a write to a record that is missing.
func (s *Service) absent(a Access, asked uuid.UUID, c store.Opened) store.Decision {
	g := gone(c.State)
	d := s.refusal(a, asked, c, g.status, g.problem)
	d.Entry.Outcome = g.Outcome
	return d
}

// conflict is the error of a create because of an existing record; zero if only the id is
// taken.
func (a Access) conflict(existing uuid.UUID) error {
	if !a.may(identity.EqualityRead) {
		existing = uuid.Nil
	}
	return &ConflictError{Existing: existing}
}

// changedSince returns the members that differ between the caller's version and the current
// one, if the caller may read them; nothing if record is zero, because the caller asked for
// another that was merged into it, and has a version of that. The refused write is already in the access log.
func (s *Service) changedSince(ctx context.Context, a Access, w Write, record uuid.UUID) []string {
	since := w.IfMatch.Single()
	if since == nil || record == uuid.Nil || !a.readable() {
		return nil
	}
	current, versions, err := s.records.History(ctx, record, *since, 1)
	if err != nil || len(versions) == 0 || versions[0].Version != *since {
		return nil
	}
	return s.names(a, equality.Diff(versions[0].Record, current.Record))
}
