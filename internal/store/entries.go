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
	Taken       bool // the id is that of another person's record
}

// PersonEntry names a person's entry in the directory.
func PersonEntry(person uuid.UUID) DocumentID {
	return DocumentID{Kind: sealing.KindPerson, Owner: person}
}

// FindWithEntry returns what Find returns, and the entry in the directory of the record's person
// in Document, as both were at one moment. Error: ErrUnavailable.
func (r Reader) FindWithEntry(ctx context.Context, id uuid.UUID) (Opened, error) {
	o, err := find(ctx, withEntries{r.tables}, r.keys, id, id)
	if err == nil && o.State == Present && o.Document.Merged { // without its record
		o.Document, o.Unread = findDocument(ctx, r.tables, r.keys, o.Document.DocumentID, Opened{})
	}
	return o, err
}

// withEntries finds rows with their people's entries.
type withEntries struct{ Tables }

func (t withEntries) FindRow(ctx context.Context, id uuid.UUID) (*Row, error) {
	return t.FindRowWithEntry(ctx, id)
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
