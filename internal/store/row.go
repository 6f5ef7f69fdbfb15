package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// ErrMisplaced is a row that leads to another person's record. Somebody has
// changed the database by hand: what the row holds must not be shown.
var ErrMisplaced = errors.New("a stored document does not belong to the record that its row names")

// Row is a version of a record as it is stored.
type Row struct {
	Number     int64 // the engine's own name of the record; 0 of one that is to be written
	ID, Target uuid.UUID
	Version    int64
	Modified   int64 // microseconds since 1970, UTC
	Sealed     []byte
	Wrapped    []byte // the data key; of a row to be written, that of a new record only
}

// Open opens a row. The record is decoded only where it cannot be shown as it
// is stored; Decode does the rest. A row that cannot be opened is an error,
// never an empty record: sealing.ErrTampered or ErrMisplaced. The ids are set
// all the same.
func (r Row) Open(keys *sealing.Keyset) (Opened, error) {
	o := Opened{State: Present, ID: r.ID, Target: r.Target, Version: r.Version, Modified: FromMicros(r.Modified), number: r.Number}
	key, err := keys.OpenDataKey(r.owner(), r.Wrapped)
	if err != nil {
		return o, fmt.Errorf("open the data key of a record: %w", err)
	}
	o.key = key
	return o, o.unseal(r.Sealed)
}

func (r Row) owner() sealing.Owner { return sealing.Owner{Kind: sealing.OwnerRecord, ID: r.ID} }

func (o Opened) document() sealing.Document {
	return sealing.Document{Kind: sealing.KindRecord, Version: uint64(o.Version)}
}

// past opens an earlier version of a record that is open. Error: as of Open.
func (o Opened) past(r Row) (Opened, error) {
	p := Opened{State: Present, ID: o.ID, Target: o.Target, Version: r.Version, Modified: FromMicros(r.Modified), number: o.number, key: o.key}
	return p, p.unseal(r.Sealed)
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

// Decode gives the record whole. Error: one that names no value.
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

// Hash is what the access log keeps of the document.
func (r Row) Hash() []byte {
	sum := sha256.Sum256(r.Sealed)
	return sum[:]
}

// IsOf says whether an id is one that leads to the row.
func (r Row) IsOf(id uuid.UUID) bool { return id == r.ID || id == r.Target }

// seal makes the row of a version, under the record's key; without one the
// record is new and gets a key of its own. The version's Text is set where the
// record can be shown as it is stored.
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

// Micros is how a time is stored.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// FromMicros is a stored time.
func FromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// Stripped is the version as it stands, without what could decode more of it.
func (o Opened) Stripped() Opened {
	o.plain, o.key, o.number = nil, nil, 0
	return o
}
