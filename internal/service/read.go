package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/etag"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// Lookup says which record to read.
type Lookup struct {
	// ID is the id of the record or of its target.
	ID uuid.UUID
	// Target is whose record it must be; zero for anyone's.
	Target uuid.UUID
	// IfNoneMatch are the versions that the caller already has (RFC 9110, 13.1.2).
	IfNoneMatch etag.List
	// Person asks for the person too. IfNoneMatch then counts for nothing: the version says
	// nothing of the person.
	Person bool
}

// Read returns the record of a lookup. It comes whether or not the person can be had.
// Errors: ErrNotFound, ErrErased, ErrUnavailable.
func (s *Service) Read(ctx context.Context, a Access, l Lookup) (Shown, error) {
	if err := a.permits(Read); err != nil {
		return Shown{}, err
	}
	if l.Person && !a.may(identity.PersonRead) {
		return Shown{}, ErrForbidden
	}
	f, err := s.find(ctx, a, l)
	if err != nil || f.unmodified {
		return Shown{Opened: f.Described(), Unmodified: f.unmodified}, err
	}
	shown, err := s.show(a, f.Opened, false)
	if err == nil && l.Person {
		return s.withPerson(a, shown, f.person), nil
	}
	return shown, err
}

// found is what a lookup found.
type found struct {
	store.Opened
	unmodified bool // the caller already has this version
	person     answer
}

// find finds what a lookup asks for, and makes the entry of the read durable. Errors as in
// Read.
func (s *Service) find(ctx context.Context, a Access, l Lookup) (f found, err error) {
	if f.Opened, err = s.findRecord(ctx, l); err != nil {
		return f, foreign(err)
	}
	if f.Opened, err = s.of(ctx, f.Opened, l.Target); err != nil {
		return f, foreign(err)
	}
	ending := done
	f.unmodified = f.State == store.Present && !l.Person && l.IfNoneMatch.Has(etag.Version(f.Version))
	if f.unmodified {
		ending = notModified
	}
	if l.Person && f.State == store.Present {
		if f.person = s.personOf(ctx, a, f.Opened); f.person.err == nil {
			ending.scope = includesPerson
		}
	}
	return f, s.enterRead(ctx, a, l.ID, f.Opened, ending)
}

// of returns o if the record belongs to the target, or to whom the target was merged into, or
// if the target is zero; otherwise nothing. Error: store.ErrUnavailable.
func (s *Service) of(ctx context.Context, o store.Opened, target uuid.UUID) (store.Opened, error) {
	if target == uuid.Nil || o.State != store.Present || o.Target == target {
		return o, nil
	}
	if others, err := s.records.Find(ctx, target); err != nil || others.Survivor == uuid.Nil || others.ID != o.ID {
		return store.Opened{}, err
	}
	return o, nil
}

// enterRead makes the entry of a read durable. It then returns an error if the record is
// missing.
func (s *Service) enterRead(ctx context.Context, a Access, asked uuid.UUID, o store.Opened, ending ending) error {
	if o.State != store.Present {
		ending = gone(o.State)
	}
	if err := s.log.Append(ctx, s.entryOf(a, asked, o, ending)); err != nil {
		return foreign(err)
	}
	return missing(o.State)
}

// ending is the outcome of a request, for its entry.
type ending struct {
	audit.Outcome
	status  int
	problem string
	scope   string // what else is shown
}

var (
	done        = ending{Outcome: audit.Done, status: 200}
	unchanged   = ending{Outcome: audit.Unchanged, status: 200}
	notModified = ending{Outcome: audit.NotModified, status: 304}
)

func gone(state store.State) ending {
	if state == store.Erased {
		return ending{Outcome: audit.Erased, status: 410, problem: problemErased}
	}
	return ending{Outcome: audit.NotFound, status: 404, problem: problemNotFound}
}

// missing returns the error for a record that is missing.
func missing(state store.State) error {
	switch state {
	case store.Erased:
		return ErrErased
	case store.Absent:
		return ErrNotFound
	}
	return nil
}

// entryOf returns the entry of a request about one record.
func (s *Service) entryOf(a Access, asked uuid.UUID, o store.Opened, e ending) audit.Entry {
	entry := about(s.entry(a, asked, e.Outcome, e.status), o.ID, o.Version)
	entry.Scope = e.scope
	return entry
}

// about sets which version of a record an entry is about; a zero id means no record.
func about(entry audit.Entry, record uuid.UUID, version int64) audit.Entry {
	entry.Record, entry.Version = record, version
	if record != uuid.Nil {
		entry.Object = audit.ObjectRecord
	}
	return entry
}

// foreign turns a store's error into one of this package's.
func foreign(err error) error {
	switch {
	case errors.Is(err, store.ErrUnavailable):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case errors.Is(err, store.ErrCursorExpired):
		return ErrCursorExpired
	}
	return err
}

// ListBytes is the most that the sealed documents of a page may have together, except those of
// a page of one record. A thousand records as they usually are have less than half.
const ListBytes = 4 << 20

// A Listing is a page of records. It may be shorter than its limit although there are more.
type Listing struct {
	Items []ListItem
	Next  string // cursor of the next page, empty on the last
}

// ListItem is a record of a page. Callers who may not read records see which members it
// has, but not their values.
type ListItem struct {
	Shown
	Readable bool
	Members  []string // if the caller may not read records
}

// ListQuery asks for a page of records, ordered by id, or by time of change if either time
// is set.
type ListQuery struct {
	ModifiedSince, ModifiedBefore time.Time // inclusive, exclusive; zero means no bound
	Cursor                        string
	Limit                         int
	Person                        bool // shows the person in each record
}

// ListRecords returns a page of records. Errors: ErrBadCursor, ErrIncludeNotAvailable,
// ErrUnavailable.
func (s *Service) ListRecords(ctx context.Context, a Access, q ListQuery) (Listing, error) {
	if err := a.permits(List); err != nil {
		return Listing{}, err
	}
	if q.Person {
		switch {
		case !a.may(identity.EqualityRead) || !a.may(identity.PersonRead):
			return Listing{}, ErrForbidden
		case s.stored == nil:
			return Listing{}, ErrIncludeNotAvailable
		}
	}
	sq := store.ListQuery{
		ByTime: !q.ModifiedSince.IsZero() || !q.ModifiedBefore.IsZero(),
		From:   q.ModifiedSince, Before: q.ModifiedBefore, Limit: q.Limit, Bytes: ListBytes, Entries: q.Person,
	}
	if q.Cursor != "" {
		var err error
		if sq.AfterAt, sq.AfterID, err = s.openListCursor(q); err != nil {
			return Listing{}, err
		}
	}
	l, more, entry, err := s.page(ctx, a, sq, nil)
	if err != nil && q.Person {
		sq.Entries = false // the records come without their people
		l, more, entry, err = s.page(ctx, a, sq, err)
	}
	if err == nil {
		err = s.log.Append(ctx, entry)
	}
	if err != nil {
		return Listing{}, foreign(err)
	}
	if more {
		l.Next = s.sealListCursor(q, l.Items[len(l.Items)-1].Opened)
	}
	return l, nil
}

// page reads a page of records, and makes its entry in the log. unread is why people are not read
// with them, if they were asked for.
func (s *Service) page(ctx context.Context, a Access, q store.ListQuery, unread error) (l Listing, more bool, entry audit.Entry, err error) {
	entry = s.entry(a, uuid.Nil, audit.Done, 200)
	more, err = s.records.List(ctx, q, func(o store.Opened) error {
		entry.Object, entry.Touched = audit.ObjectRecord, entry.Touched.AppendID(o.ID)
		item, err := s.listed(a, o)
		if err == nil && (q.Entries || unread != nil) {
			of := s.stored.answer(o.Document, cmp.Or(unread, o.Unread))
			if item.Shown = s.withPerson(a, item.Shown, of); of.err == nil {
				entry.Scope = includesPerson
			}
		}
		l.Items = append(l.Items, item)
		return err
	})
	return l, more, entry, err
}

// listed returns a record as an item of a list, with its text but not its members.
func (s *Service) listed(a Access, o store.Opened) (item ListItem, err error) {
	if item.Readable = a.readable(); !item.Readable {
		if o, err = o.Decode(); err != nil {
			return item, err
		}
		item.Members = s.names(a, o.Record.Members())
	}
	if item.Shown, err = s.show(a, o, false); err != nil {
		return item, err
	}
	item.Opened = item.Stripped()
	item.Record = equality.Record{}
	return item, nil
}

// HistoryLimit is how many versions a history lists, counted from the newest.
const HistoryLimit = 1000

// Versions returns the versions of a record, newest first: who made each,
// when, why, and which members it changed. Errors: ErrNotFound, ErrErased, ErrUnavailable.
func (s *Service) Versions(ctx context.Context, a Access, id uuid.UUID) ([]store.Made, error) {
	if err := a.permits(ReadHistory); err != nil {
		return nil, err
	}
	current, versions, err := s.records.Versions(ctx, id, HistoryLimit)
	if err != nil {
		return nil, foreign(err)
	}
	if err := s.enterRead(ctx, a, id, current, done); err != nil {
		return nil, err
	}
	for i := range versions {
		versions[i].Members = s.names(a, versions[i].Members)
	}
	return versions, nil
}

// Version returns a record as it was at one version.
// Errors: ErrNotFound (also for a missing version), ErrErased, ErrUnavailable.
func (s *Service) Version(ctx context.Context, a Access, id uuid.UUID, version int64) (Shown, error) {
	if err := a.permits(ReadHistory); err != nil {
		return Shown{}, err
	}
	current, versions, err := s.records.History(ctx, id, version, 1)
	if err != nil {
		return Shown{}, foreign(err)
	}
	there := len(versions) > 0 && versions[0].Version == version
	found, ending := current, gone(store.Absent)
	if there {
		found, ending = versions[0], done
	}
	if err := s.enterRead(ctx, a, id, found, ending); err != nil {
		return Shown{}, err
	}
	if !there {
		return Shown{}, ErrNotFound
	}
	return s.show(a, found, version != current.Version)
}
