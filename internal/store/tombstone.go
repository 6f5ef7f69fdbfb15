package store

import (
	"cmp"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/queries"
)

// Tombstone is what is left of an erased record, or of an erased person's entry in the
// directory. The id of a record is never used again, and a later record of its target, or a
// later entry, begins with the version after its last.
type Tombstone struct {
	Kind       sealing.OwnerKind
	ID, Target uuid.UUID // of an entry, both are the person's
	Version    int64     // the last
	At         time.Time // of the erasure, in microseconds
	Reason     string
	By         string // the subject of the caller who erased it
	MAC        []byte // as stored
}

// The formats of a tombstone, which are the first byte under its MAC: that of records, and that
// of every other kind.
const (
	tombstoneOfRecord = 1
	tombstoneOfKind   = 2
)

// TombstoneMAC authenticates a tombstone, so that nothing can be made to look erased. It
// is the MAC under the tombstone key of the fields format (1), kind (1, unless the format is
// that of records), id (16), target (16), version (8), time (8, microseconds since 1970),
// reason and by, in this order; numbers are big-endian. The keyset must have the key.
func TombstoneMAC(keys *sealing.Keyset, t Tombstone) [32]byte {
	head := []byte{tombstoneOfRecord}
	if t.Kind != sealing.OwnerRecord {
		head = []byte{tombstoneOfKind, byte(t.Kind)}
	}
	var version, at [8]byte
	binary.BigEndian.PutUint64(version[:], uint64(t.Version))
	binary.BigEndian.PutUint64(at[:], uint64(Micros(t.At)))
	return keys.MAC(sealing.MACTombstone, head, t.ID[:], t.Target[:], version[:], at[:], []byte(t.Reason), []byte(t.By))
}

// OwnerKindOf is a stored kind; zero if there is no such kind.
func OwnerKindOf(stored int64) sealing.OwnerKind {
	if kind := sealing.OwnerKind(stored); int64(kind) == stored {
		return kind
	}
	return 0
}

// removal removes what is stored of a record, except its row in the National Insurance
// number index, and the names of members from its events; or what is stored of a person.
func (t Tombstone) removal(number int64) []Statement {
	if t.Kind != sealing.OwnerRecord {
		owner := []any{int64(t.Kind), t.ID[:]}
		return []Statement{
			{queries.EraseDocuments, owner}, {queries.EraseDocumentHistory, owner}, {queries.EraseOwnerKey, owner},
			{queries.EraseIDs, []any{t.ID[:], t.ID[:], int64(0)}}, // of who was merged into another, and had no record
		}
	}
	return []Statement{
		{queries.EraseEvents, []any{number, t.ID[:]}},
		{queries.EraseIDs, []any{t.ID[:], t.Target[:], number}},
		{queries.EraseDocuments, []any{int64(sealing.OwnerRecord), t.ID[:]}},
		{queries.EraseDocumentHistory, []any{int64(sealing.OwnerRecord), t.ID[:]}},
		{queries.EraseHistory, []any{number}},
		{queries.EraseKey, []any{number}},
		{queries.EraseRecord, []any{number}},
	}
}

// Buried is a record, or a person, that was erased after the backup, with its tombstone.
type Buried struct {
	// Number is that of the record, or how many documents of the person there are; 0 if it
	// was also created after the backup.
	Number int64
	// LogEnd is the time of the last entry of the restored log, in microseconds.
	LogEnd int64
	Tombstone
}

// clocksApart is how far the clocks of two servers may be apart.
const clocksApart = 5 * time.Minute

// proven reports why a tombstone is no reason to remove anything. A row alone is none: it must
// have been written with this keyset, after the restored log ends. Otherwise the log would tell
// of the erasure, and the tombstone comes from elsewhere.
// Errors: ErrForged, ErrNoErasure.
func (b Buried) proven(keys *sealing.Keyset) error {
	switch {
	case b.Verify(keys) != nil:
		return ErrForged
	case b.Number != 0 && b.At.Before(FromMicros(b.LogEnd).Add(-clocksApart)):
		return ErrNoErasure
	}
	return nil
}

// ErrNoErasure means that a tombstone is from a time at which the log has no erasure.
var ErrNoErasure = errors.New("its tombstone is from before the end of the restored access log, which does not tell of its erasure")

// Followed is what repeating erasures takes: the statements that remove what was erased, an
// entry for each erasure, and how many records and people's entries are removed.
type Followed struct {
	Statements []Statement
	Entries    []audit.Entry
	Gone
}

// Gone counts records, and people's entries in the directory, that a restore left out because
// they had been erased.
type Gone struct{ Records, People int64 }

// Follow repeats erasures made after the backup, each with an entry that is otherwise like the
// given one. Each tombstone must prove an erasure. Errors: ErrForged, ErrNoErasure.
func Follow(keys *sealing.Keyset, buried []Buried, entry audit.Entry) (f Followed, err error) {
	for _, b := range buried {
		object := erasedObjects[b.Kind]
		if err := b.proven(keys); err != nil {
			return Followed{}, fmt.Errorf("%s %v: %w", cmp.Or(object, "tombstone"), b.ID, err)
		}
		e := entry
		e.ID, e.Action, e.Scope = uuid.New(), audit.ActionErase, "erased after it was backed up"
		e.Record, e.Target, e.Version = b.ID, b.Target, b.Version
		switch ofRecord := b.Kind == sealing.OwnerRecord; {
		case ofRecord && b.Number == 0: // this log has nothing about the record
		case ofRecord:
			e.Object = object
			f.Statements = append(f.Statements, Statement{queries.EraseNumbers, []any{b.Number}})
			f.Records++
		default:
			e.Object = object
			f.People += min(b.Number, 1)
		}
		if b.Number != 0 {
			f.Statements = append(f.Statements, b.removal(b.Number)...)
		}
		f.Entries = append(f.Entries, e)
	}
	return f, nil
}

// ErrForged means that a tombstone was not written with this keyset.
var ErrForged = errors.New("a tombstone was not written with this keyset")

// Verify returns ErrUnavailable for a tombstone that was not written with this keyset:
// callers do not learn whether the record was erased.
func (t Tombstone) Verify(keys *sealing.Keyset) error {
	if mac := TombstoneMAC(keys, t); subtle.ConstantTimeCompare(mac[:], t.MAC) != 1 {
		return fmt.Errorf("%w: %w", ErrUnavailable, ErrForged)
	}
	return nil
}
