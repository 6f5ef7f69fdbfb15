package sealing_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// bytesOf are bytes in hexadecimal.
type bytesOf []byte

func (b *bytesOf) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// vectors are values that were sealed and hashed with the keyset of testdata, which the
// program of November 2026 made and which protects nothing else. All stored data has these
// formats, so nothing here may change.
type vectors struct {
	Documents []struct {
		OwnerKind sealing.OwnerKind
		Owner     uuid.UUID
		Wrapped   bytesOf
		Kind      sealing.Kind
		Version   uint64
		Name      string
		Blob      bytesOf
		Text      string
	}
	// Checks are check values, of the first six MAC keys and of nine.
	Checks []bytesOf
	// MACs are of the fields "ab" and "c", by the key's name. The later keys are the ones
	// that the keyset gains.
	MACs map[string]bytesOf
}

func readVectors(t *testing.T) (v vectors) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// early returns a copy of the keyset file of November 2026, and its keys.
func early(t *testing.T) (path string, keys *sealing.Keyset) {
	t.Helper()
	content, err := os.ReadFile("testdata/keyset-2026-11.json")
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "keyset.json")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if keys, err = sealing.Load(path); err != nil {
		t.Fatal(err)
	}
	return path, keys
}

func complete(t *testing.T, keys *sealing.Keyset) *sealing.Keyset {
	t.Helper()
	keys, err := keys.Complete()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestWhatWasOnceSealedStillOpens(t *testing.T) {
	t.Parallel()
	_, keys := early(t)
	v := readVectors(t)
	kinds := make(map[sealing.Kind]bool)
	for _, d := range v.Documents {
		kinds[d.Kind] = true
		key, err := keys.OpenDataKey(sealing.Owner{Kind: d.OwnerKind, ID: d.Owner}, d.Wrapped)
		if err != nil {
			t.Errorf("kind %d: the data key: %v", d.Kind, err)
			continue
		}
		text, err := key.Open(sealing.Document{Kind: d.Kind, Version: d.Version, Name: d.Name}, d.Blob)
		if err != nil || string(text) != d.Text {
			t.Errorf("kind %d: opened %s, %v; want %s", d.Kind, text, err, d.Text)
		}
	}
	for _, kind := range []sealing.Kind{sealing.KindRecord, sealing.KindExtended, sealing.KindPerson} {
		if !kinds[kind] {
			t.Errorf("there is no vector of kind %d", kind)
		}
	}
	all := complete(t, keys)
	for _, check := range v.Checks {
		if err := all.VerifyCheckValue(check); err != nil {
			t.Error(err)
		}
	}
	if err := keys.VerifyCheckValue(v.Checks[0]); err != nil {
		t.Error(err)
	}
	if len(v.MACs) != len(allMACKeys) {
		t.Errorf("vectors of %d MAC keys, want %d", len(v.MACs), len(allMACKeys))
	}
	for _, key := range allMACKeys {
		if got := all.MAC(key, []byte("ab"), []byte("c")); !bytes.Equal(got[:], v.MACs[key.String()]) {
			t.Errorf("the MAC under %s is %x", key, got)
		}
	}
}
