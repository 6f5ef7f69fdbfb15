package service

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// ReasonImport is the reason of versions written by an import. Requests cannot use it.
const ReasonImport = "import"

// ImportOptions describe an import.
type ImportOptions struct {
	Scope string // for the access log, for example the format
	Mark  string // names the import, for resuming it
	// Events raises an event for each record; otherwise the completed import raises one for
	// all. Entries always raise theirs.
	Events bool
}

// An ImportRun loads records, or people's entries in the directory, from elsewhere, batch by
// batch. It counts as one action: all entries in the access log have the same correlation id,
// and their counts add up to what was loaded. It never changes an existing record or entry.
type ImportRun struct {
	ImportOptions
	s *Service
	a Access
}

// StartImport begins or continues an import. It writes nothing yet.
func (s *Service) StartImport(a Access, o ImportOptions) (*ImportRun, error) {
	if err := a.permits(Import); err != nil {
		return nil, err
	}
	return &ImportRun{o, s, a}, nil
}

// Position returns what was stored with the import's last durable batch; nil if there is
// none. Error: ErrUnavailable.
func (r *ImportRun) Position(ctx context.Context) ([]byte, error) {
	position, err := r.s.bulk.Mark(ctx, r.Mark)
	return position, foreign(err)
}

// CorrelationID is the correlation id of the import.
func (r *ImportRun) CorrelationID() uuid.UUID { return r.a.request.CorrelationID }

// Continue gives the import the correlation id of an earlier run.
func (r *ImportRun) Continue(correlation uuid.UUID) { r.a.request.CorrelationID = correlation }

// Prepare seals a record at a version. A record without an id gets its target's. Any number
// of goroutines may prepare records.
func (r *ImportRun) Prepare(record equality.Record, version int64) (store.Arrival, error) {
	if record.ID == uuid.Nil {
		record.ID = record.TargetID
	}
	caller := r.a.request.Caller
	o := store.Opened{
		ID: record.ID, Target: record.TargetID, Version: version, Record: record, Verbatim: r.s.Rules.Recognises(record),
		Provenance: store.Provenance{Subject: caller.Subject, Name: caller.Name, Reason: ReasonImport, Members: record.Members()},
	}
	event := uuid.Nil
	if r.Events {
		event = newEventID()
	}
	return store.NewArrival(r.s.Keys, o, event)
}

// PreparePerson seals a person's entry in the directory at a version. Its event is always
// raised. Any number of goroutines may prepare entries.
func (r *ImportRun) PreparePerson(p directory.Person, version int64) (store.Arrival, error) {
	return store.NewEntryArrival(r.s.Keys, p.ID, version, p.Encode(), newEventID())
}

// Load writes a batch of records, or of entries. It passes position the result for each, and
// stores what position returns with the batch. It may call position more than once. Errors:
// ErrUnavailable, or the error of position; nothing was written then.
func (r *ImportRun) Load(ctx context.Context, arrivals []store.Arrival, position func([]store.Landing) ([]byte, error)) error {
	l := store.Load{Arrivals: arrivals, Entry: r.entry(), Event: events.Created, Mark: r.Mark, Position: position}
	if l.OfPeople() {
		l.Event = events.PersonCreated
	}
	_, err := r.s.bulk.Load(ctx, l)
	return foreign(err)
}

// Complete ends an import that has loaded this many records. It raises the event for all of
// them, unless each raised its own. Error: ErrUnavailable.
func (r *ImportRun) Complete(ctx context.Context, count int64, position []byte) error {
	l := store.Load{Entry: r.entry(), Mark: r.Mark, Position: func([]store.Landing) ([]byte, error) { return position, nil }}
	if !r.Events && count > 0 {
		l.Further = []events.Event{{
			ID: newEventID(), Type: events.ImportCompleted, Version: count, CorrelationID: r.CorrelationID(),
		}}
	}
	_, err := r.s.bulk.Load(ctx, l)
	return foreign(err)
}

func (r *ImportRun) entry() audit.Entry {
	e := r.s.entry(r.a, uuid.Nil, audit.Done, 200)
	e.Scope = r.Scope
	return e
}

// WriteOut yields all records by id, as they are at one moment, after logging this with its
// scope in the access log. Errors: ErrUnavailable, or the error of yield, which ends it.
func (s *Service) WriteOut(ctx context.Context, a Access, scope string, yield func(total int64, v Shown) error) error {
	if err := a.permits(Export); err != nil {
		return err
	}
	entry := s.entry(a, uuid.Nil, audit.Done, 200)
	entry.Scope = scope
	return foreign(s.bulk.Walk(ctx, entry, func(total int64, o store.Opened) error {
		shown, err := s.show(a, o, false)
		if err != nil {
			return err
		}
		return yield(total, shown)
	}))
}

// Entry is a person's entry in the directory, as it is stored.
type Entry struct {
	Person   directory.Person
	Version  int64
	Modified time.Time
}

// WriteOutPersons yields every entry in the directory by its person's id, as they are at one
// moment, after logging this with its scope in the access log. Errors: ErrUnavailable, or the
// error of yield, which ends it.
func (s *Service) WriteOutPersons(ctx context.Context, a Access, scope string, yield func(total int64, e Entry) error) error {
	if err := a.permits(Export); err != nil || !a.may(identity.PersonRead) {
		return cmp.Or(err, ErrForbidden)
	}
	entry := s.entry(a, uuid.Nil, audit.Done, 200)
	entry.Scope = scope
	return foreign(s.bulk.WalkEntries(ctx, &entry, func(total int64, d store.Document, err error) error {
		if err != nil {
			return err
		}
		p, err := directory.Read(d.Content)
		if err != nil {
			return err
		}
		return yield(total, Entry{p, d.Version, d.Modified})
	}))
}
