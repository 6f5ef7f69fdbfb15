package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// Shown is a version of a record as the HTTP contract shows it to a caller.
// Its Record need not be set.
type Shown struct {
	store.Version
	Text []byte // JSON
}

// Read returns the record that an id leads to: its own, or its target's. Where
// unless holds for its version, the caller has it already: the result says so,
// and has no text.
//
// Errors: ErrNotFound, ErrErased, ErrUnavailable.
func (s *Service) Read(ctx context.Context, a Access, id uuid.UUID, unless func(version int64) bool) (v Shown, unmodified bool, err error) {
	return s.readShown(ctx, a, id, unless, func(c store.Current) store.Current { return c })
}

// ReadByTarget is Read for a target's id alone: a record's own id leads nowhere.
func (s *Service) ReadByTarget(ctx context.Context, a Access, target uuid.UUID, unless func(version int64) bool) (v Shown, unmodified bool, err error) {
	return s.readShown(ctx, a, target, unless, func(c store.Current) store.Current {
		if c.State == store.Present && c.Target != target {
			return store.Current{}
		}
		return c
	})
}

func (s *Service) readShown(ctx context.Context, a Access, id uuid.UUID, unless func(version int64) bool,
	meant func(store.Current) store.Current,
) (v Shown, unmodified bool, err error) {
	found, unmodified, err := s.read(ctx, a, id, unless, meant)
	if err != nil || unmodified {
		return Shown{Version: a.visible(found.Version)}, unmodified, err
	}
	v, err = s.show(a, found)
	return v, false, err
}

// show gives a record's JSON: as it is stored, where nothing is to be left out.
func (s *Service) show(a Access, f store.Found) (Shown, error) {
	if f.Text != nil && a.allVisible(f.Text) {
		return Shown{f.Version, f.Text}, nil
	}
	c, err := f.Open()
	if err != nil {
		return Shown{}, err
	}
	v := a.visible(c.Version)
	return Shown{v, s.Rules.Encode(v.Record)}, nil
}

// ReadOf is ReadByTarget where the caller names the record too, by an id that
// leads to it: otherwise there is nothing.
func (s *Service) ReadOf(ctx context.Context, a Access, target, id uuid.UUID) (store.Version, error) {
	found, _, err := s.read(ctx, a, target, func(int64) bool { return false }, func(c store.Current) store.Current {
		if c.State == store.Present && (c.Target != target || c.ID != id && c.Target != id) {
			return store.Current{}
		}
		return c
	})
	if err != nil {
		return store.Version{}, err
	}
	c, err := found.Open()
	if err != nil {
		return store.Version{}, err
	}
	return a.visible(c.Version), nil
}

func (s *Service) read(ctx context.Context, a Access, id uuid.UUID, unless func(version int64) bool,
	meant func(store.Current) store.Current,
) (found store.Found, unmodified bool, err error) {
	if err := a.permits(Read); err != nil {
		return store.Found{}, false, err
	}
	found, err = s.store.Read(ctx, id, func(c store.Current) audit.Entry {
		c = meant(c)
		if c.State != store.Present {
			return s.entryOf(a, id, c, gone(c.State))
		}
		if unmodified = unless(c.Version.Version); unmodified {
			return s.entryOf(a, id, c, notModified)
		}
		return s.entryOf(a, id, c, done)
	})
	if err != nil {
		return store.Found{}, false, foreign(err)
	}
	if err := missing(meant(found.Current).State); err != nil {
		return store.Found{}, false, err
	}
	return found, unmodified, nil
}

// outcome is how a request ended, for its entry.
type outcome struct {
	audit.Outcome
	status  int
	problem string
}

var (
	done        = outcome{Outcome: audit.Done, status: 200}
	unchanged   = outcome{Outcome: audit.Unchanged, status: 200}
	notModified = outcome{Outcome: audit.NotModified, status: 304}
)

func gone(state store.State) outcome {
	if state == store.Erased {
		return outcome{audit.Erased, 410, problemErased}
	}
	return outcome{audit.NotFound, 404, problemNotFound}
}

// missing is the error of a record that is not there.
func missing(state store.State) error {
	switch state {
	case store.Erased:
		return ErrErased
	case store.Absent:
		return ErrNotFound
	}
	return nil
}

// entryOf is the entry of a request about one record.
func (s *Service) entryOf(a Access, target uuid.UUID, c store.Current, o outcome) audit.Entry {
	return about(s.entry(a, target, o.Outcome, o.status), c.ID, c.Version.Version)
}

// about makes an entry say which version of a record it is about; a zero id is of none.
func about(e audit.Entry, record uuid.UUID, version int64) audit.Entry {
	e.Record, e.Version = record, version
	if record != uuid.Nil {
		e.Object = audit.ObjectRecord
	}
	return e
}

// visible leaves out what the caller may not see of a record.
func (a Access) visible(v store.Version) store.Version {
	if !a.may(identity.NINORead) {
		v.Record.NationalInsuranceNumber, v.Record.NINOAsSent = "", ""
	}
	return v
}

// allVisible says of a record's JSON whether visible leaves it as it is.
func (a Access) allVisible(text []byte) bool {
	return a.may(identity.NINORead) || !bytes.Contains(text, []byte(`"nationalInsuranceNumber"`))
}

// visibleAt leaves out what the caller may not see of a version, where the
// record is at the current one by now: earlier values of gender need rights:read.
func (a Access) visibleAt(v store.Version, current int64) store.Version {
	if v.Version != current && !a.may(identity.RightsRead) {
		v.Record.Gender = equality.Gender{}
	}
	return a.visible(v)
}

// foreign turns an error of the store into one of this package.
func foreign(err error) error {
	switch {
	case errors.Is(err, store.ErrUnavailable):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case errors.Is(err, store.ErrCursorExpired):
		return ErrCursorExpired
	}
	return err
}

// A Listing is a page of records.
type Listing struct {
	Items []ListItem
	Next  string // cursor of the next page, empty on the last
}

// ListItem is a record of a page. Callers who may not read records are told
// which members it has and nothing of what they say.
type ListItem struct {
	store.Version
	Readable bool
	Members  []string // where it is not readable
}

// ListQuery asks for a page of records: by id, or by time of change where
// either time is set.
type ListQuery struct {
	ModifiedSince, ModifiedBefore time.Time // inclusive, exclusive; zero is unbounded
	Cursor                        string
	Limit                         int
}

// ListRecords returns a page of records. Errors: ErrBadCursor, ErrUnavailable.
func (s *Service) ListRecords(ctx context.Context, a Access, q ListQuery) (Listing, error) {
	if err := a.permits(List); err != nil {
		return Listing{}, err
	}
	sq := store.ListQuery{
		ByTime: !q.ModifiedSince.IsZero() || !q.ModifiedBefore.IsZero(),
		From:   q.ModifiedSince, Before: q.ModifiedBefore, Limit: q.Limit,
	}
	if q.Cursor != "" {
		var err error
		if sq.AfterAt, sq.AfterID, err = s.openListCursor(q); err != nil {
			return Listing{}, err
		}
	}
	page, more, err := s.store.List(ctx, sq, func(page []store.Version) audit.Entry {
		e := s.entry(a, uuid.Nil, audit.Done, 200)
		for _, v := range page {
			e.Object, e.Touched = audit.ObjectRecord, e.Touched.AppendID(v.ID)
		}
		return e
	})
	if err != nil {
		return Listing{}, foreign(err)
	}
	var l Listing
	for _, v := range page {
		item := ListItem{Version: a.visible(v), Readable: a.may(identity.EqualityRead)}
		if !item.Readable {
			item.Members = equality.MaskSensitive(v.Record.Members())
			item.Record = equality.Record{}
		}
		l.Items = append(l.Items, item)
	}
	if more {
		l.Next = s.sealListCursor(q, page[len(page)-1])
	}
	return l, nil
}

// HistoryLimit is how many versions a history tells of, from the newest down.
const HistoryLimit = 1000

// Versions returns the versions of a record, newest first: who made each,
// when, why, and which members it changed. Errors: ErrNotFound, ErrErased, ErrUnavailable.
func (s *Service) Versions(ctx context.Context, a Access, id uuid.UUID) ([]store.Version, error) {
	if err := a.permits(ReadHistory); err != nil {
		return nil, err
	}
	current, versions, err := s.store.History(ctx, id, math.MaxInt64, HistoryLimit,
		func(c store.Current, _ []store.Version) (audit.Entry, bool) {
			if c.State != store.Present {
				return s.entryOf(a, id, c, gone(c.State)), true
			}
			return s.entryOf(a, id, c, done), true
		})
	if err != nil {
		return nil, foreign(err)
	}
	if err := missing(current.State); err != nil {
		return nil, err
	}
	for i := range versions {
		versions[i].Record = equality.Record{}
		if !a.may(identity.EqualityRead) {
			versions[i].Change.Members = equality.MaskSensitive(versions[i].Change.Members)
		}
	}
	return versions, nil
}

// Version returns a record as it was at one version. Earlier values of gender
// are left out for callers without rights:read.
// Errors: ErrNotFound (the version, too), ErrErased, ErrUnavailable.
func (s *Service) Version(ctx context.Context, a Access, id uuid.UUID, version int64) (store.Version, error) {
	if err := a.permits(ReadHistory); err != nil {
		return store.Version{}, err
	}
	var found *store.Version
	current, _, err := s.store.History(ctx, id, version, 1,
		func(c store.Current, versions []store.Version) (audit.Entry, bool) {
			if c.State != store.Present {
				return s.entryOf(a, id, c, gone(c.State)), true
			}
			if len(versions) == 0 || versions[0].Version != version {
				return s.entryOf(a, id, c, gone(store.Absent)), true
			}
			found = &versions[0]
			return s.entryOf(a, id, store.Current{State: c.State, Version: *found}, done), true
		})
	if err != nil {
		return store.Version{}, foreign(err)
	}
	if err := missing(current.State); err != nil {
		return store.Version{}, err
	}
	if found == nil {
		return store.Version{}, ErrNotFound
	}
	return a.visibleAt(*found, current.Version.Version), nil
}
