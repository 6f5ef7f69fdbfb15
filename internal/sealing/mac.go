package sealing

import (
	"encoding/binary"
	"fmt"
)

// MACKey names one of the keyset's MAC keys. Each use has its own key, so that a hash for
// one use reveals nothing about another.
type MACKey uint8

// The MAC keys. The file has them by name. The check value uses their order, so add a new
// one at the end.
const (
	MACAudit        MACKey = iota // chain of the access log
	MACNINO                       // index of National Insurance numbers
	MACPersonSearch               // only for deriving the later keys
	MACIdempotency                // idempotency keys and request bodies
	MACAddress                    // network addresses in the access log
	MACPseudonym                  // pseudonyms in reporting extracts
	MACTombstone                  // tombstones of erased records
	MACAPIKey                     // API keys
	MACRecordKey                  // record keys

	macKeys = iota // how many keys there are

	// firstMACKeys is how many keys every keyset has. The file of an earlier program may
	// lack the later ones.
	firstMACKeys = MACTombstone
)

var macKeyNames = [macKeys]string{
	MACAudit:        "audit",
	MACNINO:         "nino",
	MACPersonSearch: "person-search",
	MACIdempotency:  "idempotency",
	MACAddress:      "address",
	MACPseudonym:    "pseudonym",
	MACTombstone:    "tombstone",
	MACAPIKey:       "api-key",
	MACRecordKey:    "record-key",
}

// String returns the key's name in the keyset file.
func (m MACKey) String() string {
	if int(m) >= macKeys {
		return fmt.Sprintf("MACKey(%d)", uint8(m))
	}
	return macKeyNames[m]
}

// MAC returns the HMAC-SHA-256 of the fields under a key. The length of each field (8
// bytes, big-endian) is hashed before it, so that two different lists of fields never hash
// the same bytes. The key must be one of the constants and not [Keyset.Missing].
func (k *Keyset) MAC(key MACKey, fields ...[]byte) [32]byte {
	if k.macs[key] == nil {
		panic("sealing: the keyset lacks the key " + key.String())
	}
	size := 0
	for _, f := range fields {
		size += 8 + len(f)
	}
	data := make([]byte, 0, size)
	for _, f := range fields {
		data = binary.BigEndian.AppendUint64(data, uint64(len(f)))
		data = append(data, f...)
	}
	return [32]byte(must(k.macs[key].ComputeMAC(data)))
}
