package sealing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/sealing"
)

func generate(t testing.TB) *sealing.Keyset {
	t.Helper()
	k, err := sealing.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func recordOwner(id uuid.UUID) sealing.Owner {
	return sealing.Owner{Kind: sealing.OwnerRecord, ID: id}
}

// version is a version of a record.
func version(n uint64) sealing.Document {
	return sealing.Document{Kind: sealing.KindRecord, Version: n}
}

func newDataKey(t testing.TB, k *sealing.Keyset, owner sealing.Owner) (*sealing.DataKey, []byte) {
	t.Helper()
	d, wrapped, err := k.NewDataKey(owner)
	if err != nil {
		t.Fatal(err)
	}
	return d, wrapped
}

func refused(t rapid.TB, what string, err error) {
	t.Helper()
	if err != sealing.ErrTampered { //nolint:errorlint // exactly this: a wrapping error could reveal more
		t.Errorf("%s: error %v, want ErrTampered", what, err)
	}
}

// drawDocument draws an owner and one of the documents it may have.
func drawDocument(t *rapid.T) (sealing.Owner, sealing.Document) {
	owner := recordOwner(uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "owner")))
	d := version(rapid.Uint64().Draw(t, "version"))
	switch d.Kind = rapid.SampledFrom([]sealing.Kind{sealing.KindRecord, sealing.KindExtended, sealing.KindPerson}).Draw(t, "kind"); d.Kind {
	case sealing.KindExtended:
		d.Name = rapid.StringN(1, 100, -1).Draw(t, "name")
	case sealing.KindPerson:
		owner.Kind = sealing.OwnerPerson
	}
	return owner, d
}

func TestSealedDocumentOpensThroughItsWrappedKey(t *testing.T) {
	t.Parallel()
	keys := generate(t)
	rapid.Check(t, func(t *rapid.T) {
		owner, name := drawDocument(t)
		document, err := json.Marshal(rapid.String().Draw(t, "document"))
		if err != nil {
			t.Fatal(err)
		}
		original := bytes.Clone(document)

		writer, wrapped, err := keys.NewDataKey(owner)
		if err != nil {
			t.Fatal(err)
		}
		blob := writer.Seal(name, document)
		stored := bytes.Clone(blob)

		reader, err := keys.OpenDataKey(owner, wrapped)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := reader.Open(name, blob)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(opened, original) {
			t.Fatalf("opened %q, want %q", opened, original)
		}
		if !bytes.Equal(document, original) || !bytes.Equal(blob, stored) {
			t.Fatal("sealing or opening changed its argument")
		}
	})
}

func TestAlteredBlobIsRefused(t *testing.T) {
	t.Parallel()
	d, _ := newDataKey(t, generate(t), recordOwner(uuid.New()))
	blob := d.Seal(version(1), []byte(`{"answer":"yes"}`))

	for i := range blob {
		altered := bytes.Clone(blob)
		altered[i] ^= 1 << (i % 8)
		_, err := d.Open(version(1), altered)
		refused(t, "flipped bit", err)
	}
	for n := range blob {
		_, err := d.Open(version(1), blob[:n])
		refused(t, "truncated", err)
	}
	_, err := d.Open(version(1), append(bytes.Clone(blob), 0))
	refused(t, "lengthened", err)
	_, err = d.Open(version(1), append([]byte{2}, blob[1:]...))
	refused(t, "unknown format", err)
}

func TestBlobOpensForNothingElse(t *testing.T) {
	t.Parallel()
	keys, record := generate(t), uuid.New()
	d, _ := newDataKey(t, keys, recordOwner(record))
	sameRecord, _ := newDataKey(t, keys, recordOwner(record))
	blob := d.Seal(version(1), []byte(`{}`))

	for what, open := range map[string]func() ([]byte, error){
		"another kind": func() ([]byte, error) {
			return d.Open(sealing.Document{Kind: sealing.KindExtended, Version: 1, Name: "housing"}, blob)
		},
		"another version": func() ([]byte, error) { return d.Open(version(2), blob) },
		"another key":     func() ([]byte, error) { return sameRecord.Open(version(1), blob) },
	} {
		_, err := open()
		refused(t, what, err)
	}
	if _, err := d.Open(version(1), blob); err != nil {
		t.Errorf("the right key, kind and version: %v", err)
	}
}

func TestWrappedKeyOpensForNothingElse(t *testing.T) {
	t.Parallel()
	keys, record := generate(t), uuid.New()
	_, wrapped := newDataKey(t, keys, recordOwner(record))

	_, err := keys.OpenDataKey(recordOwner(uuid.New()), wrapped)
	refused(t, "another record", err)
	for kind := range sealing.OwnerKind(255) {
		owner := sealing.Owner{Kind: kind, ID: record}
		if _, err := keys.OpenDataKey(owner, wrapped); kind != sealing.OwnerRecord {
			refused(t, "a record's key for another kind of owner", err)
			_, other := newDataKey(t, keys, owner)
			_, err = keys.OpenDataKey(recordOwner(record), other)
			refused(t, "another owner's key for a record", err)
			_, err = keys.OpenDataKey(sealing.Owner{Kind: kind + 1, ID: record}, other)
			refused(t, "another owner's key for a third kind", err)
		}
	}
	_, err = generate(t).OpenDataKey(recordOwner(record), wrapped)
	refused(t, "another keyset", err)
	_, err = keys.OpenDataKey(recordOwner(record), keys.CheckValue())
	refused(t, "a check value", err)
	for i := range wrapped {
		altered := bytes.Clone(wrapped)
		altered[i] ^= 1
		_, err := keys.OpenDataKey(recordOwner(record), altered)
		refused(t, "flipped bit", err)
		_, err = keys.OpenDataKey(recordOwner(record), wrapped[:i])
		refused(t, "truncated", err)
	}
}

func TestBlobHidesLengthOfDocument(t *testing.T) {
	t.Parallel()
	d, _ := newDataKey(t, generate(t), recordOwner(uuid.New()))
	const overhead = 1 + 12 + 16
	for length := range 600 {
		want := overhead + max((length+255)/256, 1)*256
		if got := len(d.Seal(version(1), bytes.Repeat([]byte("1"), length))); got != want {
			t.Errorf("document of %d bytes: blob of %d, want %d", length, got, want)
		}
	}
}

func TestSealingTwiceGivesDifferentBlobs(t *testing.T) {
	t.Parallel()
	d, _ := newDataKey(t, generate(t), recordOwner(uuid.New()))
	nonces := map[string]bool{}
	for range 1000 {
		nonces[string(d.Seal(version(1), []byte(`{}`))[1:13])] = true
	}
	if len(nonces) != 1000 {
		t.Errorf("%d different nonces in 1000 blobs", len(nonces))
	}
}

func TestKeysServeManyGoroutines(t *testing.T) {
	t.Parallel()
	keys, record := generate(t), uuid.New()
	d, wrapped := newDataKey(t, keys, recordOwner(record))
	shared := d.Seal(version(1), []byte(`{"shared":true}`))
	check := keys.CheckValue()
	mac := keys.MAC(sealing.MACAudit, []byte("entry"))

	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for n := range uint64(100) {
				own, err := d.Open(version(n), d.Seal(version(n), []byte(`{}`)))
				if err != nil || string(own) != `{}` {
					t.Errorf("own blob: %q, %v", own, err)
				}
				reader, err := keys.OpenDataKey(recordOwner(record), wrapped)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := reader.Open(version(1), shared); err != nil {
					t.Error(err)
				}
				if _, err := keys.OpenCursor(keys.SealCursor([]byte("c"), nil), nil); err != nil {
					t.Error(err)
				}
				if keys.MAC(sealing.MACAudit, []byte("entry")) != mac {
					t.Error("MAC differs")
				}
				if err := keys.VerifyCheckValue(check); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func FuzzOpen(f *testing.F) {
	keys, foreign, record := generate(f), generate(f), uuid.New()
	extended := sealing.Document{Kind: sealing.KindExtended, Version: 1, Name: "housing"}
	sealer, wrapped := newDataKey(f, foreign, recordOwner(record))
	person, wrappedPerson := newDataKey(f, foreign, sealing.Owner{Kind: sealing.OwnerPerson, ID: record})
	f.Add([]byte(nil), byte(1), byte(1), uint64(1), "")
	f.Add(wrapped, byte(1), byte(1), uint64(1), "")
	f.Add(wrappedPerson, byte(2), byte(3), uint64(1), "")
	f.Add(sealer.Seal(version(1), []byte(`{}`)), byte(1), byte(1), uint64(1), "")
	f.Add(sealer.Seal(extended, []byte(`{}`)), byte(1), byte(2), uint64(1), "housing")
	f.Add(person.Seal(sealing.Document{Kind: sealing.KindPerson, Version: 1}, []byte(`{}`)), byte(2), byte(3), uint64(1), "")
	f.Add(foreign.CheckValue(), byte(1), byte(1), uint64(1), "")
	f.Fuzz(func(t *testing.T, blob []byte, ownerKind, kind byte, version uint64, name string) {
		before := slices.Clone(blob)
		owner := sealing.Owner{Kind: sealing.OwnerKind(ownerKind), ID: record}
		d, _ := newDataKey(t, keys, owner)
		// Nothing here was sealed with these keys, so nothing may open.
		if _, err := d.Open(sealing.Document{Kind: sealing.Kind(kind), Version: version, Name: name}, blob); !errors.Is(err, sealing.ErrTampered) {
			t.Errorf("opened a forgery: %v", err)
		}
		if _, err := keys.OpenDataKey(owner, blob); !errors.Is(err, sealing.ErrTampered) {
			t.Errorf("unwrapped a forgery: %v", err)
		}
		if err := keys.VerifyCheckValue(blob); !errors.Is(err, sealing.ErrWrongKeyset) {
			t.Errorf("verified a forgery: %v", err)
		}
		if !bytes.Equal(blob, before) {
			t.Error("the blob was changed")
		}
	})
}
