package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func TestAChangeOfAnyFieldChangesTheHash(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[Entry]()
	for i := range fields.NumField() {
		t.Run(fields.Field(i).Name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				a, other := anEntry().Draw(t, "entry"), anEntry().Draw(t, "other")
				b := a
				reflect.ValueOf(&b).Elem().Field(i).Set(reflect.ValueOf(other).Field(i))
				if (Head{}).Next(testKeys(), a) == (Head{}).Next(testKeys(), b) && !cmp.Equal(a, b, cmpopts.EquateEmpty()) {
					t.Fatalf("%+v has the hash of %+v", a, b)
				}
			})
		})
	}
}

func TestNoTwoEntriesAreEncodedAlike(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	pairs := map[string][2]Entry{
		"a letter moves to the next field":      {{Subject: "ab", Name: "c"}, {Subject: "a", Name: "bc"}},
		"a field moves to the next":             {{Permission: "a"}, {Purpose: "a"}},
		"a length that looks like text":         {{Subject: "\x00\x00\x00\x01a"}, {Subject: "a"}},
		"members are joined":                    {{Members: []string{"a", "b"}}, {Members: []string{"ab"}}},
		"members are joined by a blank":         {{Members: []string{"a", "b"}}, {Members: []string{"a b"}}},
		"members change places":                 {{Members: []string{"a", "b"}}, {Members: []string{"b", "a"}}},
		"an empty member":                       {{Members: []string{""}}, {}},
		"a record moves to the record":          {{Record: id}, {Records: []uuid.UUID{id}}},
		"a record comes twice":                  {{Records: []uuid.UUID{id, id}}, {Records: []uuid.UUID{id}}},
		"a record moves to the members":         {{Members: []string{string(id[:])}}, {Records: []uuid.UUID{id}}},
		"the zero record is one":                {{Records: []uuid.UUID{{}}}, {}},
		"the address moves to the document":     {{Address: []byte{1}}, {Document: []byte{1}}},
		"the target moves to the record":        {{Target: id}, {Record: id}},
		"the version moves to the status":       {{Version: 200}, {Status: 200}},
		"a microsecond":                         {{At: time.UnixMicro(1)}, {At: time.UnixMicro(2)}},
		"the outcome moves behind the members":  {{Members: []string{"done"}}, {Outcome: Done}},
		"the scope moves to the document":       {{Scope: "a"}, {Document: []byte("a")}},
		"the count moves to the status":         {{Count: 200}, {Status: 200}},
		"the id moves to the correlation id":    {{ID: id}, {CorrelationID: id}},
		"an ending byte of zero is not padding": {{Address: []byte{1, 0}}, {Address: []byte{1}}},
	}
	for name, pair := range pairs {
		if string(pair[0].encode(nil)) == string(pair[1].encode(nil)) {
			t.Errorf("%s: both are encoded alike", name)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := anEntry().Draw(t, "a"), anEntry().Draw(t, "b")
		if string(a.encode(nil)) == string(b.encode(nil)) && !cmp.Equal(a, b, cmpopts.EquateEmpty()) {
			t.Fatal("two entries are encoded alike")
		}
	})
}

func TestAnAbsentListIsAnEmptyOne(t *testing.T) {
	t.Parallel()
	a := Entry{Members: []string{}, Records: []uuid.UUID{}, Address: []byte{}, Document: []byte{}}
	if (Head{}).Next(testKeys(), a) != (Head{}).Next(testKeys(), Entry{}) {
		t.Error("a log that is read back would not have its hash")
	}
}

// The form of an entry is that of every log there is: it may change under
// another format byte only.
func TestTheFormOfAnEntryStays(t *testing.T) {
	t.Parallel()
	id := func(n byte) uuid.UUID { return uuid.UUID{0: n, 15: n} }
	e := Entry{
		ID: id(1), At: time.Date(2026, 3, 2, 9, 30, 0, 123456000, time.UTC), Subject: "officer-1", Name: "Invented Officer",
		Kind: "person", Permission: "equality:read", Purpose: "test", Action: "read", Target: id(2), Record: id(3), Version: 7,
		Members: []string{"ageGroup", "sensitive"}, Records: []uuid.UUID{id(4), id(5)}, Outcome: Done, Status: 200,
		CorrelationID: id(6), Address: []byte{1, 2, 3}, Document: []byte{4, 5},
	}
	encoded := e.encode(nil)
	if encoded[0] != 1 {
		t.Errorf("the format is %d", encoded[0])
	}
	const want = "7d7de1b6ef61140ab8c3a36bea01958fbea1eb8939582dbe3e9c584a38ac9fc1"
	if sum := sha256.Sum256(encoded); hex.EncodeToString(sum[:]) != want {
		t.Errorf("the form has changed: %x, encoded as\n%x", sum, encoded)
	}
	e.Scope, e.Count = "ndjson", 1000
	encoded = e.encode(nil)
	if encoded[0] != 2 {
		t.Errorf("the format with a scope is %d", encoded[0])
	}
	const wantScope = "38201318ee80147d1e20f49a7cc7370b9f8a81561b48bf9233306a022bad9324"
	if sum := sha256.Sum256(encoded); hex.EncodeToString(sum[:]) != wantScope {
		t.Errorf("the form with a scope has changed: %x, encoded as\n%x", sum, encoded)
	}
}

func TestAHeadBelongsToItsPlaceAndKeyset(t *testing.T) {
	t.Parallel()
	e := Entry{Subject: "officer-1"}
	other := newKeys()
	heads := map[string]Head{
		"as it is":        Head{}.Next(testKeys(), e),
		"another lane":    Head{Lane: 1}.Next(testKeys(), e),
		"another place":   Head{Seq: 1}.Next(testKeys(), e),
		"another before":  Head{Hash: [HashSize]byte{1}}.Next(testKeys(), e),
		"another keyset":  Head{}.Next(other, e),
		"another subject": Head{}.Next(testKeys(), Entry{Subject: "officer-2"}),
	}
	seen := make(map[string]string)
	for name, h := range heads {
		if same, ok := seen[fmt.Sprint(h.Hash)]; ok {
			t.Errorf("%s has the hash of %s", name, same)
		}
		seen[fmt.Sprint(h.Hash)] = name
	}
	h := heads["as it is"]
	for name, changed := range map[string]Head{
		"lane": {Lane: 1, Seq: h.Seq, Hash: h.Hash}, "place": {Seq: h.Seq + 1, Hash: h.Hash}, "hash": {Seq: h.Seq},
	} {
		if changed.Signature(testKeys()) == h.Signature(testKeys()) {
			t.Errorf("the signature does not depend on the %s", name)
		}
	}
	if h.Signature(other) == h.Signature(testKeys()) {
		t.Error("the signature does not depend on the keyset")
	}
}
