package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
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
		"a record comes twice":                  {{Touched: Touched{}.AppendID(id).AppendID(id)}, {Touched: Touched{}.AppendID(id)}},
		"the zero record is one":                {{Touched: Touched{}.AppendID(uuid.Nil)}, {}},
		"the kind moves to the name":            {{Object: "a"}, {ObjectName: "a"}},
		"a role moves to the members":           {{Members: []string{"a"}}, {Roles: []string{"a"}}},
		"roles are joined by a blank":           {{Roles: []string{"a", "b"}}, {Roles: []string{"a b"}}},
		"the old hash moves to the new":         {{Document: []byte{1}}, {Previous: []byte{1}}},
		"the old hash moves to the list":        {{Previous: []byte{1}}, {Touched: []byte{1}}},
		"a shown object becomes a written one":  {{Touched: []byte{touchedIDs}}, {Touched: []byte{touchedVersions}}},
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
		if string(pair[0].encode(nil, Format, nil)) == string(pair[1].encode(nil, Format, nil)) {
			t.Errorf("%s: both are encoded alike", name)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := anEntry().Draw(t, "a"), anEntry().Draw(t, "b")
		if string(a.encode(nil, Format, nil)) == string(b.encode(nil, Format, nil)) && !cmp.Equal(a, b, cmpopts.EquateEmpty()) {
			t.Fatal("two entries are encoded alike")
		}
	})
}

func TestAnAbsentListIsAnEmptyOne(t *testing.T) {
	t.Parallel()
	a := Entry{Members: []string{}, Roles: []string{}, Address: []byte{}, Document: []byte{}, Previous: []byte{}, Touched: Touched{}}
	if (Head{}).Next(testKeys(), a) != (Head{}).Next(testKeys(), Entry{}) {
		t.Error("a log that is read back would not have its hash")
	}
}

// All existing logs have this form of entries: it may only change together with the format
// byte.
func TestTheFormOfAnEntryStays(t *testing.T) {
	t.Parallel()
	id := func(n byte) uuid.UUID { return uuid.UUID{0: n, 15: n} }
	e := Entry{
		ID: id(1), At: time.Date(2026, 3, 2, 9, 30, 0, 123456000, time.UTC), Subject: "officer-1", Name: "Invented Officer",
		Kind: "person", Permission: "equality:read", Purpose: "test", Action: "read", Target: id(2), Record: id(3), Version: 7,
		Members: []string{"ageGroup", "sensitive"}, Outcome: Done, Status: 200,
		CorrelationID: id(6), Address: []byte{1, 2, 3}, Document: []byte{4, 5},
	}
	form := func(format byte, l Logged, want string) {
		t.Helper()
		encoded := l.encode()
		if encoded[0] != format {
			t.Errorf("the format is %d, want %d", encoded[0], format)
		}
		if sum := sha256.Sum256(encoded); hex.EncodeToString(sum[:]) != want {
			t.Errorf("format %d has changed: %x, encoded as\n%x", format, sum, encoded)
		}
	}
	rows := []uuid.UUID{id(4), id(5)}
	form(1, Logged{Entry: e, Rows: rows}, "7d7de1b6ef61140ab8c3a36bea01958fbea1eb8939582dbe3e9c584a38ac9fc1")
	e.Scope, e.Count = "ndjson", 1000
	form(2, Logged{Entry: e, Rows: rows}, "38201318ee80147d1e20f49a7cc7370b9f8a81561b48bf9233306a022bad9324")
	e.Object, e.ObjectName, e.Roles, e.Previous = ObjectRecord, "an area", []string{"officer", "support"}, []byte{6, 7}
	e.Touched = e.Touched.AppendID(id(4)).AppendID(id(5))
	form(3, Logged{Format: 3, Entry: e}, "229aaf5770d45d129738982429f1c75414c3cd65f31a3506de933e1450b8daec")
	e.Touched = Touched{}.AppendVersion(id(4), 7, [HashSize]byte{1}).AppendVersion(id(5), 8, [HashSize]byte{2})
	form(3, Logged{Format: 3, Entry: e}, "eed16b297af21a1a15aac9bca684d722ff7b16012d536147c0a03d3ae4177890")
}

// An entry must not have anything that its format does not record, and nobody may change
// its format.
func TestAnEntryHoldsWhatItsFormatHas(t *testing.T) {
	t.Parallel()
	old, fresh := Logged{Entry: Entry{Subject: "a"}}, Logged{Format: Format, Entry: Entry{Subject: "a"}}
	for name, change := range map[string]func(l *Logged){
		"a kind":          func(l *Logged) { l.Entry.Object = ObjectRecord },
		"a name":          func(l *Logged) { l.Entry.ObjectName = "a" },
		"roles":           func(l *Logged) { l.Entry.Roles = []string{"officer"} },
		"a previous hash": func(l *Logged) { l.Entry.Previous = []byte{1} },
		"a list":          func(l *Logged) { l.Entry.Touched = Touched{}.AppendID(uuid.New()) },
		"a row":           func(l *Logged) { l.Rows = []uuid.UUID{uuid.New()} },
		"format 0":        func(l *Logged) { l.Format = 0 },
		"format 1":        func(l *Logged) { l.Format = 1 },
		"format 2":        func(l *Logged) { l.Format = 2 },
		"format 3":        func(l *Logged) { l.Format = 3 },
		"format 4":        func(l *Logged) { l.Format = 4 },
		"format -1":       func(l *Logged) { l.Format = -1 },
	} {
		for _, l := range chain(testKeys(), 0, old, fresh) {
			was := l.Format
			change(&l)
			if l.Format == was && strings.HasPrefix(name, "format") {
				continue
			}
			m := memory{lanes: 1, entries: chain(testKeys(), 0, old, fresh)}
			m.entries[l.Seq-1] = l
			if report := verify(t, m); report.OK() {
				t.Errorf("%s in an entry of format %d: nothing was found", name, was)
			}
		}
	}
}

func TestAPackedListGivesItsItems(t *testing.T) {
	t.Parallel()
	a, b := uuid.New(), uuid.New()
	sum := [HashSize]byte{1, 2, 3}
	shown := Touched{}.AppendID(a).AppendID(b).AppendID(a)
	written := Touched{}.AppendVersion(a, 0, sum).AppendVersion(b, 1<<40, [HashSize]byte{})
	for name, test := range map[string]struct {
		list Touched
		want []Item
	}{
		"nothing": {nil, nil},
		"shown":   {shown, []Item{{ID: a}, {ID: b}, {ID: a}}},
		"written": {written, []Item{{a, 0, sum[:]}, {b, 1 << 40, make([]byte, HashSize)}}},
	} {
		got, err := test.list.Items()
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	if len(shown) != 1+3*16 || len(written) != 1+2*56 {
		t.Errorf("lists of %d and %d bytes", len(shown), len(written))
	}
	for name, list := range map[string]Touched{
		"an unknown layout":   {3, 0},
		"no item":             {touchedIDs},
		"a byte less":         shown[:len(shown)-1],
		"a byte more":         append(slices.Clone(written), 0),
		"ids taken for other": append(Touched{touchedVersions}, shown[1:]...),
	} {
		if items, err := list.Items(); !errors.Is(err, ErrTouched) {
			t.Errorf("%s: %v, %v", name, items, err)
		}
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
