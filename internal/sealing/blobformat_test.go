package sealing

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// This test decodes stored blobs with the standard library alone. If a change breaks it,
// that change makes stored data unreadable.
func TestBlobFormats(t *testing.T) {
	t.Parallel()
	raw := bytes.Repeat([]byte{7}, keySize)
	id := uuid.MustParse("0f8fad5b-d9cb-469f-a165-70867728950e")
	block, err := aes.NewCipher(raw)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	version := []byte{0, 0, 0, 0, 0, 0, 1, 2}
	for _, c := range []struct {
		owner      OwnerKind
		document   Document
		format     byte
		associated []byte
	}{
		{OwnerRecord, Document{Kind: KindRecord, Version: 258}, 1, slices.Concat([]byte{1, 1}, id[:], version)},
		{OwnerRecord, Document{Kind: KindExtended, Version: 258, Name: "housing"}, 2, slices.Concat([]byte{2, 2, 1}, id[:], version, []byte("\x00\x07housing"))},
		{OwnerPerson, Document{Kind: KindPerson, Version: 258}, 2, slices.Concat([]byte{2, 3, 2}, id[:], version, []byte("\x00\x00"))},
	} {
		d, err := newDataKey(Owner{c.owner, id}, raw)
		if err != nil {
			t.Fatal(err)
		}
		blob := d.Seal(c.document, []byte(`{"a":1}`))
		plaintext, err := gcm.Open(nil, blob[1:13], blob[13:], c.associated)
		if err != nil {
			t.Errorf("kind %d: %v", c.document.Kind, err)
		}
		if want := append([]byte(`{"a":1}`), bytes.Repeat([]byte(" "), 249)...); blob[0] != c.format || !bytes.Equal(plaintext, want) {
			t.Errorf("kind %d: format %d, plaintext %q; want %d, %q", c.document.Kind, blob[0], plaintext, c.format, want)
		}
	}
}

// The keys that wrap data keys, and their associated data.
func TestWrappedKeyFormats(t *testing.T) {
	t.Parallel()
	keys, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.MustParse("0f8fad5b-d9cb-469f-a165-70867728950e")
	for kind, associated := range map[OwnerKind][]byte{
		OwnerRecord: slices.Concat([]byte("dek"), id[:]),
		OwnerPerson: slices.Concat([]byte("dek2\x02"), id[:]),
	} {
		_, wrapped, err := keys.NewDataKey(Owner{kind, id})
		if err != nil {
			t.Fatal(err)
		}
		if raw, err := keys.kek.Decrypt(wrapped, associated); err != nil || len(raw) != 32 || len(wrapped) != 65 {
			t.Errorf("owner kind %d: a key of %d bytes, wrapped %d, %v", kind, len(raw), len(wrapped), err)
		}
	}
}
