package service

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
)

// ErasureReasons are the reasons for erasing a record.
var ErasureReasons = []string{"person-request", "no-longer-needed", "unlawful", "legal-obligation"}

// Erasure is a request to erase what is stored of a person.
type Erasure struct {
	ID     uuid.UUID // the record's, or its target's
	Reason string    // one of ErasureReasons
	Conditions
}

// Certificate says what an erasure removed, what remains, and why.
type Certificate struct {
	ID          uuid.UUID // of the record; zero if there was none
	Target      uuid.UUID
	ErasedAt    time.Time
	Reason      string
	LastVersion int64 // of the record, or of the entry in the directory if there was no record
	Removed     []string
	Kept        []Kept
	// CompleteBy is when the last copy of the database that still holds a key is gone.
	CompleteBy time.Time
}

// Kept is something that remains after an erasure.
type Kept struct {
	What, Why string
	Until     time.Time // zero if it is kept for good
}

// EraseRecord erases a record and its person's entry in the directory, or the entry alone if
// there is no record: it destroys their keys, so that no part of either can be read again.
// Errors: ErrNotFound, ErrErased, *VersionError, ErrUnavailable.
func (s *Service) EraseRecord(ctx context.Context, a Access, e Erasure) (Certificate, error) {
	if err := a.permits(Erase); err != nil {
		return Certificate{}, err
	}
	w := Write{ID: e.ID, Conditions: e.Conditions}
	cmd := store.Command{ID: e.ID, Document: store.PersonEntry(e.ID), Together: true, EventID: newEventID()}
	var record, entry, merged bool // what is erased
	var itself uuid.UUID
	erased, err := s.records.Write(ctx, cmd, func(o store.Opened) (store.Decision, error) {
		itself = notMerged(o)
		people := o.People
		o = people[0].Record
		o.Document = people[0].Entry
		record, entry = o.State == store.Present, o.Document.State == store.Present
		if !record && !entry {
			if o.State == store.Absent {
				o.State = o.Document.State
			}
			return s.absent(a, e.ID, o), missing(o.State)
		}
		if err := w.check(whole(o), false); err != nil {
			return s.refusal(a, e.ID, o, 412, problemVersion), err
		}
		d := store.Decision{Entry: s.entry(a, e.ID, audit.Done, 200)}
		for _, person := range people {
			d.Effects = append(d.Effects, store.EraseAll{Person: person, Reason: e.Reason, By: a.request.Caller.Subject})
			record = record || person.Record.State == store.Present
			entry = entry || person.Entry.State == store.Present
		}
		merged = len(people) > 1
		return d, nil
	})
	var moved *VersionError
	if errors.As(err, &moved) {
		moved.ChangedMembers = s.changedSince(ctx, a, w, itself)
	}
	if err != nil {
		return Certificate{}, foreign(err)
	}
	if !record {
		erased = whole(erased)
	}
	return s.certificate(erased, e.Reason, record, entry, merged), nil
}

// whole is what an erasure is about: the record, or the entry in the directory if there is no
// record, which has no id of its own.
func whole(o store.Opened) store.Opened {
	if o.State == store.Present {
		return o
	}
	d := o.Document
	return store.Opened{State: d.State, Target: d.Owner, Version: d.Version, Modified: d.Modified}
}

func (s *Service) certificate(erased store.Opened, reason string, record, entry, merged bool) Certificate {
	at := erased.Modified
	copies := at.Add(s.CopyRetention)
	c := Certificate{ID: erased.ID, Target: erased.Target, ErasedAt: at, Reason: reason, LastVersion: erased.Version, CompleteBy: copies}
	if record {
		c.Removed = append(c.Removed, "the record and all its versions", "the key that opens them",
			"its ids and its entry in the National Insurance number index", "the names of members in its events")
		c.Kept = append(c.Kept, Kept{What: "a tombstone: the two ids, the last version, and when, why and by whom the record was erased",
			Why: "the id is never given to another record, and a restored backup erases the record again"})
	}
	if entry {
		c.Removed = append(c.Removed, "the person's entry in the directory and all its versions", "the key that opens the entry")
		c.Kept = append(c.Kept, Kept{What: "a tombstone of the entry: the person's id, the last version, and when, why and by whom it was erased",
			Why: "a restored backup erases the entry again, and no import brings it back"})
	}
	if merged {
		c.Removed = append(c.Removed, "the same of everybody who had been merged into the person")
	}
	c.Kept = append(c.Kept,
		Kept{What: "the access log, which holds no answers and no names of the person", Why: "it shows who saw or changed what"},
		Kept{What: "events, without names of members", Why: "subscribers learn of every change, and of the erasure", Until: at.Add(s.EventRetention)},
		Kept{What: "outcomes of requests with an Idempotency-Key, which hold no answers", Why: "a late retry does not enter the person again",
			Until: at.Add(s.KeyRetention)},
		Kept{What: "copies of the database", Why: "backups and archived logs expire; after a new keys file is written, no older backup can bring the person back",
			Until: copies})
	if s.stored == nil {
		c.Kept = append(c.Kept, Kept{What: "the person's names and dates in the Person API",
			Why: "this service only reads them there: whoever runs the Person API has to erase them"})
	}
	return c
}
