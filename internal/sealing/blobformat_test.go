package sealing

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// The format of stored blobs, taken apart with the standard library: a change
// that this test notices makes what is stored unreadable.
func TestBlobFormat(t *testing.T) {
	t.Parallel()
	raw := bytes.Repeat([]byte{7}, keySize)
	record := uuid.MustParse("0f8fad5b-d9cb-469f-a165-70867728950e")
	d, err := newDataKey(record, raw)
	if err != nil {
		t.Fatal(err)
	}
	blob := d.Seal(KindExtended, 258, []byte(`{"a":1}`))

	block, err := aes.NewCipher(raw)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	associated := slices.Concat([]byte{1, 2}, record[:], []byte{0, 0, 0, 0, 0, 0, 1, 2})
	plaintext, err := gcm.Open(nil, blob[1:13], blob[13:], associated)
	if err != nil {
		t.Fatal(err)
	}
	if want := append([]byte(`{"a":1}`), bytes.Repeat([]byte(" "), 249)...); blob[0] != 1 || !bytes.Equal(plaintext, want) {
		t.Errorf("format %d, plaintext %q; want 1, %q", blob[0], plaintext, want)
	}
}

// Only the id in the associated data tells these two apart.
func TestBlobIsBoundToRecordEvenUnderTheSameKey(t *testing.T) {
	t.Parallel()
	raw := bytes.Repeat([]byte{7}, keySize)
	one, err := newDataKey(uuid.New(), raw)
	if err != nil {
		t.Fatal(err)
	}
	two, err := newDataKey(uuid.New(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := two.Open(KindRecord, 1, one.Seal(KindRecord, 1, []byte(`{}`))); err != ErrTampered { //nolint:errorlint // exactly this
		t.Errorf("another record: %v, want ErrTampered", err)
	}
}
