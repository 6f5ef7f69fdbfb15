package store

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// Tombstone is what is left of an erased record.
type Tombstone struct {
	ID, Target uuid.UUID
	Version    int64 // the last one
	At         time.Time
	Reason     string
	By         string // the subject who erased it
	MAC        []byte // as it is stored
}

var errForged = errors.New("a tombstone was not written by this program")

func TombstoneMAC(keys *sealing.Keyset, t Tombstone) [32]byte {
	return keys.MAC(sealing.MACAudit, t.ID[:], t.Target[:], fmt.Append(nil, t.Version, t.At.UnixMicro()), []byte(t.Reason), []byte(t.By))
}

// Verify is ErrUnavailable for a tombstone that this program did not write
// with the keyset: nobody is told that the record was erased, or was not.
func (t Tombstone) Verify(keys *sealing.Keyset) error {
	if mac := TombstoneMAC(keys, t); !hmac.Equal(mac[:], t.MAC) {
		return fmt.Errorf("%w: %w", ErrUnavailable, errForged)
	}
	return nil
}
