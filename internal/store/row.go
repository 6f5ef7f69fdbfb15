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
// changed the database by hand: what it gives must not be shown.
var ErrMisplaced = errors.New("a stored document belongs to a different record than its row says")

// Row is a record as an engine reads it from its tables.
type Row struct {
	Number          int64 // the engine's own name of the record
	ID, Target      uuid.UUID
	Version         int64
	Modified        int64 // microseconds since 1970, UTC
	Sealed, Wrapped []byte
}

// Opened is a record as it was found, with the key that seals its next version.
type Opened struct {
	Current
	Number int64
	Key    *sealing.DataKey
}

// Open opens a row. One that cannot be opened is an error, never an empty
// record: sealing.ErrTampered or ErrMisplaced; the ids are set all the same.
func (r Row) Open(keys *sealing.Keyset) (Opened, error) {
	o := Opened{Current: r.current(), Number: r.Number}
	plain, key, err := r.unseal(keys)
	if err != nil {
		return o, err
	}
	o.Key = key
	return o, o.decode(plain)
}

// Read is Open for who shows the record: a document that can be shown as it is
// stored is not decoded.
func (r Row) Read(keys *sealing.Keyset) (f Found, err error) {
	f.Current = r.current()
	if f.plain, _, err = r.unseal(keys); err != nil {
		return f, err
	}
	if f.Text, err = verbatim(f.plain, f.ID, f.Target); err != nil || f.Text != nil {
		return f, err
	}
	return f, f.decode(f.plain)
}

// IsOf says whether an id is one that leads to the row.
func (r Row) IsOf(id uuid.UUID) bool { return id == r.ID || id == r.Target }

func (r Row) current() Current {
	return Current{State: Present, Version: Version{ID: r.ID, Target: r.Target, Version: r.Version, Modified: FromMicros(r.Modified)}}
}

func (r Row) unseal(keys *sealing.Keyset) (plain []byte, key *sealing.DataKey, err error) {
	if key, err = keys.OpenDataKey(r.ID, r.Wrapped); err != nil {
		return nil, nil, fmt.Errorf("open the data key of a record: %w", err)
	}
	plain, err = unseal(key, r.Version, r.Sealed)
	return plain, key, err
}

func unseal(key *sealing.DataKey, version int64, document []byte) ([]byte, error) {
	plain, err := key.Open(sealing.KindRecord, uint64(version), document)
	if err != nil {
		return nil, fmt.Errorf("open the document of a record: %w", err)
	}
	return plain, nil
}

// OpenVersion opens the document of the version that v names into it.
func OpenVersion(key *sealing.DataKey, document []byte, v *Version) error {
	plain, err := unseal(key, v.Version, document)
	if err != nil {
		return err
	}
	return v.decode(plain)
}

func (v *Version) decode(plain []byte) error {
	if err := DecodeDocument(plain, v); err != nil {
		return err
	}
	if v.Record.ID != v.ID || v.Record.TargetID != v.Target {
		return ErrMisplaced
	}
	return nil
}

// Sealed is a version ready to be written. Its time is set when it is.
type Sealed struct {
	Version
	Wrapped  []byte // the data key, of a new record only
	Document []byte
}

// Hash is what the access log keeps of the document.
func (v Sealed) Hash() []byte {
	sum := sha256.Sum256(v.Document)
	return sum[:]
}

// Seal seals a version under the record's key; without one the record is new
// and gets a key of its own.
func (v Version) Seal(keys *sealing.Keyset, key *sealing.DataKey) (Sealed, error) {
	s := Sealed{Version: v}
	if key == nil {
		var err error
		if key, s.Wrapped, err = keys.NewDataKey(v.ID); err != nil {
			return Sealed{}, err
		}
	}
	plain, err := EncodeDocument(v)
	if err != nil {
		return Sealed{}, err
	}
	s.Document = key.Seal(sealing.KindRecord, uint64(v.Version), plain)
	return s, nil
}

// Plan is a decision on a record as it was found, and the version it makes,
// ready to be written.
type Plan struct {
	Found    Opened
	Decision Decision
	Refusal  error
	Next     Sealed // where Decision.Next is set
}

// NewPlan has a write decided on a record as it was found, and seals what is
// to be written.
func NewPlan(keys *sealing.Keyset, found Opened, decide func(Current) (Decision, error)) (Plan, error) {
	p := Plan{Found: found}
	p.Decision, p.Refusal = decide(found.Current)
	if p.Refusal != nil {
		p.Decision.Next = nil
	}
	next := p.Decision.Next
	if next == nil {
		return p, nil
	}
	if found.State == Present && (next.ID != found.ID || next.TargetID != found.Target) {
		return p, errors.New("a decision would give a record other ids than it has")
	}
	v := Version{ID: next.ID, Target: next.TargetID, Change: p.Decision.Change, Record: *next, Verbatim: p.Decision.Verbatim}
	if found.State != Absent {
		v.Version = found.Version.Version + 1
	}
	var err error
	p.Next, err = v.Seal(keys, found.Key)
	return p, err
}

// Writes says whether the plan makes a version.
func (p *Plan) Writes() bool { return p.Decision.Next != nil }

// Result is what the caller is told once the plan is durable.
func (p *Plan) Result() (Current, error) {
	if !p.Writes() {
		return p.Found.Current, p.Refusal
	}
	return Current{State: Present, Version: p.Next.Version}, nil
}

// Micros is how a time is stored.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// FromMicros is a stored time.
func FromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }
