package sealing

import (
	"bytes"
	"testing"
)

// A keyset file that somebody has changed is refused, or is a keyset that can be saved.
func FuzzDecodeKeyset(f *testing.F) {
	keys, err := Generate()
	if err != nil {
		f.Fatal(err)
	}
	good, err := keys.encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, content := range [][]byte{nil, []byte("{}"), []byte("null"), good, good[:len(good)/2], bytes.ReplaceAll(good, []byte("ENABLED"), []byte("DESTROYED"))} {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		keys, err := decode(content)
		if err != nil {
			return
		}
		again, err := keys.encode()
		if err == nil {
			_, err = decode(again)
		}
		if err != nil {
			t.Errorf("a keyset that was read cannot be saved and read again: %v", err)
		}
	})
}
