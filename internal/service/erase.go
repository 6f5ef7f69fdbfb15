package service

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// ErasureReasons are the reasons for erasing a record.
var ErasureReasons = []string{"person-request", "no-longer-needed", "unlawful", "legal-obligation"}

// Erasure is a request to erase a record.
type Erasure struct {
	ID     uuid.UUID // the record's, or its target's
	Reason string    // one of ErasureReasons
	Conditions
}

// Certificate says what an erasure removed, what remains, and why.
type Certificate struct {
	ID, Target  uuid.UUID
	ErasedAt    time.Time
	Reason      string
	LastVersion int64
	Removed     []string
	Kept        []Kept
	// CompleteBy is when the last copy of the database that still holds the record's key is
	// gone.
	CompleteBy time.Time
}

// Kept is something that remains after an erasure.
type Kept struct {
	What, Why string
	Until     time.Time // zero if it is kept for good
}

// EraseRecord erases a record: it destroys the record's key, so that no part of the record
// can be read again. Errors: ErrNotFound, ErrErased, *VersionError, ErrUnavailable.
func (s *Service) EraseRecord(ctx context.Context, a Access, e Erasure) (Certificate, error) {
	if err := a.permits(Erase); err != nil {
		return Certificate{}, err
	}
	w := Write{ID: e.ID, Conditions: e.Conditions}
	erased, err := s.records.Write(ctx, store.Command{ID: e.ID, EventID: newEventID()}, func(o store.Opened) (store.Decision, error) {
		if err := missing(o.State); err != nil {
			return s.absent(a, e.ID, o), err
		}
		if err := w.check(o, false); err != nil {
			return s.refusal(a, e.ID, o, 412, problemVersion), err
		}
		return store.Decision{
			Effects: []store.Effect{store.Erase{Found: o, Reason: e.Reason, By: a.request.Caller.Subject, Event: events.Erased}},
			Entry:   s.entry(a, e.ID, audit.Done, 200),
		}, nil
	})
	var moved *VersionError
	if errors.As(err, &moved) {
		moved.ChangedMembers = s.changedSince(ctx, a, w)
	}
	if err != nil {
		return Certificate{}, foreign(err)
	}
	return s.certificate(erased, e.Reason), nil
}

func (s *Service) certificate(erased store.Opened, reason string) Certificate {
	at := erased.Modified
	copies := at.Add(s.CopyRetention)
	c := Certificate{
		ID: erased.ID, Target: erased.Target, ErasedAt: at, Reason: reason, LastVersion: erased.Version,
		Removed: []string{
			"the record and all its versions", "the key that opens them", "its ids and its entry in the National Insurance number index",
			"the names of members in its events",
		},
		Kept: []Kept{
			{What: "a tombstone: the two ids, the last version, and when, why and by whom the record was erased",
				Why: "the id is never given to another record, and a restored backup erases the record again"},
			{What: "the access log, which holds no answers", Why: "it shows who saw or changed the record"},
			{What: "events without names of members", Why: "subscribers learn of every change, and of the erasure", Until: at.Add(s.EventRetention)},
			{What: "outcomes of requests with an Idempotency-Key, which hold no answers", Why: "a late retry does not enter the person again",
				Until: at.Add(s.KeyRetention)},
			{What: "copies of the database", Why: "backups and archived logs expire; after a new keys file is written, no older backup can bring the record back",
				Until: copies},
		},
		CompleteBy: copies,
	}
	if s.stored == nil {
		c.Kept = append(c.Kept, Kept{What: "the person's names and dates in the Person API",
			Why: "this service only reads them there: whoever runs the Person API has to erase them"})
	}
	return c
}
