package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/queries"
)

// DocumentID names a sealed document that is not a record. All kinds share the
// same tables, and every statement for them is shared by both engines.
type DocumentID struct {
	Kind  sealing.Kind
	Owner uuid.UUID // the record's id or the person's, as the kind says
	Name  string    // empty unless the kind has names
}

// Document is a version of a sealed document that is not a record, opened. It
// is Absent if there is none, and Erased if a person's has been erased: its version is then
// the last.
type Document struct {
	DocumentID
	State    State
	Version  int64
	Modified time.Time // UTC, microseconds
	Content  []byte    // JSON
	// Merged means that the person has been merged into another: of an entry, and of the link
	// that says so.
	Merged bool

	key *sealing.DataKey
}

// DocumentRow is a version of such a document as it is stored; of one that does not exist
// it has at most its owner's key.
type DocumentRow struct {
	Version  int64
	Modified int64 // microseconds since 1970, UTC
	Sealed   []byte
	Wrapped  []byte // its owner's data key; nil if the owner is a record, or has none yet
	Merged   bool
}

// FindDocument gives a document, and in Opened the record that owns it. Error:
// ErrUnavailable.
func (r Reader) FindDocument(ctx context.Context, id DocumentID) (Opened, error) {
	return FindFor(ctx, r.tables, r.keys, id.Command())
}

// DocumentHistory gives a document and up to limit of its versions, newest
// first, from one version down. Error: ErrUnavailable.
func (r Reader) DocumentHistory(ctx context.Context, id DocumentID, from int64, limit int) (current Document, versions []Document, err error) {
	o, err := r.FindDocument(ctx, id)
	if err != nil || o.Document.State != Present {
		return o.Document, nil, err
	}
	current = o.Document
	if current.Version <= from {
		versions = append(versions, current)
	}
	from = min(from, current.Version-1)
	err = inPortions(limit-len(versions), func(most int) ([]DocumentRow, error) {
		return r.tables.PastDocuments(ctx, current.DocumentID, from, most)
	}, func(row DocumentRow) (bool, error) {
		d, err := current.open(row)
		versions, from = append(versions, d), row.Version-1
		return true, err
	})
	if err != nil {
		return Document{}, nil, err
	}
	return current, versions, nil
}

// Command is a write of the document, as yet without an event.
func (id DocumentID) Command() Command {
	if id.Kind.Owner() == sealing.OwnerRecord {
		return Command{ID: id.Owner, Document: id}
	}
	return Command{Document: id}
}

func (id DocumentID) owner() sealing.Owner { return sealing.Owner{Kind: id.Kind.Owner(), ID: id.Owner} }

// Columns is the document's key in the tables: the first parameters of every
// statement about one document.
func (id DocumentID) Columns() []any {
	return []any{int64(id.Kind.Owner()), id.Owner[:], int64(id.Kind), id.Name}
}

func (id DocumentID) at(version int64) sealing.Document {
	return sealing.Document{Kind: id.Kind, Version: uint64(version), Name: id.Name}
}

// findDocument gives the document that a write names, under the key of the
// record that owns it or of its own owner. If there is a record, the document is
// that record's, or that of its person; the entry of a person who has been merged
// into another is the survivor's.
func findDocument(ctx context.Context, f Finder, keys *sealing.Keyset, id DocumentID, record Opened) (Document, error) {
	switch ofRecord := id.Kind.Owner() == sealing.OwnerRecord; {
	case ofRecord && record.State != Present:
		return Document{DocumentID: id}, nil
	case ofRecord:
		id.Owner = record.ID
	case record.State == Present:
		id.Owner = record.Target
	}
	for try := 0; ; try++ {
		d, err := openDocument(ctx, f, keys, id, record.key)
		if err != nil || id.Kind != sealing.KindPerson || d.State == Present && !d.Merged {
			return d, err
		}
		switch next, err := survivor(ctx, f, keys, id.Owner); {
		case err == nil:
			id.Owner = next
		case !errors.Is(err, errNoLink) || d.Merged && try == linkTries:
			return Document{}, err
		case !d.Merged:
			return d, nil
		}
	}
}

// openDocument gives a document as it is stored, under a record's key or that of its owner.
func openDocument(ctx context.Context, f Finder, keys *sealing.Keyset, id DocumentID, key *sealing.DataKey) (Document, error) {
	d := Document{DocumentID: id}
	if id.Kind.Owner() == sealing.OwnerRecord {
		d.key = key
	}
	row, err := f.FindDocument(ctx, id)
	if err != nil {
		return d, err
	}
	if row.Wrapped != nil {
		if d.key, err = keys.OpenDataKey(id.owner(), row.Wrapped); err != nil {
			return Document{}, fmt.Errorf("open the data key of a %v: %w", id.Kind, err)
		}
	}
	if row.Sealed == nil {
		return d, d.buried(ctx, f, keys)
	}
	return d.open(row)
}

// buried makes a document that is not there Erased if its owner's documents were erased: its
// version is then the last that any of them had.
func (d *Document) buried(ctx context.Context, f Finder, keys *sealing.Keyset) error {
	if d.Kind.Owner() == sealing.OwnerRecord {
		return nil // whose tombstone tells
	}
	stones, err := f.FindTombstones(ctx, d.Kind.Owner(), d.Owner, d.Owner)
	if err != nil {
		return err
	}
	o, err := Behind(keys, d.Owner, stones)
	d.State, d.Version, d.Modified = o.State, o.Version, o.Modified
	return err
}

// open opens a version of the document.
func (d Document) open(row DocumentRow) (Document, error) {
	if d.key == nil {
		return Document{}, fmt.Errorf("a %v has no data key: %w", d.Kind, sealing.ErrTampered)
	}
	content, err := d.key.Open(d.at(row.Version), row.Sealed)
	if err != nil {
		return Document{}, fmt.Errorf("open a %v: %w", d.Kind, err)
	}
	d.State, d.Version, d.Modified, d.Content = Present, row.Version, FromMicros(row.Modified), content
	d.Merged = row.Merged
	return d, nil
}

// PutDocument makes the next version of a document that was found, or the
// first, which after an erasure follows the last. The former version goes to the history.
type PutDocument struct {
	Found   Document
	Content []byte // JSON
	Event   string // the type of the event that it raises; empty raises none
	Least   int64  // the version is at least this

	hides bool // the document is a link that is in force
}

// Version is the version that the effect writes. Error: ErrLastVersion.
func (e PutDocument) Version() (int64, error) {
	next := int64(0)
	if e.Found.State != Absent {
		var err error
		if next, err = after(e.Found.Version); err != nil {
			return 0, err
		}
	}
	return atLeast(next, e.Least)
}

func (e PutDocument) plan(p *Plan, keys *sealing.Keyset) error {
	next := e.Found
	first := next.State != Present
	if next.Kind == 0 || next.Kind.Owner() == sealing.OwnerRecord && next.key == nil {
		return errors.New("a decision would write a document without its owner")
	}
	if next.key == nil {
		key, wrapped, err := p.keyOf(next.owner(), keys)
		if err != nil {
			return err
		}
		if next.key = key; wrapped != nil {
			p.add(queries.OwnerKeyInsert, int64(next.Kind.Owner()), next.Owner[:], wrapped)
		}
	}
	before := next.Version
	next.State, next.Content, next.Merged = Present, e.Content, e.hides
	var err error
	if next.Version, err = e.Version(); err != nil {
		return err
	}
	var changes DocumentID
	if !first {
		changes = next.DocumentID
	}
	row := DocumentRow{Sealed: next.key.Seal(next.at(next.Version), e.Content)}
	if first {
		if next.Kind == sealing.KindPerson {
			p.add(queries.LinkHold, next.Owner[:])
		}
		p.timed(queries.DocumentInsert, append(next.Columns(), next.Version, row.Sealed, Bit(next.Merged))...)
	} else {
		p.add(queries.DocumentMove, append(next.Columns(), before, Bit(e.Found.Merged))...)
		p.timed(queries.DocumentUpdate, append(next.Columns(), next.Version, row.Sealed, Bit(e.Found.Merged), Bit(next.Merged))...)
	}
	p.wroteDocument(next)
	hash := sha256.Sum256(row.Sealed)
	p.tell(told{object: audit.Object(next.Kind.String()), name: next.Name, id: next.Owner, target: next.Owner, version: next.Version,
		document: hash[:], event: e.Event}, changes, e.Found.Modified)
	return nil
}
