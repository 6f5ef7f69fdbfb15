package store

import (
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// Tombstone is what is left of an erased record: its id is never given again,
// and a later record of its target begins with the version after its last.
type Tombstone struct {
	ID, Target uuid.UUID
	Version    int64     // the last
	At         time.Time // of the erasure, in microseconds
	Reason     string
	By         string // the subject of who erased it
	MAC        []byte // as it is stored
}

// tombstoneFormat is the first byte that a tombstone's MAC is over.
const tombstoneFormat = 1

// TombstoneMAC authenticates a tombstone, so that no record seems erased that
// was not. It is the MAC under the tombstone key of the fields format (1), id
// (16), target (16), version (8), time (8, microseconds since 1970), reason and
// by, in this order; numbers are big-endian. The keyset must have the key.
func TombstoneMAC(keys *sealing.Keyset, t Tombstone) [32]byte {
	var version, at [8]byte
	binary.BigEndian.PutUint64(version[:], uint64(t.Version))
	binary.BigEndian.PutUint64(at[:], uint64(Micros(t.At)))
	return keys.MAC(sealing.MACTombstone, []byte{tombstoneFormat}, t.ID[:], t.Target[:], version[:], at[:], []byte(t.Reason), []byte(t.By))
}

// errForged is a tombstone that was not written with the keyset.
var errForged = errors.New("a tombstone was not written by this program")

// Verify is ErrUnavailable for a tombstone that was not written with the
// keyset: nobody is told that the record was erased, nor that it was not.
func (t Tombstone) Verify(keys *sealing.Keyset) error {
	if mac := TombstoneMAC(keys, t); !hmac.Equal(mac[:], t.MAC) {
		return fmt.Errorf("%w: %w", ErrUnavailable, errForged)
	}
	return nil
}
