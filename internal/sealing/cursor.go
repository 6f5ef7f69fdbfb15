package sealing

import (
	"encoding/base64"
	"strings"
)

// Strict, so that no two tokens decode to the same bytes.
var cursorEncoding = base64.RawURLEncoding.Strict()

// SealCursor encrypts a cursor's content into a token of base64url without
// padding, safe in a URL. The token opens only with the same associated data:
// whatever the cursor must not be carried over to, such as the list it belongs
// to and the caller. The token's length shows the plaintext's.
func (k *Keyset) SealCursor(plaintext, associated []byte) string {
	return cursorEncoding.EncodeToString(must(k.cursor.Encrypt(plaintext, associated)))
}

// OpenCursor returns what SealCursor sealed. Its only error is [ErrTampered].
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
