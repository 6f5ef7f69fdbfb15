package store

import (
	"context"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// EntryRow is a person's entry in the directory as it is stored.
type EntryRow struct {
	Person      uuid.UUID
	DocumentRow      // without a sealed document if there is no entry
	Erased      bool // a tombstone says that there was one, or a record, and there is neither
}

// PersonEntry names a person's entry in the directory.
func PersonEntry(person uuid.UUID) DocumentID {
	return DocumentID{Kind: sealing.KindPerson, Owner: person}
}

// FindWithEntry returns what Find returns, and the entry in the directory of the record's person
// in Document, as both were at one moment. unread says that the entry does not open.
// Error: ErrUnavailable.
func (r Reader) FindWithEntry(ctx context.Context, id uuid.UUID) (o Opened, unread, err error) {
	rows := &rowsWithEntries{Tables: r.tables}
	if o, err = find(ctx, rows, r.keys, id, id); err != nil || o.State != Present {
		return o, nil, err
	}
	switch {
	case rows.entry.Merged: // which a merge hides together with the record
		o.Document, unread = findDocument(ctx, r.tables, r.keys, PersonEntry(o.Target), Opened{})
	case rows.entry.Sealed == nil:
		o.Document.DocumentID = PersonEntry(o.Target)
	default:
		o.Document, unread = EntryRow{Person: o.Target, DocumentRow: rows.entry}.Open(r.keys)
	}
	return o, unread, nil
}

// rowsWithEntries finds rows together with their people's entries, and keeps the last entry.
type rowsWithEntries struct {
	Tables
	entry DocumentRow
}

func (r *rowsWithEntries) FindRow(ctx context.Context, id uuid.UUID) (row *Row, err error) {
	row, r.entry, err = r.FindRowWithEntry(ctx, id)
	return row, err
}

// MostEntries is how many people Entries may be asked for.
const MostEntries = 1000

// Entries gives the entries of people, in any order; give is not called for people without one.
// err says that an entry does not open. Error: ErrUnavailable.
func (r Reader) Entries(ctx context.Context, people []uuid.UUID, give func(d Document, err error)) error {
	rows, err := r.tables.FindEntries(ctx, people)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Sealed != nil && !row.Merged {
			give(row.Open(r.keys))
		}
	}
	return nil
}

// Open opens an entry. The document is named even if there is an error.
func (r EntryRow) Open(keys *sealing.Keyset) (d Document, err error) {
	d.DocumentID = PersonEntry(r.Person)
	if r.Wrapped != nil {
		if d.key, err = keys.OpenDataKey(d.owner(), r.Wrapped); err != nil {
			return d, err
		}
	}
	opened, err := d.open(r.DocumentRow)
	if err != nil {
		return d, err
	}
	return opened, nil
}
