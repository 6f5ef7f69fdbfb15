package store

import (
	"strings"
	"time"
)

// The names of values that belong to the whole database.
const (
	MetaKeyset = "keyset-check" // the keyset's check value
	MetaEpoch  = "feed-epoch"   // 16 bytes; a restore begins a new one
	MetaFloor  = "feed-floor"   // the last position dropped from the feed, 8 bytes big-endian
	MetaProbe  = "last-probe"   // when /readyz last tried to write, on SQLite
	MetaClock  = "last-time"    // the time as last known, 8 bytes big-endian, in microseconds
	// MetaMark comes before the name of a mark.
	MetaMark = "mark:"
)

// storedValue reports whether a value is one that this program stores: verification finds
// any other.
func storedValue(name string, value []byte) bool {
	switch name {
	case MetaKeyset: // which was compared with the keyset
		return true
	case MetaEpoch:
		return len(value) == 16
	case MetaFloor:
		return len(value) == 8 && floorOf(value) >= 0
	case MetaClock:
		return len(value) == 8
	case MetaProbe:
		_, err := time.Parse(time.RFC3339, string(value))
		return err == nil
	}
	return strings.HasPrefix(name, MetaMark)
}
