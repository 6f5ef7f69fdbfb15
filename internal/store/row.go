package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// ErrMisplaced means that a row leads to another person's record. Somebody has changed the
// database directly, so the contents of the row must not be shown.
var ErrMisplaced = errors.New("a stored document does not belong to the record that its row names")

// MaxVersion is the highest version that a record can have: every JSON parser reads
// numbers up to it exactly.
const MaxVersion = 1<<53 - 1

// Row is a stored version of a record.
type Row struct {
	Number     int64 // the engine's own number for the record; 0 for a new one
	ID, Target uuid.UUID
	Version    int64
	Modified   int64 // microseconds since 1970, UTC
	Sealed     []byte
	Wrapped    []byte // the data key; in a row to write, only for a new record
	// Merged means that the person has been merged into another. Without a record there is then
	// a row all the same, without a number.
	Merged bool
	// Entry is the person's in the directory, if it was asked for; without a sealed document if
	// there is none.
	Entry *DocumentRow
}

// Open opens a row. It decodes the record only if it cannot be shown as it is stored;
// Decode does the rest. A row that cannot be opened is an error, never an empty record:
// sealing.ErrTampered or ErrMisplaced. The ids are set even then.
func (r Row) Open(keys *sealing.Keyset) (Opened, error) {
	o := Opened{State: Present, ID: r.ID, Target: r.Target, Version: r.Version, Modified: FromMicros(r.Modified), Merged: r.Merged, number: r.Number}
	key, err := keys.OpenDataKey(r.owner(), r.Wrapped)
	if err != nil {
		return o, fmt.Errorf("open the data key of a record: %w", err)
	}
	o.key = key
	if r.Entry != nil {
		o.Document, o.Unread = r.openEntry(keys)
	}
	return o, o.unseal(r.Sealed)
}

// openEntry opens the person's entry. One that a merge hides is only named.
func (r Row) openEntry(keys *sealing.Keyset) (Document, error) {
	if r.Entry.Sealed == nil || r.Entry.Merged {
		return Document{DocumentID: PersonEntry(r.Target), Merged: r.Entry.Merged}, nil
	}
	return EntryRow{Person: r.Target, DocumentRow: *r.Entry}.Open(keys)
}

func (r Row) owner() sealing.Owner { return sealing.Owner{Kind: sealing.OwnerRecord, ID: r.ID} }

func (o Opened) document() sealing.Document {
	return sealing.Document{Kind: sealing.KindRecord, Version: uint64(o.Version)}
}

// past opens an earlier version of an open record. Errors as in Open.
func (o Opened) past(r Row) (Opened, error) {
	p := Opened{State: Present, ID: o.ID, Target: o.Target, Version: r.Version, Modified: FromMicros(r.Modified), number: o.number, key: o.key}
	return p, p.unseal(r.Sealed)
}

// provenance opens an earlier version of an open record, and decodes only how it was made.
// Errors as in Open.
func (o Opened) provenance(r Row) (Provenance, error) {
	plain, err := o.key.Open(sealing.Document{Kind: sealing.KindRecord, Version: uint64(r.Version)}, r.Sealed)
	if err != nil {
		return Provenance{}, fmt.Errorf("open the document of a record: %w", err)
	}
	return decodeProvenance(plain, o.ID, o.Target)
}

func (o *Opened) unseal(document []byte) (err error) {
	if o.plain, err = o.key.Open(o.document(), document); err != nil {
		return fmt.Errorf("open the document of a record: %w", err)
	}
	if o.Text, err = verbatim(o.plain, o.ID, o.Target); err != nil || o.Text != nil {
		return err
	}
	return o.decode()
}

// Decode decodes the whole record. Its error contains no value.
func (o Opened) Decode() (Opened, error) {
	if o.Text == nil || o.plain == nil {
		return o, nil
	}
	err := o.decode()
	return o, err
}

func (o *Opened) decode() error {
	if err := DecodeDocument(o.plain, o); err != nil {
		return err
	}
	if o.Record.ID != o.ID || o.Record.TargetID != o.Target {
		return ErrMisplaced
	}
	o.plain = nil
	return nil
}

// Hash returns the hash of the document for the access log.
func (r Row) Hash() []byte {
	sum := sha256.Sum256(r.Sealed)
	return sum[:]
}

// IsOf reports whether an id leads to the row.
func (r Row) IsOf(id uuid.UUID) bool { return id == r.ID || id == r.Target }

// seal makes the row of a version with the record's key; without a key the record is new
// and gets one. It sets the version's Text if the record can be shown as it is stored.
func (o *Opened) seal(keys *sealing.Keyset) (r Row, err error) {
	r = Row{Number: o.number, ID: o.ID, Target: o.Target, Version: o.Version}
	if o.key == nil {
		if o.key, r.Wrapped, err = keys.NewDataKey(r.owner()); err != nil {
			return Row{}, err
		}
	}
	plain, err := EncodeDocument(*o)
	if err != nil {
		return Row{}, err
	}
	if o.Text, err = verbatim(plain, o.ID, o.Target); err != nil {
		return Row{}, err
	}
	r.Sealed = o.key.Seal(o.document(), plain)
	return r, nil
}

// Bit is a truth as its column has it.
func Bit(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// Micros returns a time in its stored form.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// FromMicros returns a stored time.
func FromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// Stripped returns the version without what Decode needs to decode more of it.
func (o Opened) Stripped() Opened {
	o.plain, o.key, o.number = nil, nil, 0
	return o
}

// Described returns only which version of which record it is, and its time.
func (o Opened) Described() Opened {
	return Opened{State: o.State, ID: o.ID, Target: o.Target, Version: o.Version, Modified: o.Modified}
}
