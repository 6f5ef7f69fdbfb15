package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/etag"
	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// PersonShown is a person's entry in the directory as a caller may see it.
type PersonShown struct {
	directory.Whole
	// Versioned says that the directory numbers versions, as that in the store does.
	Versioned bool
	Version   int64
	Modified  time.Time
	// Unmodified means that the caller already has this version, so nothing else of the entry
	// is set.
	Unmodified bool
	Created    bool // by this write
}

// FindPerson returns the entry of a lookup's person. Errors: ErrNotFound, ErrErased,
// ErrUnavailable.
func (s *Service) FindPerson(ctx context.Context, a Access, l Lookup) (PersonShown, error) {
	if err := a.permits(ReadPerson); err != nil {
		return PersonShown{}, err
	}
	if s.stored == nil {
		return s.fetchPerson(ctx, a, l.ID)
	}
	o, err := s.records.FindDocument(ctx, store.PersonEntry(l.ID))
	if err != nil {
		return PersonShown{}, foreign(err)
	}
	d, ending := o.Document, done
	unmodified := d.State == store.Present && l.IfNoneMatch.Has(etag.Version(d.Version))
	var p directory.Person
	switch {
	case d.State != store.Present:
		ending = gone(d.State)
	case unmodified:
		ending = notModified
	default:
		if p, err = directory.Read(d.Content); err != nil {
			return PersonShown{}, err
		}
	}
	if err := s.log.Append(ctx, s.entryOfPerson(a, l.ID, d, ending)); err != nil {
		return PersonShown{}, foreign(err)
	}
	if err := missing(d.State); err != nil {
		return PersonShown{}, err
	}
	shown := versioned(d, p)
	shown.Unmodified = unmodified
	return shown, nil
}

// PersonWrite is a request to write a person's entry.
type PersonWrite struct {
	ID   uuid.UUID // the person
	Body []byte
	Conditions
}

// PutPerson makes a person's entry what was sent, whether or not there is one. If it is that
// already, there is no new version and no event; for callers who may not see the entry there
// always is, because anything else would confirm a guess.
//
// Errors: *equality.InvalidError, ErrDirectoryReadOnly, ErrPreconditionRequired, *VersionError,
// *ConflictError if another person's record has the id, ErrLastVersion, ErrUnavailable.
func (s *Service) PutPerson(ctx context.Context, a Access, w PersonWrite) (PersonShown, error) {
	if err := a.permits(WritePerson); err != nil {
		return PersonShown{}, err
	}
	if s.stored == nil {
		return PersonShown{}, ErrDirectoryReadOnly
	}
	p, err := s.decodePerson(ctx, w)
	if err != nil {
		return PersonShown{}, err
	}
	named := p.ID
	created, readable := false, a.may(identity.PersonRead)
	cmd := store.PersonEntry(w.ID).Command()
	cmd.EventID = newEventID()
	cmd.People = []uuid.UUID{w.ID}
	result, err := s.records.Write(ctx, cmd, func(o store.Opened) (store.Decision, error) {
		d := o.Document
		created = d.State != store.Present
		p.ID = d.Owner // the survivor, if the person was merged into another
		content := p.Encode()
		refused := func(status int, err error) (store.Decision, error) {
			return store.Decision{Entry: s.entryOfPerson(a, w.ID, d, ending{Outcome: audit.Refused, status: status})}, err
		}
		if named != w.ID && named != p.ID { // the merge into the one whom the body names was undone in the meantime
			return refused(400, &equality.InvalidError{Failures: []equality.Failure{{Pointer: "/id", Code: equality.IDMismatch, Message: equality.Meaning(equality.IDMismatch)}}})
		}
		if created && o.People[0].Taken { // the sender took the record's id for the person's
			return refused(409, a.conflict(uuid.Nil))
		}
		if !created && w.IfMatch == nil && s.RequireIfMatch {
			return refused(428, ErrPreconditionRequired)
		}
		if err := w.check(store.Opened{State: d.State, Version: d.Version, Modified: d.Modified}, false); err != nil {
			return refused(412, err)
		}
		if !created && readable && bytes.Equal(d.Content, content) {
			return store.Decision{Entry: s.entryOfPerson(a, w.ID, d, unchanged)}, nil
		}
		if d.Version >= store.MaxVersion {
			return refused(409, ErrLastVersion)
		}
		event, status := events.PersonUpdated, 200
		if created {
			event, status = events.PersonCreated, 201
		}
		return store.Decision{
			Effects: []store.Effect{store.PutDocument{Found: d, Content: content, Event: event}},
			Entry:   s.entry(a, w.ID, audit.Done, status),
		}, nil
	})
	if err != nil {
		return PersonShown{}, foreign(err)
	}
	if !readable {
		p = directory.Person{}
	}
	shown := versioned(result.Document, p)
	shown.Created = created
	return shown, nil
}

// decodePerson reads the entry that was sent. Its id may be the survivor's if the person of the
// path was merged into another: that is how the entry is shown.
func (s *Service) decodePerson(ctx context.Context, w PersonWrite) (directory.Person, error) {
	today := equality.DateOf(s.Now())
	p, wrong := directory.Decode(w.Body, w.ID, today)
	if wrong == nil {
		return p, nil
	}
	o, err := s.records.FindDocument(ctx, store.PersonEntry(w.ID))
	if err != nil {
		return directory.Person{}, foreign(err)
	}
	if o.Document.Owner == w.ID {
		return directory.Person{}, wrong
	}
	return directory.Decode(w.Body, o.Document.Owner, today)
}

func versioned(d store.Document, p directory.Person) PersonShown {
	p.ID = d.Owner
	return PersonShown{Whole: p.Whole(), Versioned: true, Version: d.Version, Modified: d.Modified}
}

// fetchPerson returns a person from a directory that is not the store's.
func (s *Service) fetchPerson(ctx context.Context, a Access, id uuid.UUID) (PersonShown, error) {
	o, err := s.records.FindDocument(ctx, store.PersonEntry(id))
	if err != nil {
		return PersonShown{}, foreign(err)
	}
	p, err := s.person(ctx, a, o.Document.Owner) // the survivor, if the person was merged into another
	if statusOf(err) == personUnavailable {
		return PersonShown{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	ending := done
	if err != nil {
		ending = gone(store.Absent)
	}
	if err := s.log.Append(ctx, s.entry(a, id, ending.Outcome, ending.status)); err != nil {
		return PersonShown{}, foreign(err)
	}
	if errors.Is(err, directory.ErrUnknown) {
		return PersonShown{}, ErrNotFound
	}
	return PersonShown{Whole: p.Whole()}, nil
}

// entryOfPerson returns the entry of a request about a person's entry in the directory.
func (s *Service) entryOfPerson(a Access, asked uuid.UUID, d store.Document, e ending) audit.Entry {
	entry := s.entry(a, asked, e.Outcome, e.status)
	if d.State == store.Present {
		entry.Object, entry.Record, entry.Version = audit.Object(sealing.KindPerson.String()), d.Owner, d.Version
	}
	return entry
}
