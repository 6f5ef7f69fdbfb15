package service

import (
	"context"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// ReasonImport is the reason of a version that came with an import. No request can give it.
const ReasonImport = "import"

// ImportOptions say what an import is of.
type ImportOptions struct {
	Scope string // told in the access log, such as the format
	Mark  string // names the import, for resuming it
	// Events raises an event for each record; otherwise there is one for all when the import completes.
	Events bool
}

// An ImportRun brings records from elsewhere, part by part. It is one act: the
// entries of its parts have one correlation id, and their counts add up to the
// records it brought. It changes no record that is there.
type ImportRun struct {
	ImportOptions
	s *Service
	a Access
}

// StartImport begins an import, or goes on with one. It writes nothing yet.
func (s *Service) StartImport(a Access, o ImportOptions) (*ImportRun, error) {
	if err := a.permits(Import); err != nil {
		return nil, err
	}
	return &ImportRun{o, s, a}, nil
}

// Position gives what the last durable part of the import has kept; nil where
// there is none. Error: ErrUnavailable.
func (r *ImportRun) Position(ctx context.Context) ([]byte, error) {
	position, err := r.s.bulk.Mark(ctx, r.Mark)
	return position, foreign(err)
}

// CorrelationID is the import's.
func (r *ImportRun) CorrelationID() uuid.UUID { return r.a.request.CorrelationID }

// Continue makes the import the same act as an earlier run's.
func (r *ImportRun) Continue(correlation uuid.UUID) { r.a.request.CorrelationID = correlation }

// Prepare seals a record at its version. Its id is the target's where it has
// none. Any number of goroutines may prepare records.
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

// Load brings the records of a part. position is told what becomes of them and
// gives what is to be kept with them; it may be called more than once.
// Errors: ErrUnavailable, or that of position; then nothing of the part was written.
func (r *ImportRun) Load(ctx context.Context, arrivals []store.Arrival, position func([]store.Landing) ([]byte, error)) error {
	_, err := r.s.bulk.Load(ctx, store.Load{
		Arrivals: arrivals, Entry: r.entry(), Event: events.Created, Mark: r.Mark, Position: position,
	})
	return foreign(err)
}

// Complete ends an import that has brought this many records, with its event
// where they raised none of their own. Error: ErrUnavailable.
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

// WriteOut gives every record by id, as all are at one moment, once that stands in
// the access log with its scope. Errors: ErrUnavailable, or that of yield,
// which ends it.
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
