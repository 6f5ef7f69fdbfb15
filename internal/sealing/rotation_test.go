package sealing

import (
	"testing"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// rotated returns the two states of a rotation: k with a new primary key-encryption key,
// and the same without the old key.
func rotated(t *testing.T, k *Keyset) (both, newOnly *Keyset) {
	t.Helper()
	old, err := k.handles.kek.Primary()
	if err != nil {
		t.Fatal(err)
	}
	m := keyset.NewManagerFromHandle(k.handles.kek)
	id, err := m.AddNewKeyFromParameters(kekParameters)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetPrimary(id); err != nil {
		t.Fatal(err)
	}
	both = withKEK(t, k, m)
	if err := m.Delete(old.KeyID()); err != nil {
		t.Fatal(err)
	}
	return both, withKEK(t, k, m)
}

// withKEK goes through the file format, like a rotation.
func withKEK(t *testing.T, k *Keyset, m *keyset.Manager) *Keyset {
	t.Helper()
	h := k.handles
	var err error
	if h.kek, err = m.Handle(); err != nil {
		t.Fatal(err)
	}
	made, err := newKeyset(k.created, h)
	if err != nil {
		t.Fatal(err)
	}
	content, err := made.encode()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := decode(content)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func TestRotationKeepsDataKeysAndCheckValue(t *testing.T) {
	t.Parallel()
	old, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	both, newOnly := rotated(t, old)
	record := Owner{Kind: OwnerRecord, ID: uuid.New()}
	before, after := old.CheckValue(), both.CheckValue()
	_, wrappedBefore, err := old.NewDataKey(record)
	if err != nil {
		t.Fatal(err)
	}
	_, wrappedAfter, err := both.NewDataKey(record)
	if err != nil {
		t.Fatal(err)
	}

	// A keyset passes the check exactly if it opens the keys wrapped at that time.
	for _, c := range []struct {
		what    string
		keys    *Keyset
		check   []byte
		wrapped []byte
		opens   bool
	}{
		{"both keys, before re-wrapping", both, before, wrappedBefore, true},
		{"both keys, after re-wrapping", both, after, wrappedAfter, true},
		{"new key, after re-wrapping", newOnly, after, wrappedAfter, true},
		{"old key removed too early", newOnly, before, wrappedBefore, false},
		{"outdated copy of the keyset", old, after, wrappedAfter, false},
	} {
		if err := c.keys.VerifyCheckValue(c.check); (err == nil) != c.opens {
			t.Errorf("%s: check gives %v", c.what, err)
		}
		if _, err := c.keys.OpenDataKey(record, c.wrapped); (err == nil) != c.opens {
			t.Errorf("%s: unwrapping gives %v", c.what, err)
		}
	}
	if old.MAC(MACNINO, []byte("x")) != newOnly.MAC(MACNINO, []byte("x")) {
		t.Error("the MAC keys have changed")
	}
}

// A keyset combined from two others is refused even if it opens data keys: its indexes
// would find nobody.
func TestCheckValueCoversMACKeys(t *testing.T) {
	t.Parallel()
	a, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	b, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	h := a.handles
	h.macs[MACPseudonym] = b.handles.macs[MACPseudonym]
	mixed, err := newKeyset(a.created, h)
	if err != nil {
		t.Fatal(err)
	}
	if err := mixed.VerifyCheckValue(a.CheckValue()); err == nil {
		t.Error("a foreign MAC key passes")
	}
}
