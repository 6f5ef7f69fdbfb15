package store

import (
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

// Tombstone is what is left of an erased record: its id is never used again, and a later
// record of its target begins with the version after its last.
type Tombstone struct {
	ID, Target uuid.UUID
	Version    int64     // the last
	At         time.Time // of the erasure, in microseconds
	Reason     string
	By         string // the subject of the caller who erased it
	MAC        []byte // as stored
}

// tombstoneFormat is the first byte under a tombstone's MAC.
const tombstoneFormat = 1

// TombstoneMAC authenticates a tombstone, so that no record can be made to look erased. It
// is the MAC under the tombstone key of the fields format (1), id (16), target (16),
// version (8), time (8, microseconds since 1970), reason and by, in this order; numbers are
// big-endian. The keyset must have the key.
func TombstoneMAC(keys *sealing.Keyset, t Tombstone) [32]byte {
	var version, at [8]byte
	binary.BigEndian.PutUint64(version[:], uint64(t.Version))
	binary.BigEndian.PutUint64(at[:], uint64(Micros(t.At)))
	return keys.MAC(sealing.MACTombstone, []byte{tombstoneFormat}, t.ID[:], t.Target[:], version[:], at[:], []byte(t.Reason), []byte(t.By))
}

// removal removes what is stored of the record, except its row in the National Insurance
// number index, and the names of members from its events.
func (t Tombstone) removal(number int64) []Statement {
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

// Buried is a record that was erased after the backup, with its tombstone.
type Buried struct {
	Number int64 // 0 if the record was also created after the backup
	Tombstone
}

// Follow repeats erasures made after the backup. It returns the statements that remove the
// records, and for each erasure an entry that is otherwise like the given one. A row alone
// is no proof: each tombstone must have been written with this keyset. Error: ErrForged.
func Follow(keys *sealing.Keyset, buried []Buried, entry audit.Entry) (statements []Statement, entries []audit.Entry, removed int64, err error) {
	for _, b := range buried {
		if b.Verify(keys) != nil {
			return nil, nil, 0, ErrForged
		}
		e := entry
		e.ID, e.Action, e.Scope = uuid.New(), audit.ActionErase, "erased after it was backed up"
		e.Record, e.Target, e.Version = b.ID, b.Target, b.Version
		if b.Number != 0 { // otherwise this log has nothing about the record
			e.Object = audit.ObjectRecord
			statements = append(append(statements, Statement{queries.EraseNumbers, []any{b.Number}}), b.removal(b.Number)...)
			removed++
		}
		entries = append(entries, e)
	}
	return statements, entries, removed, nil
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
