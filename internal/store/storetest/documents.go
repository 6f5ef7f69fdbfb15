package storetest

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// ofEveryKind runs a test for every kind of document that is not a record: a
// new kind needs no test of its own here.
func ofEveryKind(run func(t *testing.T, f *fixture, id store.DocumentID)) func(*testing.T, *fixture) {
	return func(t *testing.T, f *fixture) {
		for _, kind := range sealing.Kinds() {
			if kind != sealing.KindRecord {
				run(t, f, f.documentID(kind))
			}
		}
	}
}

// documentID names a document of a kind that does not exist, with an owner that does.
func (f *fixture) documentID(kind sealing.Kind) store.DocumentID {
	f.t.Helper()
	id := store.DocumentID{Kind: kind, Owner: uuid.New()}
	if kind.Owner() == sealing.OwnerRecord {
		id.Owner = f.create(person()).ID
	}
	if kind.Named() {
		id.Name = "an-area"
	}
	return id
}

// puts decides for the next version of a document.
func (f *fixture) puts(content string) decide {
	return func(c store.Opened) (store.Decision, error) {
		return store.Decision{Effects: []store.Effect{store.PutDocument{Found: c.Document, Content: []byte(content)}}, Entry: f.entry("put")}, nil
	}
}

// put writes the next version of a document.
func (f *fixture) put(id store.DocumentID, content string) store.Document {
	f.t.Helper()
	o, err := f.Write(f.t.Context(), id.Command(), f.puts(content))
	ok(f.t, "put", err)
	return o.Document
}

func (f *fixture) document(id store.DocumentID) store.Document {
	f.t.Helper()
	o, err := f.FindDocument(f.t.Context(), id)
	ok(f.t, "find the document", err)
	return o.Document
}

var documents = []test{
	{"a document is absent until it is put, and every version can be read", ofEveryKind(func(t *testing.T, f *fixture, id store.DocumentID) {
		equal(t, "before", f.document(id), store.Document{DocumentID: id})
		var want []store.Document
		for i := range 4 {
			content := fmt.Sprintf(`{"n":%d}`, i)
			d := f.put(id, content)
			equal(t, "put", d, store.Document{DocumentID: id, State: store.Present, Version: int64(i), Modified: d.Modified, Content: []byte(content)})
			want = append([]store.Document{d}, want...)
			equal(t, "read", f.document(id), d)
			e := f.lastEntry()
			equal(t, "entry", []any{e.Object, e.ObjectName, e.Record, e.Version, len(e.Document)},
				[]any{audit.Object(id.Kind.String()), id.Name, id.Owner, d.Version, audit.HashSize})
		}
		f.reopen()
		current, versions, err := f.DocumentHistory(t.Context(), id, math.MaxInt64, 10)
		ok(t, "history", err)
		equal(t, "current", current, want[0])
		equal(t, "versions", versions, want)
		_, versions, err = f.DocumentHistory(t.Context(), id, 2, 2)
		ok(t, "history", err)
		equal(t, "two of them", versions, want[1:3])
	})},
	{"another owner, name or kind has its own", ofEveryKind(func(t *testing.T, f *fixture, id store.DocumentID) {
		mine := f.put(id, `"mine"`)
		other := f.documentID(id.Kind)
		equal(t, "another owner's", f.document(other).State, store.Absent)
		f.put(other, `"theirs"`)
		if id.Kind.Named() {
			named := id
			named.Name = "another-area"
			equal(t, "another name's", f.document(named).State, store.Absent)
			f.put(named, `"named"`)
		}
		equal(t, "mine", f.document(id), mine)
	})},
	{"a record does not move when its documents do", ofEveryKind(func(t *testing.T, f *fixture, id store.DocumentID) {
		records, events := f.all(), f.events()
		f.put(id, `{}`)
		f.put(id, `{"a":1}`)
		equal(t, "records", f.all(), records)
		equal(t, "events", f.events(), events)
	})},
	{"a write is decided again on a document that has moved", ofEveryKind(func(t *testing.T, f *fixture, id store.DocumentID) {
		for _, first := range []string{"absent", "present"} {
			var calls []store.Opened
			_, err := f.Write(t.Context(), id.Command(), counted(&calls, moved(func() { f.put(id, `"between"`) }, f.puts(`"last"`))))
			ok(t, first, err)
			equal(t, first+": decided", len(calls), 2)
			equal(t, first+": decided on", string(calls[1].Document.Content), `"between"`)
			equal(t, first+": read", string(f.document(id).Content), `"last"`)
		}
		equal(t, "version", f.document(id).Version, int64(3))
	})},
	{"of many writes at once all survive as versions", ofEveryKind(func(t *testing.T, f *fixture, id store.DocumentID) {
		for _, err := range together(12, func(i int) error {
			_, err := f.Write(t.Context(), id.Command(), f.puts(fmt.Sprint(i)))
			return err
		}) {
			ok(t, "put", err)
		}
		_, versions, err := f.DocumentHistory(t.Context(), id, math.MaxInt64, 100)
		ok(t, "history", err)
		equal(t, "versions", len(versions), 12)
	})},
	{"a refusal writes its entry and nothing else", ofEveryKind(func(t *testing.T, f *fixture, id store.DocumentID) {
		want := f.put(id, `{}`)
		f.unchanged(t, 1, func() {
			_, err := f.Write(t.Context(), id.Command(), func(c store.Opened) (store.Decision, error) { return f.refusal(c, 403, ""), errRefused })
			if !errors.Is(err, errRefused) {
				t.Errorf("error %v", err)
			}
		})
		equal(t, "read", f.document(id), want)
	})},
	{"the documents of an erased record go with it", func(t *testing.T, f *fixture) {
		id := f.documentID(sealing.KindExtended)
		f.put(id, `{}`)
		f.put(id, `{"a":1}`)
		f.erase(id.Owner)
		equal(t, "read", f.document(id).State, store.Absent)
		_, err := f.Write(t.Context(), id.Command(), f.puts(`{}`))
		if err == nil {
			t.Error("a document was put for an erased record")
		}
	}},
	{"a person's document stays when the record with the person's id is erased", func(t *testing.T, f *fixture) {
		r := f.create(person())
		id := store.DocumentID{Kind: sealing.KindPerson, Owner: r.ID}
		d := f.put(id, `{}`)
		f.erase(r.ID)
		equal(t, "read", f.document(id), d)
	}},
	{"an owner that has a key and no document gets one under that key", ofEveryKind(func(t *testing.T, f *fixture, id store.DocumentID) {
		f.put(id, `"first"`)
		f.db.Exec(t, "DELETE FROM document")
		equal(t, "without it", f.document(id).State, store.Absent)
		f.put(id, `"second"`)
		equal(t, "with it", string(f.document(id).Content), `"second"`)
		f.tampered = true
	})},
	{"documents put while their record is erased are gone with it, or refused", func(t *testing.T, f *fixture) {
		for range 10 {
			id := f.documentID(sealing.KindExtended)
			there := id
			there.Name = "area 1" // changed, not put for the first time
			f.put(there, `{}`)
			for i, err := range together(4, func(i int) error {
				if i == 0 {
					f.erase(id.Owner)
					return nil
				}
				other := id
				other.Name = fmt.Sprint("area ", i)
				_, err := f.Write(t.Context(), other.Command(), f.puts(`{}`))
				return err
			}) {
				if i == 0 {
					ok(t, "erase", err)
				}
			}
			equal(t, "read", f.document(id).State, store.Absent)
		}
	}},
	{"a document for a record that is not there is refused", func(t *testing.T, f *fixture) {
		id := store.DocumentID{Kind: sealing.KindExtended, Owner: uuid.New(), Name: "an-area"}
		f.unchanged(t, 0, func() {
			if _, err := f.Write(t.Context(), id.Command(), f.puts(`{}`)); err == nil {
				t.Error("it was put")
			}
		})
	}},
}

// swaps exchange two things of two documents by hand. Each is found by whoever
// reads, and by verification. A statement may see the rows it has already
// changed, so it takes the values from a copy.
var swaps = map[string]string{
	"documents": `CREATE TEMP TABLE before AS SELECT * FROM document;
		UPDATE document SET sealed = (SELECT o.sealed FROM before o WHERE o.owner <> document.owner OR o.name <> document.name OR o.kind <> document.kind)`,
	"a version": `UPDATE document SET version = version + 1`,
	"owner": `CREATE TEMP TABLE before AS SELECT * FROM owner_key;
		UPDATE owner_key SET wrapped = (SELECT o.wrapped FROM before o WHERE o.owner <> owner_key.owner)`,
}

// testSwaps exchanges documents and keys of every pair of kinds, owners and names.
func testSwaps(t *testing.T, create func(t *testing.T) Database) {
	pairs := map[string]func(f *fixture) (a, b store.DocumentID){
		"two areas of a record": func(f *fixture) (a, b store.DocumentID) {
			a = f.documentID(sealing.KindExtended)
			b = a
			b.Name = "another-area"
			return a, b
		},
		"one area of two records": func(f *fixture) (a, b store.DocumentID) {
			return f.documentID(sealing.KindExtended), f.documentID(sealing.KindExtended)
		},
		"two people": func(f *fixture) (a, b store.DocumentID) {
			return f.documentID(sealing.KindPerson), f.documentID(sealing.KindPerson)
		},
		"a person and an area of the record with the person's id": func(f *fixture) (a, b store.DocumentID) {
			a = f.documentID(sealing.KindExtended)
			return a, store.DocumentID{Kind: sealing.KindPerson, Owner: a.Owner}
		},
	}
	for pair, make := range pairs {
		for what, statement := range swaps {
			if what == "owner" && pair != "two people" {
				continue // a record's key is tried by the engines' own tests
			}
			t.Run(pair+", "+what, func(t *testing.T) {
				t.Parallel()
				db := create(t)
				f := newFixture(t, db)
				a, b := make(f)
				f.put(a, `"a"`)
				f.put(b, `"b"`)
				db.Exec(t, statement)
				for _, id := range []store.DocumentID{a, b} {
					if o, err := f.FindDocument(t.Context(), id); !errors.Is(err, sealing.ErrTampered) {
						t.Errorf("read %+v, %v", o.Document, err)
					}
				}
				if found := f.findings(); len(found) == 0 {
					t.Error("verification found nothing")
				}
				f.tampered = true
			})
		}
	}
}
