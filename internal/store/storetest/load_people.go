package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// entryArrival is a person's entry from elsewhere.
func (f *fixture) entryArrival(person uuid.UUID, version int64, content string) store.Arrival {
	f.t.Helper()
	a, err := store.NewEntryArrival(f.options.Keys, person, version, []byte(content), uuid.New())
	ok(f.t, "seal", err)
	return a
}

// loadingPeople is a load of these entries.
func (f *fixture) loadingPeople(arrivals ...store.Arrival) store.Load {
	l := f.loading(arrivals...)
	l.Event = events.PersonCreated
	return l
}

var loadingPeople = []test{
	{"entries are stored at their version, with one entry in the log for all and an event for each", func(t *testing.T, f *fixture) {
		var l store.Load
		for i := range 70 { // no multiple of the number of rows per statement
			l.Arrivals = append(l.Arrivals, f.entryArrival(uuid.New(), int64(i*7), fmt.Sprintf(`{"n":%d}`, i)))
		}
		l = f.loadingPeople(l.Arrivals...)
		l.Mark, l.Position = "import:people", func(landings []store.Landing) ([]byte, error) { return fmt.Append(nil, len(landings)), nil }
		for _, landing := range f.load(l) {
			equal(t, "landing", landing, store.Landed)
		}
		position, err := f.Mark(t.Context(), l.Mark)
		ok(t, "mark", err)
		equal(t, "position", string(position), "70")
		entry, want := f.lastEntry(), l.Entry
		want.Count, want.Object = 70, audit.ObjectPerson
		for i, e := range f.events() {
			a := l.Arrivals[i]
			d := f.document(store.PersonEntry(a.Target))
			equal(t, "read", d, store.Document{DocumentID: store.PersonEntry(a.Target), State: store.Present, Version: int64(i * 7), Modified: d.Modified, Content: a.Entry})
			equal(t, "event", e, events.Event{Position: e.Position, ID: a.EventID, At: d.Modified, Type: events.PersonCreated, Target: a.Target, Version: int64(i * 7),
				CorrelationID: l.Entry.CorrelationID})
			if i == 0 {
				want.At = d.Modified
			}
			want.Touched = want.Touched.AppendVersion(a.Target, a.Version, [audit.HashSize]byte(a.Hash()))
		}
		equal(t, "entry", entry, stored(want))
		next := f.putPerson(l.Arrivals[3].Target, `{}`)
		equal(t, "the next version", next.Version, int64(22))
		f.eraseAll(l.Arrivals[4].Target)
	}},
	{"an entry that is there stays, and nobody who was erased comes back", func(t *testing.T, f *fixture) {
		there, erased, twice := f.putPerson(uuid.New(), `"there"`), f.erasedPerson(), uuid.New()
		again := f.erasedPerson()
		back := f.putPerson(again, `"back"`)
		l := f.loadingPeople(
			f.entryArrival(there.Owner, 0, `"there"`), f.entryArrival(there.Owner, 9, `"elsewhere"`), f.entryArrival(erased, 5, `{}`),
			f.entryArrival(twice, 3, `"first"`), f.entryArrival(twice, 3, `"first"`), f.entryArrival(twice, 3, `"second"`),
			f.entryArrival(again, 0, `"back"`),
		)
		want := []store.Landing{store.Same, store.Differs, store.WasErased, store.Landed, store.Same, store.Differs, store.Same}
		equal(t, "landings", f.load(l), want)
		equal(t, "there", f.document(there.DocumentID), there)
		equal(t, "erased", f.document(store.PersonEntry(erased)).State, store.Erased)
		equal(t, "the first", string(f.document(store.PersonEntry(twice)).Content), `"first"`)
		equal(t, "back", f.document(back.DocumentID), back)
		equal(t, "in the log", f.lastEntry().Count, int64(1))
		want[3] = store.Same
		equal(t, "landings again", f.load(l), want)
	}},
	{"the id of a record is no person's, unless it is the record's own person", func(t *testing.T, f *fixture) {
		apart, alone := person(), equality.Record{ID: uuid.New()}
		alone.TargetID = alone.ID
		f.create(apart)
		f.create(alone)
		l := f.loadingPeople(f.entryArrival(apart.ID, 0, `{}`), f.entryArrival(apart.TargetID, 0, `{}`), f.entryArrival(alone.ID, 0, `{}`))
		equal(t, "landings", f.load(l), []store.Landing{store.Taken, store.Landed, store.Landed})
		equal(t, "stored", f.document(store.PersonEntry(apart.ID)).State, store.Absent)
	}},
	{"nobody comes back whose record was erased, unless they have another", func(t *testing.T, f *fixture) {
		gone, back := person(), person()
		for _, r := range []equality.Record{gone, back} {
			f.create(r)
			f.erase(r.ID)
		}
		f.createAgain(equality.Record{ID: uuid.New(), TargetID: back.TargetID})
		l := f.loadingPeople(f.entryArrival(gone.TargetID, 0, `{}`), f.entryArrival(back.TargetID, 0, `{}`), f.entryArrival(gone.ID, 0, `{}`))
		equal(t, "landings", f.load(l), []store.Landing{store.WasErased, store.Landed, store.Landed})
	}},
	{"an entry of a person who has a key is sealed with it", func(t *testing.T, f *fixture) {
		d := f.putPerson(uuid.New(), `"gone"`)
		f.db.Exec(t, "DELETE FROM document")
		f.tampered = true
		l := f.loadingPeople(f.entryArrival(d.Owner, 2, `"new"`), f.entryArrival(uuid.New(), 0, `{}`))
		equal(t, "landings", f.load(l), []store.Landing{store.Landed, store.Landed})
		equal(t, "read", string(f.document(d.DocumentID).Content), `"new"`)
		equal(t, "hash", f.lastEntry().Count, int64(2))
	}},
	{"an import beside writes of the same people loses none", func(t *testing.T, f *fixture) {
		for range 4 {
			var people []uuid.UUID
			var l store.Load
			for range 6 {
				people = append(people, uuid.New())
				l.Arrivals = append(l.Arrivals, f.entryArrival(people[len(people)-1], 0, `"imported"`))
			}
			l = f.loadingPeople(l.Arrivals...)
			for _, err := range together(4, func(i int) error {
				if i == 0 {
					_, err := f.Load(t.Context(), l)
					return err
				}
				for _, id := range people {
					cmd := store.PersonEntry(id).Command()
					cmd.EventID = uuid.New()
					if _, err := f.Write(t.Context(), cmd, f.putsPerson(fmt.Sprintf(`"put %d"`, i))); err != nil {
						return err
					}
				}
				return nil
			}) {
				ok(t, "write", err)
			}
			for _, id := range people {
				d := f.document(store.PersonEntry(id))
				if d.Version != 2 && d.Version != 3 {
					t.Errorf("the last version is %d", d.Version)
				}
			}
		}
	}},
	{"an import that meets a forged tombstone of an entry, or one that does not open, fails", func(t *testing.T, f *fixture) {
		erased, there := f.erasedPerson(), f.putPerson(uuid.New(), `{}`)
		f.db.Exec(t, "UPDATE tombstone SET reason = 'forged'; UPDATE document SET version = version + 1")
		f.tampered = true
		for _, id := range []uuid.UUID{erased, there.Owner} {
			f.unchangedPeople(t, func() {
				if _, err := f.Load(t.Context(), f.loadingPeople(f.entryArrival(uuid.New(), 0, `{}`), f.entryArrival(id, 0, `{}`))); err == nil {
					t.Error("it was loaded")
				}
			})
		}
	}},
	{"a position that cannot be given undoes an import of people", func(t *testing.T, f *fixture) {
		l := f.loadingPeople(f.entryArrival(uuid.New(), 0, `{}`))
		l.Mark, l.Position = "import:people", func([]store.Landing) ([]byte, error) { return nil, errRefused }
		f.unchangedPeople(t, func() {
			if _, err := f.Load(t.Context(), l); !errors.Is(err, errRefused) {
				t.Errorf("error %v", err)
			}
		})
	}},
}

// createAgain creates a further record of a person whose record was erased.
func (f *fixture) createAgain(r equality.Record) {
	f.t.Helper()
	_, err := f.Write(f.t.Context(), createOf(r), func(c store.Opened) (store.Decision, error) { return f.writes(c, r, created, r.Members()), nil })
	ok(f.t, "create again", err)
}

// unchangedPeople runs something that must leave the directory, the feed and the log as they are.
func (f *fixture) unchangedPeople(t *testing.T, run func()) {
	t.Helper()
	_, people := f.walkEntries(false)
	entries, events := len(f.entries()), f.events()
	run()
	_, after := f.walkEntries(false)
	equal(t, "people", after, people)
	equal(t, "entries in the log", len(f.entries()), entries)
	equal(t, "events", f.events(), events)
}
