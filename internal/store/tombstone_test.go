package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// vectorKeys is the keyset of the vectors in sealing's testdata, complete.
func vectorKeys(t *testing.T) *sealing.Keyset {
	t.Helper()
	content, err := os.ReadFile("../sealing/testdata/keyset-2026-11.json")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keyset.json")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := sealing.Load(path)
	if err == nil {
		keys, err = keys.Complete()
	}
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func exampleTombstone() Tombstone {
	return Tombstone{
		Kind: sealing.OwnerRecord, ID: uuid.MustParse("5f4d3c2b-1a09-4e8d-9c7b-6a5f4e3d2c1b"), Target: uuid.MustParse("0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"),
		Version: 258, At: time.Date(2026, 12, 1, 9, 30, 0, 123456789, time.UTC), Reason: "request of the person", By: "officer-1",
	}
}

// Stored tombstones have this MAC: it never changes.
func TestTombstoneMACStays(t *testing.T) {
	t.Parallel()
	const want = "b1a24df2dd8124e4e1a3856cdfef94138f5a4eb42fb795a9da295f966d787680"
	if got := TombstoneMAC(vectorKeys(t), exampleTombstone()); hex.EncodeToString(got[:]) != want {
		t.Errorf("the MAC is %x", got)
	}
}

// The bytes under the MAC, put together by hand: of a record's, and of another kind's.
func TestTombstoneMACIsOverLengthPrefixedFields(t *testing.T) {
	t.Parallel()
	for kind, head := range map[sealing.OwnerKind][]byte{
		sealing.OwnerRecord: {0, 0, 0, 0, 0, 0, 0, 1, 1}, sealing.OwnerPerson: {0, 0, 0, 0, 0, 0, 0, 2, 2, 2},
	} {
		stone := exampleTombstone()
		stone.Kind = kind
		testMAC(t, stone, head)
	}
}

func testMAC(t *testing.T, stone Tombstone, head []byte) {
	t.Helper()
	keys := vectorKeys(t)
	field := func(b []byte) []byte { return slices.Concat([]byte{0, 0, 0, 0, 0, 0, 0, byte(len(b))}, b) }
	data := slices.Concat(head, field(stone.ID[:]), field(stone.Target[:]), field([]byte{0, 0, 0, 0, 0, 0, 1, 2}),
		field([]byte{0x00, 0x06, 0x61, 0x8f, 0x2b, 0x9b, 0xf8, 0x40}), field([]byte(stone.Reason)), field([]byte(stone.By)))
	// The tombstone key is derived from the person-search key.
	key := keys.MAC(sealing.MACPersonSearch, []byte("keyset MAC key"), []byte("tombstone"))
	mac := hmac.New(sha256.New, key[:])
	mac.Write(data)
	if got := TombstoneMAC(keys, stone); !hmac.Equal(got[:], mac.Sum(nil)) {
		t.Errorf("the MAC is %x, want %x", got, mac.Sum(nil))
	}
}

func TestTombstoneMACCoversEveryField(t *testing.T) {
	t.Parallel()
	keys := vectorKeys(t)
	seen := map[[32]byte]string{TombstoneMAC(keys, exampleTombstone()): "nothing"}
	for what, change := range map[string]func(*Tombstone){
		"kind":               func(s *Tombstone) { s.Kind = sealing.OwnerPerson },
		"no kind":            func(s *Tombstone) { s.Kind = OwnerKindOf(1<<8 + 1) },
		"id":                 func(s *Tombstone) { s.ID[0]++ },
		"target":             func(s *Tombstone) { s.Target[0]++ },
		"id and target":      func(s *Tombstone) { s.ID, s.Target = s.Target, s.ID },
		"version":            func(s *Tombstone) { s.Version++ },
		"time":               func(s *Tombstone) { s.At = s.At.Add(time.Microsecond) },
		"reason":             func(s *Tombstone) { s.Reason += "!" },
		"by":                 func(s *Tombstone) { s.By += "!" },
		"reason ends and by": func(s *Tombstone) { s.Reason, s.By = s.Reason+s.By[:1], s.By[1:] },
	} {
		stone := exampleTombstone()
		change(&stone)
		sum := TombstoneMAC(keys, stone)
		if other, ok := seen[sum]; ok {
			t.Errorf("with another %s it is the MAC of another %s", what, other)
		}
		seen[sum] = what
	}
	stone := exampleTombstone()
	stone.At = FromMicros(Micros(stone.At)) // as it is stored
	if seen[TombstoneMAC(keys, stone)] != "nothing" {
		t.Error("the MAC depends on parts of a microsecond")
	}
}
