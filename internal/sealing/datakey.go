package sealing

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"

	"github.com/google/uuid"
)

// Kind says what a blob holds; it is bound into the seal, so that one kind
// cannot pass for another. The numbers are part of the format.
type Kind byte

const (
	KindRecord   Kind = 1 // a record's document, current or past
	KindExtended Kind = 2 // a record's extended document of a service area
)

const (
	// blobFormat is the first byte of a blob: AES-256-GCM over JSON padded to a
	// multiple of padTo bytes.
	blobFormat byte = 1

	// padTo hides the length of a document: answers differ in length, and the
	// length would tell them apart.
	padTo = 256

	keySize      = 32
	nonceSize    = 12
	tagSize      = 16
	blobOverhead = 1 + nonceSize + tagSize
)

// DataKey seals and opens the documents of one record. Any number of goroutines
// may use it.
//
// It is a crypto/cipher AEAD, not a Tink one: a blob has our own format byte
// where Tink would put its key prefix, and a Tink keyset a record would cost
// far more to make, on every read, than the opening itself.
type DataKey struct {
	record uuid.UUID
	aead   cipher.AEAD
}

// NewDataKey makes a random data key for a record, and its wrapped form to
// store: the 32 bytes of the key encrypted under the key-encryption key with
// the record's id, 65 bytes.
func (k *Keyset) NewDataKey(record uuid.UUID) (*DataKey, []byte, error) {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // never fails: the program would have ended
	wrapped, err := k.kek.Encrypt(raw, wrapAssociated(record))
	if err != nil {
		return nil, nil, fmt.Errorf("sealing: wrap a data key: %w", err)
	}
	d, err := newDataKey(record, raw)
	if err != nil {
		return nil, nil, err
	}
	return d, wrapped, nil
}

// OpenDataKey unwraps the data key of a record. Its only error is
// [ErrTampered], which a key wrapped for another record also gives.
func (k *Keyset) OpenDataKey(record uuid.UUID, wrapped []byte) (*DataKey, error) {
	raw, err := k.kek.Decrypt(wrapped, wrapAssociated(record))
	if err != nil || len(raw) != keySize {
		return nil, ErrTampered
	}
	return newDataKey(record, raw)
}

func newDataKey(record uuid.UUID, raw []byte) (*DataKey, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("sealing: data key: %w", err)
	}
	// A random nonce of 12 bytes is safe for 2^32 blobs a key; one record has
	// far fewer versions.
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("sealing: data key: %w", err)
	}
	return &DataKey{record: record, aead: gcm}, nil
}

// Seal encrypts a document: format byte ‖ nonce (12, random) ‖ ciphertext ‖
// tag (16). The plaintext must be JSON, since it is padded with spaces to a
// multiple of 256 bytes: still the same JSON, and Open drops them. It is not
// changed. Sealed for this record, kind and version, the blob opens for no
// other.
func (d *DataKey) Seal(kind Kind, version uint64, plaintext []byte) []byte {
	padded := (max(len(plaintext), 1) + padTo - 1) / padTo * padTo
	blob := make([]byte, 1, padded+blobOverhead)
	blob[0] = blobFormat

	// Padded where the nonce will go, which the cipher allows and moves.
	document := append(blob[1:1:cap(blob)], plaintext...)
	for len(document) < padded {
		document = append(document, ' ')
	}
	return d.aead.Seal(blob, nil, document, d.associated(kind, version))
}

// Open returns the document of a blob, without blanks at its end. Its only
// error is [ErrTampered]. The blob is not changed.
func (d *DataKey) Open(kind Kind, version uint64, blob []byte) ([]byte, error) {
	if len(blob) == 0 || blob[0] != blobFormat {
		return nil, ErrTampered
	}
	document, err := d.aead.Open(nil, nil, blob[1:], d.associated(kind, version))
	if err != nil {
		return nil, ErrTampered
	}
	end := len(document)
	for end > 0 && document[end-1] == ' ' {
		end--
	}
	return document[:end], nil
}

// associated is format (1) ‖ kind (1) ‖ record id (16) ‖ version (8, big-endian).
func (d *DataKey) associated(kind Kind, version uint64) []byte {
	a := make([]byte, 0, 1+1+len(d.record)+8)
	a = append(a, blobFormat, byte(kind))
	a = append(a, d.record[:]...)
	return binary.BigEndian.AppendUint64(a, version)
}

func wrapAssociated(record uuid.UUID) []byte {
	return append([]byte("dek"), record[:]...)
}

const redactedDataKey = "sealing.DataKey(redacted)"

// String hides the key and the record it belongs to.
func (DataKey) String() string { return redactedDataKey }

// Format hides the key from every verb of package fmt.
func (DataKey) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, redactedDataKey) }

// LogValue hides the key from package slog.
func (DataKey) LogValue() slog.Value { return slog.StringValue(redactedDataKey) }
