package sealing

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// sealerOf returns a data key of an owner. The raw key is the same for every owner, so that
// only the associated data distinguishes documents.
func sealerOf(t rapid.TB, owner Owner) *DataKey {
	t.Helper()
	d, err := newDataKey(owner, bytes.Repeat([]byte{7}, keySize))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDocumentOpensAsNoOther(t *testing.T) {
	t.Parallel()
	type named struct {
		Owner
		Document
	}
	// Few values, so that two draws often differ in one value only.
	draw := func(t *rapid.T) named {
		id := func(n byte) uuid.UUID { return uuid.UUID{15: n} }
		return named{
			Owner{rapid.SampledFrom([]OwnerKind{OwnerRecord, OwnerPerson}).Draw(t, "owner kind"), id(rapid.ByteMax(1).Draw(t, "id"))},
			Document{rapid.SampledFrom([]Kind{KindRecord, KindExtended, KindPerson}).Draw(t, "kind"),
				rapid.SampledFrom([]uint64{0, 1, 1 << 56, math.MaxUint64}).Draw(t, "version"),
				rapid.SampledFrom([]string{"", "a", "b", "aa", "\x00", strings.Repeat("a", math.MaxUint16)}).Draw(t, "name")},
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t), draw(t)
		if _, ok := a.associated(a.Owner); !ok {
			t.Skip("no such document")
		}
		_, err := sealerOf(t, b.Owner).Open(b.Document, sealerOf(t, a.Owner).Seal(a.Document, []byte(`{}`)))
		if want := a == b; (err == nil) != want || err != nil && err != ErrTampered { //nolint:errorlint // exactly this
			t.Fatalf("opening %.60v as %.60v: %v", a, b, err)
		}
	})
}

// A row in the table of kinds says which owners have such documents, and whether the
// documents have names. Nothing else can be sealed or opened.
func TestDocumentsThatNoOwnerHas(t *testing.T) {
	t.Parallel()
	names := []string{"", "a", strings.Repeat("a", math.MaxUint16+1)}
	possible := 0
	for kind := range math.MaxUint8 + 1 {
		for owner := range math.MaxUint8 + 1 {
			d := sealerOf(t, Owner{Kind: OwnerKind(owner)})
			for _, name := range names {
				document := Document{Kind: Kind(kind), Name: name}
				if _, ok := document.associated(d.owner); ok {
					possible++
					continue
				}
				if _, err := d.Open(document, []byte{2}); err != ErrTampered { //nolint:errorlint // exactly this
					t.Fatalf("opening %.60v: %v", document, err)
				}
				func() {
					defer func() {
						if recover() == nil {
							t.Fatalf("%.60v of owner kind %d is sealed", document, owner)
						}
					}()
					d.Seal(document, []byte(`{}`))
				}()
			}
		}
	}
	if want := len(kinds) - 1; possible != want { // there is no kind 0
		t.Errorf("%d combinations of kind, owner and name are sealed, want one a kind, %d", possible, want)
	}
}
