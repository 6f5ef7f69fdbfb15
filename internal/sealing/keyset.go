package sealing

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/key"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	"github.com/tink-crypto/tink-go/v2/mac/hmac"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keyset holds the key-encryption key, the MAC keys and the cursor key. Without it every
// record is lost. Make one with [Generate] or [Load]. It never changes, so any number of
// goroutines may use it.
type Keyset struct {
	created time.Time
	handles handles

	// Made once: making a primitive costs far more than calling it.
	kek    tink.AEAD
	cursor tink.AEAD
	macs   [macKeys]tink.MAC
}

// handles are the keys as Tink handles, in the form the file stores. Each may hold several
// keys: the primary key seals, and all enabled keys open.
type handles struct {
	kek    *keyset.Handle
	cursor *keyset.Handle
	macs   [macKeys]*keyset.Handle // nil: missing

	// unknown are keys of a later program. They are written to every file together with the
	// others.
	unknown map[string]json.RawMessage

	database databaseMark
}

// Generate makes a keyset of new keys, with none missing, in memory only.
func Generate() (*Keyset, error) {
	h := handles{database: noneYet}
	var err error
	if h.kek, err = newHandle(kekParameters); err != nil {
		return nil, err
	}
	if h.cursor, err = newHandle(cursorParameters); err != nil {
		return nil, err
	}
	for i := range firstMACKeys {
		if h.macs[i], err = newHandle(macParameters); err != nil {
			return nil, err
		}
	}
	k, err := newKeyset(time.Now().UTC().Truncate(time.Second), h)
	if err != nil {
		return nil, err
	}
	return k.Complete()
}

// Missing returns the MAC keys that the keyset lacks because an earlier program wrote its
// file.
func (k *Keyset) Missing() (names []MACKey) {
	for name, m := range k.macs {
		if m == nil {
			names = append(names, MACKey(name))
		}
	}
	return names
}

// Complete returns the keyset with the missing keys added. They are derived from the
// person-search key, which has no other use. Copies of a keyset file that gain keys
// separately therefore gain the same keys, and an older copy can gain them again.
// [Keyset.Replace] saves the result.
func (k *Keyset) Complete() (*Keyset, error) {
	h := k.handles
	for _, name := range k.Missing() {
		raw := k.MAC(MACPersonSearch, []byte("keyset MAC key"), []byte(name.String()))
		made, err := hmac.NewKey(secretdata.NewBytesFromData(raw[:], insecuresecretdataaccess.Token{}), macParameters, 0)
		if err != nil {
			return nil, fmt.Errorf("MAC key %s: %w", name, err)
		}
		if h.macs[name], err = handleOf(func(m *keyset.Manager) (uint32, error) { return m.AddKey(made) }); err != nil {
			return nil, err
		}
	}
	return newKeyset(k.created, h)
}

// firstUse is how long a keyset may wait for its database, if its file does not say whether
// it has had one: those of earlier programs do not.
const firstUse = 24 * time.Hour

// HasHadDatabase reports whether the keyset has had a database, as far as is known.
func (k *Keyset) HasHadDatabase(now time.Time) bool {
	if k.handles.database == "" {
		return now.Sub(k.created) > firstUse
	}
	return k.handles.database != noneYet
}

// WithDatabase returns the keyset with the mark that it has had a database. [Keyset.Replace]
// saves the result.
func (k *Keyset) WithDatabase() (*Keyset, error) {
	h := k.handles
	h.database = hasHad
	return newKeyset(k.created, h)
}

func newKeyset(created time.Time, h handles) (*Keyset, error) {
	k := &Keyset{created: created, handles: h}
	var err error
	if k.kek, err = aead.New(h.kek); err != nil {
		return nil, fmt.Errorf("key-encryption key: %w", err)
	}
	if k.cursor, err = aead.New(h.cursor); err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	for name, handle := range h.macs {
		if handle == nil {
			continue
		}
		if k.macs[name], err = mac.New(handle); err != nil {
			return nil, fmt.Errorf("MAC key %s: %w", MACKey(name), err)
		}
	}
	return k, nil
}

func newHandle(p key.Parameters) (*keyset.Handle, error) {
	return handleOf(func(m *keyset.Manager) (uint32, error) { return m.AddNewKeyFromParameters(p) })
}

// handleOf returns a handle with the one key that add adds.
func handleOf(add func(*keyset.Manager) (id uint32, err error)) (*keyset.Handle, error) {
	m := keyset.NewManager()
	id, err := add(m)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return m.Handle()
}

// macSize is the length of a MAC key and of a MAC.
const macSize = 32

// The parameters of each key, for making it and for checking it when it is read.
var (
	// AES-256-GCM with Tink's prefix, which names the key that wrapped a data key. An old
	// and a new key can therefore be in use together during a rotation.
	kekParameters = must(aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: 32,
		IVSizeInBytes:  12,
		TagSizeInBytes: 16,
		Variant:        aesgcm.VariantTink,
	}))

	// XAES-256-GCM (C2SP), because one key seals all cursors: its 24-byte nonces may be
	// random for any number of them.
	cursorParameters = must(xaesgcm.NewParameters(xaesgcm.VariantTink, 12))

	// Without Tink's prefix, so that a MAC is exactly 32 bytes.
	macParameters = must(hmac.NewParameters(hmac.ParametersOpts{
		KeySizeInBytes: macSize,
		TagSizeInBytes: macSize,
		HashType:       hmac.SHA256,
		Variant:        hmac.VariantNoPrefix,
	}))
)

// must is for calls that only fail because of a programming error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

const redactedKeyset = "sealing.Keyset(redacted)"

// String hides the keys.
func (Keyset) String() string { return redactedKeyset }

// Format hides the keys from every verb of package fmt; String alone would not
// stop %d or %#v.
func (Keyset) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, redactedKeyset) }

// LogValue hides the keys from package slog.
func (Keyset) LogValue() slog.Value { return slog.StringValue(redactedKeyset) }
