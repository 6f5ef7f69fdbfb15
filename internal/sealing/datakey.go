package sealing

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"log/slog"
)

const (
	// padTo hides the length of a document, because different answers have different
	// lengths.
	padTo = 256

	keySize      = 32
	nonceSize    = 12
	tagSize      = 16
	blobOverhead = 1 + nonceSize + tagSize
)

// DataKey seals and opens the documents of one owner. Any number of goroutines may use it.
//
// It is an AEAD of crypto/cipher, not of Tink: a blob has our own format byte where Tink
// would put its key prefix, and making a Tink keyset for each record, on every read, would
// cost far more than opening the blob.
type DataKey struct {
	owner Owner
	aead  cipher.AEAD
}

// NewDataKey makes a random data key for an owner. It also returns the wrapped form to
// store: the 32 bytes of the key, encrypted under the key-encryption key with the owner; 65
// bytes.
func (k *Keyset) NewDataKey(owner Owner) (*DataKey, []byte, error) {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // never fails: it would end the program
	wrapped, err := k.kek.Encrypt(raw, owner.wrapAssociated())
	if err != nil {
		return nil, nil, fmt.Errorf("wrap a data key: %w", err)
	}
	d, err := newDataKey(owner, raw)
	if err != nil {
		return nil, nil, err
	}
	return d, wrapped, nil
}

// OpenDataKey unwraps the data key of an owner. Its only error is [ErrTampered], also for a
// key wrapped for another owner.
func (k *Keyset) OpenDataKey(owner Owner, wrapped []byte) (*DataKey, error) {
	raw, err := k.kek.Decrypt(wrapped, owner.wrapAssociated())
	if err != nil || len(raw) != keySize {
		return nil, ErrTampered
	}
	return newDataKey(owner, raw)
}

func newDataKey(owner Owner, raw []byte) (*DataKey, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("data key: %w", err)
	}
	// A random nonce of 12 bytes is safe for 2^32 blobs per key. An owner has far fewer
	// versions.
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("data key: %w", err)
	}
	return &DataKey{owner: owner, aead: gcm}, nil
}

// Seal encrypts the text of a document: format byte ‖ nonce (12, random) ‖ ciphertext ‖ tag
// (16). The plaintext must be JSON: it is padded to a multiple of 256 bytes with spaces,
// which do not change its meaning and which Open removes. Seal does not change its
// argument. The blob opens only as this document of this owner. Seal panics if an owner of
// this kind cannot have the document.
func (d *DataKey) Seal(document Document, plaintext []byte) []byte {
	associated, ok := document.associated(d.owner)
	if !ok {
		panic("sealing: an owner of this kind has no such document")
	}
	padded := (max(len(plaintext), 1) + padTo - 1) / padTo * padTo
	blob := make([]byte, 1, padded+blobOverhead)
	blob[0] = associated[0]

	// Pad where the nonce will go: the cipher allows this and moves the text.
	text := append(blob[1:1:cap(blob)], plaintext...)
	for len(text) < padded {
		text = append(text, ' ')
	}
	return d.aead.Seal(blob, nil, text, associated)
}

// Open returns the text of a document from its blob, without trailing spaces. It does not
// change the blob. Its only error is [ErrTampered].
func (d *DataKey) Open(document Document, blob []byte) ([]byte, error) {
	associated, ok := document.associated(d.owner)
	if !ok || len(blob) == 0 || blob[0] != associated[0] {
		return nil, ErrTampered
	}
	text, err := d.aead.Open(nil, nil, blob[1:], associated)
	if err != nil {
		return nil, ErrTampered
	}
	end := len(text)
	for end > 0 && text[end-1] == ' ' {
		end--
	}
	return text[:end], nil
}

const redactedDataKey = "sealing.DataKey(redacted)"

// String hides the key and the record it belongs to.
func (DataKey) String() string { return redactedDataKey }

// Format hides the key from every verb of package fmt.
func (DataKey) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, redactedDataKey) }

// LogValue hides the key from package slog.
func (DataKey) LogValue() slog.Value { return slog.StringValue(redactedDataKey) }
