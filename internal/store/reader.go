package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// Finder is how an engine finds what an id leads to. Every method may return
// ErrUnavailable.
type Finder interface {
	// FindRow returns the current row of the record that an id leads to, its own or its
	// target's, merged or not; nil if there is none.
	FindRow(ctx context.Context, id uuid.UUID) (*Row, error)
	// FindTombstones gives the tombstones of a kind that have the id, and those of the target.
	FindTombstones(ctx context.Context, kind sealing.OwnerKind, id, target uuid.UUID) ([]Tombstone, error)
	// FindDocument gives the current version of a document; nil if there is none.
	FindDocument(ctx context.Context, id DocumentID) (DocumentRow, error)
}

// Tables is how an engine reads its rows. Every method may return ErrUnavailable.
type Tables interface {
	Finder
	// FindRowWithEntry gives the row that FindRow gives, with the person's entry.
	FindRowWithEntry(ctx context.Context, id uuid.UUID) (*Row, error)
	// PastRows gives a portion of up to limit earlier versions of a record, newest first,
	// from one version down.
	PastRows(ctx context.Context, number, from int64, limit int) ([]Row, error)
	// PastDocuments gives a portion of up to limit earlier versions of a document, newest
	// first, from one version down.
	PastDocuments(ctx context.Context, id DocumentID, from int64, limit int) ([]DocumentRow, error)
	// FindEntries gives the current entries in the directory of up to MostEntries people, a row
	// for each.
	FindEntries(ctx context.Context, people []uuid.UUID) ([]EntryRow, error)
	// ListRows gives a portion of a page of current rows, with entries if the query asks for them.
	ListRows(ctx context.Context, q ListQuery) ([]Row, error)
	// FindNINO gives up to limit people whose records are in the National Insurance number index
	// under a keyed hash.
	FindNINO(ctx context.Context, hash []byte, limit int) ([]uuid.UUID, error)
	// SharedNINOs gives up to limit rows of that index, from one place on.
	SharedNINOs(ctx context.Context, from NINOPlace, limit int) ([]NINORow, error)
}

// Reader reads records from an engine's tables. Log a read in the access log before anybody
// sees the result.
type Reader struct {
	tables Tables
	keys   *sealing.Keyset
}

// NewReader reads from tables.
func NewReader(tables Tables, keys *sealing.Keyset) Reader { return Reader{tables, keys} }

// Find returns what an id leads to: a record, by its own id or its target's, or the survivor's
// if the person has been merged into another; otherwise an erased one; otherwise nothing.
// Error: ErrUnavailable.
func (r Reader) Find(ctx context.Context, id uuid.UUID) (Opened, error) {
	return find(ctx, r.tables, r.keys, id, id)
}

// History returns what an id leads to by itself, merged or not, and up to limit versions of
// the record, newest first, from one version down. It is for few versions, because all are
// open in the end.
// Error: ErrUnavailable.
func (r Reader) History(ctx context.Context, id uuid.UUID, from int64, limit int) (current Opened, versions []Opened, err error) {
	current, err = decoded(findItself(ctx, r.tables, r.keys, id))
	if err != nil || current.State != Present {
		return current, nil, err
	}
	if current.Version <= from {
		versions = append(versions, current)
	}
	err = r.past(ctx, current, min(from, current.Version-1), limit-len(versions), func(row Row) error {
		v, err := decoded(current.past(row))
		versions = append(versions, v)
		return err
	})
	if err != nil {
		return Opened{}, nil, err
	}
	return current, versions, nil
}

// past reads up to limit earlier versions of a record, newest first, from one version down.
func (r Reader) past(ctx context.Context, current Opened, from int64, limit int, yield func(Row) error) error {
	// Below the version that was found: there may be a newer one by now.
	from = min(from, current.Version-1)
	return inPortions(limit, func(most int) ([]Row, error) {
		return r.tables.PastRows(ctx, current.number, from, most)
	}, func(row Row) (bool, error) {
		from = row.Version - 1
		return true, yield(row)
	})
}

// Made is a version of a record without its answers: when, why and by whom it was made, and
// which members it changed.
type Made struct {
	Version  int64
	Modified time.Time // UTC, microseconds
	Provenance
}

// Versions returns what an id leads to by itself, merged or not, and how up to limit versions of the record were made,
// newest first. It opens one version at a time. Error: ErrUnavailable.
func (r Reader) Versions(ctx context.Context, id uuid.UUID, limit int) (current Opened, made []Made, err error) {
	current, err = decoded(findItself(ctx, r.tables, r.keys, id))
	if err != nil || current.State != Present {
		return current, nil, err
	}
	made = append(made, Made{current.Version, current.Modified, current.Provenance})
	err = r.past(ctx, current, current.Version-1, limit-1, func(row Row) error {
		p, err := current.provenance(row)
		made = append(made, Made{row.Version, FromMicros(row.Modified), p})
		return err
	})
	if err != nil {
		return Opened{}, nil, err
	}
	return current, made, nil
}

// List yields a page of records, as Find returns them, and reports whether there are more. It
// opens one at a time. Errors: ErrUnavailable, or the error of yield, which ends the page.
func (r Reader) List(ctx context.Context, q ListQuery, yield func(Opened) error) (more bool, err error) {
	limit, bytes, n := q.Limit, 0, 0
	err = inPortions(limit+1, func(most int) ([]Row, error) {
		q.Limit = most
		return r.tables.ListRows(ctx, q)
	}, func(row Row) (bool, error) {
		if n == limit || n > 0 && q.Bytes > 0 && bytes+row.Size() > q.Bytes {
			more = true
			return false, nil
		}
		o, err := row.Open(r.keys)
		if err != nil {
			return false, err
		}
		n, bytes = n+1, bytes+row.Size()
		q.AfterID, q.AfterAt = o.ID, o.Modified
		return true, yield(o)
	})
	return more && err == nil, err
}

// FindFor gives what a write is decided on: what its id leads to; for a create
// what stands in its way, which is the person's record, else the record that
// has the id, and the tombstones behind both. If the write names a document, it
// gives that too, and what is stored of the people whom it is about.
func FindFor(ctx context.Context, t Tables, keys *sealing.Keyset, cmd Command) (o Opened, err error) {
	id, target := cmd.ID, cmd.ID
	if cmd.Target != uuid.Nil {
		if o, target, err = lookUp(ctx, t, keys, cmd.Target); id == cmd.Target {
			id = target
		}
	}
	if err == nil && o.State != Present && id != uuid.Nil {
		survivor := o.Survivor
		o, err = find(ctx, t, keys, id, target)
		o.Survivor = cmp.Or(o.Survivor, survivor)
	}
	if err == nil && cmd.Document.Kind != 0 {
		o.Document, err = findDocument(ctx, t, keys, cmd.Document, o)
	}
	if err == nil {
		err = findNames(ctx, t, keys, &o, cmd.Names)
	}
	if err == nil {
		o.People, err = findPeople(ctx, t, keys, o, cmd)
	}
	return decoded(o, err)
}

// find gives what an id leads to, or the tombstones behind it and a target.
func find(ctx context.Context, f Finder, keys *sealing.Keyset, id, target uuid.UUID) (Opened, error) {
	o, at, err := lookUp(ctx, f, keys, id)
	if err != nil || o.State == Present {
		return o, err
	}
	if at != id {
		id, target = at, at
	}
	behind, err := behind(ctx, f, keys, id, target)
	behind.Survivor = o.Survivor
	return behind, err
}

// findItself gives what an id leads to, without following any merge.
func findItself(ctx context.Context, f Finder, keys *sealing.Keyset, id uuid.UUID) (Opened, error) {
	o, err := openRow(ctx, f, keys, id)
	if err != nil || o.State == Present {
		return o, err
	}
	return behind(ctx, f, keys, id, id)
}

func behind(ctx context.Context, f Finder, keys *sealing.Keyset, id, target uuid.UUID) (Opened, error) {
	stones, err := f.FindTombstones(ctx, sealing.OwnerRecord, id, target)
	if err != nil {
		return Opened{}, err
	}
	return Behind(keys, id, stones)
}

// Behind gives what the tombstones of an id say: an erased record, or nothing if there are
// none. Error: ErrForged.
func Behind(keys *sealing.Keyset, id uuid.UUID, stones []Tombstone) (Opened, error) {
	if len(stones) == 0 {
		return Opened{}, nil
	}
	for _, t := range stones {
		if err := t.Verify(keys); err != nil {
			return Opened{}, err
		}
	}
	// A record's own id takes precedence over its person's. Of several records of a person,
	// the last one was erased last.
	last := slices.MaxFunc(stones, func(a, b Tombstone) int {
		if own := btoi(a.ID == id) - btoi(b.ID == id); own != 0 {
			return own
		}
		return cmp.Compare(a.Version, b.Version)
	})
	return Opened{State: Erased, ID: last.ID, Target: last.Target, Version: last.Version, Modified: last.At, Tombstones: stones}, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// openRow opens the record that an id leads to, merged or not; it is Absent where there is none.
func openRow(ctx context.Context, f Finder, keys *sealing.Keyset, id uuid.UUID) (Opened, error) {
	row, err := f.FindRow(ctx, id)
	switch {
	case err != nil || row == nil:
		return Opened{}, err
	case row.Number == 0 && row.Merged:
		return Opened{Merged: true, Target: id}, nil
	case !row.IsOf(id):
		return Opened{}, ErrMisplaced
	}
	o, err := row.Open(keys)
	if err != nil {
		return Opened{}, err
	}
	return o, nil
}

func decoded(o Opened, err error) (Opened, error) {
	if err != nil {
		return Opened{}, err
	}
	return o.Decode()
}
