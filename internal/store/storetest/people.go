package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// entriesOf looks up the entries of people. Those that do not open are named without content.
func (f *fixture) entriesOf(ids ...uuid.UUID) map[uuid.UUID]store.Document {
	f.t.Helper()
	found := make(map[uuid.UUID]store.Document)
	ok(f.t, "look up entries", f.Entries(f.t.Context(), ids, func(d store.Document, err error) {
		if (err != nil) != (d.State != store.Present) || err != nil && !errors.Is(err, sealing.ErrTampered) {
			f.t.Errorf("an entry is %v, and the error %v", d.State, err)
		}
		found[d.Owner] = d
	}))
	return found
}

// together checks that an id leads to the same record with its person's entry as without, and to
// the same entry.
func (f *fixture) together(what string, ids ...uuid.UUID) {
	f.t.Helper()
	for _, id := range ids {
		o, err := f.FindWithEntry(f.t.Context(), id)
		ok(f.t, "find with the entry", err)
		entry := o.Document
		o.Document = store.Document{}
		want, err := f.Find(f.t.Context(), id)
		ok(f.t, "find", err)
		equal(f.t, what+": found with its entry", o, want)
		if d := f.document(store.PersonEntry(o.Target)); o.State != store.Present || d.State != store.Present {
			equal(f.t, what+": no entry", entry.State, store.Absent)
		} else {
			equal(f.t, what+": the entry", entry, d)
		}
	}
}

// walkEntries walks over all entries, and says how many there are.
func (f *fixture) walkEntries(logged bool) (walked []store.Document, total int64) {
	f.t.Helper()
	e := f.entry("export")
	entry := &e
	if !logged {
		entry = nil
	}
	ok(f.t, "walk", f.WalkEntries(f.t.Context(), entry, func(n int64, d store.Document, err error) error {
		if (err != nil) != (d.State != store.Present) {
			f.t.Errorf("an entry is %v, and the error %v", d.State, err)
		}
		walked, total = append(walked, d), n
		return nil
	}))
	return walked, total
}

var people = []test{
	{"the entries of many people are found at once", func(t *testing.T, f *fixture) {
		equal(t, "of nobody", len(f.entriesOf()), 0)
		want, asked := make(map[uuid.UUID]store.Document), []uuid.UUID{uuid.New()}
		for i := range 40 {
			d := f.putPerson(uuid.New(), fmt.Sprintf(`{"n":%d}`, i))
			if i%3 == 0 {
				d = f.putPerson(d.Owner, fmt.Sprintf(`{"n":%d,"again":true}`, i))
			}
			if i%2 == 0 {
				want[d.Owner] = d
				asked = append(asked, d.Owner)
			}
		}
		f.put(f.documentID(sealing.KindExtended), `{}`)
		equal(t, "found", f.entriesOf(asked...), want)
		for len(asked) < store.MostEntries {
			asked = append(asked, uuid.New())
		}
		equal(t, "among many without", f.entriesOf(asked...), want)
	}},
	{"a record is found with its person's entry", func(t *testing.T, f *fixture) {
		f.together("nobody", uuid.New(), uuid.Nil)
		for _, has := range [][2]bool{{true, false}, {false, true}, {true, true}} {
			name := fmt.Sprint(has)
			id, ids := f.somebody(has[0], has[1])
			f.together(name, ids...)
			f.putPerson(id, `"changed"`)
			f.together(name+", changed", ids...)
			f.eraseWhole(id)
			f.together(name+", erased", ids...)
			f.putPerson(id, `"again"`)
			f.together(name+", again", ids...)
		}
	}},
	{"a list has its people's entries if they are asked for, each as it is found alone", func(t *testing.T, f *fixture) {
		for _, has := range [][2]bool{{true, false}, {false, true}, {true, true}, {true, true}, {true, true}} {
			f.somebody(has[0], has[1])
		}
		away, _ := f.somebody(true, true)
		into, _ := f.somebody(true, false)
		f.merge(away, into)
		for _, q := range []store.ListQuery{{Limit: 2}, {Limit: 2, ByTime: true}} {
			listed, more := 0, true
			for q.Entries = true; more; {
				var err error
				more, err = f.List(t.Context(), q, func(o store.Opened) error {
					listed, q.AfterID, q.AfterAt = listed+1, o.ID, o.Modified
					want := f.document(store.PersonEntry(o.Target))
					equal(t, "the entry", []any{o.Document, o.Unread}, []any{want, nil})
					return nil
				})
				ok(t, "list", err)
			}
			equal(t, "listed", listed, 5)
		}
		_, err := f.List(t.Context(), store.ListQuery{Limit: 1}, func(o store.Opened) error {
			equal(t, "not asked for", o.Document, store.Document{})
			return nil
		})
		ok(t, "list", err)
	}},
	{"a record is found although its person's entry does not open", func(t *testing.T, f *fixture) {
		f.tampered = true
		for _, tamper := range []string{
			`UPDATE document SET sealed = (SELECT r.sealed FROM record r WHERE r.target = document.owner)`,
			`UPDATE owner_key SET wrapped = (SELECT k.wrapped FROM data_key k JOIN record r ON r.number = k.record WHERE r.target = owner_key.owner)`,
			`DELETE FROM owner_key`,
		} {
			id, ids := f.somebody(true, true)
			want := f.read(id)
			f.db.Exec(t, tamper)
			for _, id := range ids {
				o, err := f.FindWithEntry(t.Context(), id)
				ok(t, "find", err)
				if equal(t, "the entry", []any{o.Document.State, o.Document.Content}, []any{store.Absent, []byte(nil)}); !errors.Is(o.Unread, sealing.ErrTampered) {
					t.Errorf("after %s: %v", tamper, o.Unread)
				}
				o.Document, o.Unread = store.Document{}, nil
				o, err = o.Decode()
				ok(t, "decode", err)
				equal(t, "the record", bare(o), want)
			}
		}
	}},
	{"every entry is walked over by id, with an entry in the log or without", func(t *testing.T, f *fixture) {
		none, total := f.walkEntries(true)
		equal(t, "of an empty directory", []int{len(none), int(total)}, []int{0, 0})
		var want []store.Document
		for i := range 300 { // more than are read at once
			want = append(want, f.putPerson(uuid.New(), fmt.Sprint(i)))
		}
		want[7] = f.putPerson(want[7].Owner, `"again"`)
		f.create(person())
		f.put(f.documentID(sealing.KindExtended), `{}`)
		slices.SortFunc(want, func(a, b store.Document) int { return slices.Compare(a.Owner[:], b.Owner[:]) })
		for _, logged := range []bool{true, false} {
			before := len(f.entries())
			got, total := f.walkEntries(logged)
			equal(t, "walked", got, want)
			equal(t, "in all", total, int64(len(want)))
			equal(t, "in the log", len(f.entries())-before, map[bool]int{true: 1, false: 0}[logged])
			if e := f.lastEntry(); logged && (e.Action != "export" || e.Count != total) {
				t.Errorf("the entry is %+v", e)
			}
		}
	}},
	{"a walk ends with its reader's error, and sees one moment", func(t *testing.T, f *fixture) {
		for range 3 {
			f.putPerson(uuid.New(), `{}`)
		}
		seen := 0
		err := f.WalkEntries(t.Context(), nil, func(_ int64, d store.Document, _ error) error {
			f.putPerson(d.Owner, `"later"`)
			f.putPerson(uuid.New(), `"new"`)
			equal(t, "content", string(d.Content), `{}`)
			if seen++; seen == 2 {
				return errRefused
			}
			return nil
		})
		if !errors.Is(err, errRefused) || seen != 2 {
			t.Errorf("%d entries, error %v", seen, err)
		}
	}},
	{"an entry that was put in another's place is named, and none of it shown", func(t *testing.T, f *fixture) {
		a, b := f.putPerson(uuid.New(), `"a"`), f.putPerson(uuid.New(), `"b"`)
		c := f.putPerson(f.putPerson(uuid.New(), `"c"`).Owner, `"changed"`)
		f.db.Exec(t, `CREATE TEMP TABLE before AS SELECT * FROM document WHERE version = 0;
			UPDATE document SET sealed = (SELECT o.sealed FROM before o WHERE o.owner <> document.owner) WHERE version = 0`)
		f.tampered = true
		want := map[uuid.UUID]store.Document{a.Owner: {DocumentID: a.DocumentID}, b.Owner: {DocumentID: b.DocumentID}, c.Owner: c}
		equal(t, "looked up", f.entriesOf(a.Owner, b.Owner, c.Owner), want)
		walked, _ := f.walkEntries(false)
		equal(t, "walked over", len(walked), 3)
		for _, d := range walked {
			equal(t, "walked over", d, want[d.Owner])
		}
	}},
}
