package sealing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/key"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

const fileFormat = 1

// file is the keyset in the form in which it is saved and exported. Each key is a Tink
// keyset in cleartext JSON; the mode of the file, or age, protects it.
type file struct {
	Format  int                        `json:"format"`
	Created time.Time                  `json:"created"`
	KEK     json.RawMessage            `json:"kek"`
	Cursor  json.RawMessage            `json:"cursor"`
	MACs    map[string]json.RawMessage `json:"macs"` // the first MAC keys, all of them
	// Added are the MAC keys that came later. They are separate because earlier programs
	// accept only the first ones in macs.
	Added map[string]json.RawMessage `json:"added,omitempty"`
	// Database says whether the keyset has had a database. Files of earlier programs do not.
	Database databaseMark `json:"database,omitempty"`
}

// databaseMark is what a keyset file says about the keyset's database.
type databaseMark string

const (
	noneYet databaseMark = "none yet"
	hasHad  databaseMark = "has had one"
)

func (k *Keyset) encode() ([]byte, error) {
	f := file{Format: fileFormat, Created: k.created, MACs: map[string]json.RawMessage{}, Added: map[string]json.RawMessage{}, Database: k.handles.database}
	maps.Copy(f.Added, k.handles.unknown)
	var err error
	if f.KEK, err = encodeHandle(k.handles.kek); err != nil {
		return nil, err
	}
	if f.Cursor, err = encodeHandle(k.handles.cursor); err != nil {
		return nil, err
	}
	for name, h := range k.handles.macs {
		if h == nil {
			continue
		}
		in := f.of(MACKey(name))
		if in[MACKey(name).String()], err = encodeHandle(h); err != nil {
			return nil, err
		}
	}
	content, err := json.Marshal(f)
	if err != nil {
		return nil, errors.New("keyset cannot be written as JSON")
	}
	return append(content, '\n'), nil
}

// of returns the map that holds a MAC key.
func (f *file) of(name MACKey) map[string]json.RawMessage {
	if name < firstMACKeys {
		return f.MACs
	}
	return f.Added
}

func encodeHandle(h *keyset.Handle) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&b)); err != nil {
		return nil, errors.New("key cannot be written as JSON")
	}
	return b.Bytes(), nil
}

// decode makes its own errors: those of the JSON and Tink parsers quote what they could not
// read.
func decode(content []byte) (*Keyset, error) {
	var f file
	if err := json.Unmarshal(content, &f); err != nil {
		return nil, errors.New("it is not the JSON of a keyset")
	}
	if f.Format != fileFormat {
		return nil, fmt.Errorf("its format is not %d", fileFormat)
	}
	if len(f.MACs) != int(firstMACKeys) {
		return nil, fmt.Errorf("it does not have the first %d MAC keys", firstMACKeys)
	}
	h := handles{unknown: maps.Clone(f.Added), database: f.Database}
	var err error
	if h.kek, err = decodeHandle(f.KEK, kekParameters); err != nil {
		return nil, fmt.Errorf("key-encryption key: %w", err)
	}
	if h.cursor, err = decodeHandle(f.Cursor, cursorParameters); err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	for name := range MACKey(macKeys) {
		content, ok := f.of(name)[name.String()]
		if !ok && name >= firstMACKeys {
			continue
		}
		if h.macs[name], err = decodeHandle(content, macParameters); err != nil {
			return nil, fmt.Errorf("MAC key %s: %w", name, err)
		}
		delete(h.unknown, name.String())
	}
	return newKeyset(f.Created, h)
}

func decodeHandle(content json.RawMessage, want key.Parameters) (*keyset.Handle, error) {
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(content)))
	if err != nil {
		return nil, errors.New("missing or damaged")
	}
	for i := range h.Len() {
		entry, err := h.Entry(i)
		if err != nil || !entry.Key().Parameters().Equal(want) {
			return nil, errors.New("wrong algorithm or size")
		}
	}
	return h, nil
}
