package sealing

import (
	"encoding/binary"
	"fmt"
)

// MACKey names one of the keyset's MAC keys. Each use has its own, so that a
// hash made for one says nothing about another.
type MACKey uint8

// The MAC keys. The file knows them by name; their order is that of the check
// value, so a new one goes last.
const (
	MACAudit        MACKey = iota // chain of the access log
	MACNINO                       // index of National Insurance numbers
	MACPersonSearch               // nothing but the later keys, which are derived from it
	MACIdempotency                // idempotency keys and request bodies
	MACAddress                    // network addresses in the access log
	MACPseudonym                  // pseudonyms in reporting extracts
	MACTombstone                  // tombstones of erased records
	MACAPIKey                     // API keys
	MACRecordKey                  // record keys

	macKeys = iota // how many there are

	// firstMACKeys is how many every keyset has. A file that an earlier program
	// wrote may lack those that came later.
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

// String gives the key's name in the keyset file.
func (m MACKey) String() string {
	if int(m) >= macKeys {
		return fmt.Sprintf("MACKey(%d)", uint8(m))
	}
	return macKeyNames[m]
}

// MAC returns the HMAC-SHA-256 of the fields under the named key. Each field is
// hashed behind its length (8 bytes, big-endian), so that two different lists
// of fields never hash the same bytes. The key must be one of the constants and
// not [Keyset.Missing].
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
