package sealing

import (
	"encoding/base64"
	"strings"
)

// Strict, so that no two tokens decode to the same bytes.
var cursorEncoding = base64.RawURLEncoding.Strict()

// SealCursor encrypts the content of a cursor into a token: base64url without padding, safe
// in a URL. The token opens only with the same associated data, for example the list it
// belongs to and the caller. Its length reveals the length of the plaintext.
func (k *Keyset) SealCursor(plaintext, associated []byte) string {
	return cursorEncoding.EncodeToString(must(k.cursor.Encrypt(plaintext, associated)))
}

// OpenCursor returns the content that SealCursor sealed. Its only error is [ErrTampered].
func (k *Keyset) OpenCursor(token string, associated []byte) ([]byte, error) {
	sealed, err := cursorEncoding.DecodeString(token)
	if err != nil || strings.ContainsAny(token, "\r\n") { // which decoding skips
		return nil, ErrTampered
	}
	plaintext, err := k.cursor.Decrypt(sealed, associated)
	if err != nil {
		return nil, ErrTampered
	}
	return plaintext, nil
}
