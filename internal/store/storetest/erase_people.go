package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// erasesAll decides on the erasure of a person's record and entry, whichever there are.
func (f *fixture) erasesAll(c store.Opened) (store.Decision, error) {
	e := f.entry(audit.ActionErase)
	d := store.Decision{Entry: e}
	if c.State == store.Present {
		d.Effects = append(d.Effects, store.Erase{Found: c, Reason: "unlawful", By: e.Subject, Event: erased})
	}
	if c.Document.State == store.Present {
		d.Effects = append(d.Effects, store.ErasePerson{Found: []store.Document{c.Document}, Reason: "unlawful", By: e.Subject, Event: events.PersonErased})
	}
	if len(d.Effects) == 0 {
		return f.refusal(store.Opened{}, 404, "not-found"), errMissing
	}
	return d, nil
}

// allOf is a write about a person's record and entry, by either id of the record.
func allOf(id uuid.UUID) store.Command {
	return store.Command{ID: id, Document: store.PersonEntry(id), EventID: uuid.New()}
}

// eraseAll erases a person's record and entry.
func (f *fixture) eraseAll(id uuid.UUID) store.Opened {
	f.t.Helper()
	o, err := f.Write(f.t.Context(), allOf(id), f.erasesAll)
	ok(f.t, "erase", err)
	return o
}

var erasingPeople = []test{
	{"an entry goes with its person's record, by either id", func(t *testing.T, f *fixture) {
		for _, byRecord := range []bool{true, false} {
			r := person()
			f.create(r)
			f.putPerson(r.TargetID, `1`)
			last := f.putPerson(r.TargetID, `2`)
			id := r.TargetID
			if byRecord {
				id = r.ID
			}
			seen := len(f.events())
			got := f.eraseAll(id)
			want := store.Document{DocumentID: last.DocumentID, State: store.Erased, Version: 1, Modified: got.Document.Modified}
			equal(t, "result", got.Document, want)
			equal(t, "read", f.document(last.DocumentID), want)
			equal(t, "the record", f.read(r.TargetID).State, store.Erased)
			equal(t, "looked up", len(f.entriesOf(r.TargetID)), 0)
			var told []string
			for _, e := range f.events()[seen:] {
				told = append(told, fmt.Sprint(e.Type, e.Record, e.Target, e.Version))
			}
			equal(t, "events", told, []string{fmt.Sprint(erased, r.ID, r.TargetID, 0), fmt.Sprint(events.PersonErased, uuid.Nil, r.TargetID, 1)})
		}
		walked, _ := f.walkEntries(false)
		equal(t, "walked over", len(walked), 0)
	}},
	{"an entry without a record is erased, once", func(t *testing.T, f *fixture) {
		d := f.putPerson(uuid.New(), `{}`)
		got := f.eraseAll(d.Owner)
		equal(t, "no record", got.State, store.Absent)
		e := f.lastEntry()
		equal(t, "entry", []any{e.Action, e.Object, e.Record, e.Version, len(e.Document)}, []any{audit.ActionErase, audit.ObjectPerson, d.Owner, int64(0), 0})
		equal(t, "read", f.document(d.DocumentID).State, store.Erased)
		for _, id := range []uuid.UUID{d.Owner, uuid.New()} {
			if _, err := f.Write(t.Context(), allOf(id), f.erasesAll); !errors.Is(err, errMissing) {
				t.Errorf("erased twice, or somebody unknown: %v", err)
			}
		}
	}},
	{"an entry put after an erasure has the next version, and can be erased again", func(t *testing.T, f *fixture) {
		id := uuid.New()
		f.create(equality.Record{ID: id, TargetID: id})
		version := int64(-1)
		for round := range 3 {
			f.putPerson(id, `"first"`)
			d := f.putPerson(id, `"second"`)
			version += 2
			equal(t, "version", d.Version, version)
			equal(t, "read", f.document(d.DocumentID), d)
			_, versions, err := f.DocumentHistory(t.Context(), d.DocumentID, d.Version, 10)
			ok(t, "history", err)
			equal(t, "versions since the erasure", len(versions), 2)
			f.eraseAll(id)
			equal(t, "erased", f.document(d.DocumentID).Version, version)
			if round == 0 {
				f.reopen()
			}
		}
		f.putPerson(id, `"last"`)
		var told []string
		for _, e := range f.events() {
			if events.OfPerson(e.Type) {
				told = append(told, fmt.Sprint(e.Type, e.Version))
			}
		}
		equal(t, "events", told, []string{
			"person.created0", "person.updated1", "person.erased1", "person.created2", "person.updated3", "person.erased3",
			"person.created4", "person.updated5", "person.erased5", "person.created6",
		})
	}},
	{"an erasure is decided again on an entry that has moved", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		f.putPerson(r.TargetID, `1`)
		_, err := f.Write(t.Context(), allOf(r.ID), moved(func() { f.putPerson(r.TargetID, `2`) }, f.erasesAll))
		ok(t, "erase", err)
		equal(t, "read", f.document(store.PersonEntry(r.TargetID)).Version, int64(1))
		equal(t, "events", len(f.events()), 5)
	}},
	{"an entry put while its person is erased is gone with it, or comes after", func(t *testing.T, f *fixture) {
		for range 8 {
			d := f.putPerson(uuid.New(), `{}`)
			errs := together(4, func(i int) error {
				if i == 0 {
					_, err := f.Write(t.Context(), allOf(d.Owner), f.erasesAll)
					return err
				}
				cmd := d.DocumentID.Command()
				cmd.EventID = uuid.New()
				_, err := f.Write(t.Context(), cmd, f.putsPerson(fmt.Sprint(i)))
				return err
			})
			for _, err := range errs {
				ok(t, "write", err)
			}
			equal(t, "the last of its versions", f.document(d.DocumentID).Version, int64(3))
		}
	}},
	{"a first version that takes no notice of an erasure is refused", func(t *testing.T, f *fixture) {
		d := f.putPerson(uuid.New(), `{}`)
		f.eraseAll(d.Owner)
		f.unchanged(t, 0, func() {
			_, err := f.Write(t.Context(), d.DocumentID.Command(), func(c store.Opened) (store.Decision, error) {
				return store.Decision{Effects: []store.Effect{putPerson(store.Document{DocumentID: d.DocumentID}, `{}`)}, Entry: f.entry("put")}, nil
			})
			if err == nil {
				t.Error("it was written")
			}
		})
	}},
	{"an entry is not called erased because of a forged tombstone", func(t *testing.T, f *fixture) {
		d := f.putPerson(uuid.New(), `{}`)
		f.eraseAll(d.Owner)
		f.db.Exec(t, "UPDATE tombstone SET reason = 'forged'")
		if o, err := f.FindDocument(t.Context(), d.DocumentID); !errors.Is(err, store.ErrForged) {
			t.Errorf("read %v, %v", o.Document.State, err)
		}
		if found := f.findings(); len(found) == 0 {
			t.Error("verification found nothing")
		}
		f.tampered = true
	}},
	{"a record's id may be that of a person whose entry was erased", func(t *testing.T, f *fixture) {
		d := f.putPerson(uuid.New(), `{}`)
		f.eraseAll(d.Owner)
		r := f.create(equality.Record{ID: d.Owner, TargetID: d.Owner})
		equal(t, "read", f.read(d.Owner), r)
		equal(t, "the entry", f.document(d.DocumentID).State, store.Erased)
		f.load(f.loading(f.arrival(equality.Record{ID: uuid.New(), TargetID: f.erasedPerson()}, 0)))
	}},
	{"others' documents stay", func(t *testing.T, f *fixture) {
		d := f.putPerson(uuid.New(), `{}`)
		other := f.documentID(sealing.KindExtended)
		kept := f.put(other, `{}`)
		f.eraseAll(d.Owner)
		equal(t, "others' documents", f.document(other), kept)
	}},
}

// erasedPerson is a person without a record whose entry was erased.
func (f *fixture) erasedPerson() uuid.UUID {
	f.t.Helper()
	d := f.putPerson(uuid.New(), `{}`)
	f.eraseAll(d.Owner)
	return d.Owner
}
