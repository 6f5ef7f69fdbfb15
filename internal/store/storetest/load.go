package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

const arrived = events.Created

// arrival seals a record from elsewhere at a version.
func (f *fixture) arrival(r equality.Record, version int64) store.Arrival {
	f.t.Helper()
	a, err := store.NewArrival(f.options.Keys, store.Opened{ID: r.ID, Target: r.TargetID, Version: version, Record: r,
		Provenance: imported(r)}, uuid.New())
	ok(f.t, "seal", err)
	return a
}

func imported(r equality.Record) store.Provenance {
	return store.Provenance{Subject: "operator-1", Reason: "import", Members: r.Members()}
}

func (f *fixture) arrivals(records ...equality.Record) (arrivals []store.Arrival) {
	f.t.Helper()
	for _, r := range records {
		arrivals = append(arrivals, f.arrival(r, 0))
	}
	return arrivals
}

// loading is a load of these arrivals.
func (f *fixture) loading(arrivals ...store.Arrival) store.Load {
	e := f.entry(audit.ActionImport)
	e.Scope = "test"
	return store.Load{Arrivals: arrivals, Entry: e, Event: arrived}
}

func (f *fixture) load(l store.Load) []store.Landing {
	f.t.Helper()
	landings, err := f.Load(f.t.Context(), l)
	ok(f.t, "load", err)
	return landings
}

var loading = []test{
	{"records are stored whole, at their version, with one entry for all", func(t *testing.T, f *fixture) {
		records := []equality.Record{everything(), person(), plain()}
		var l store.Load
		for i, r := range records {
			l.Arrivals = append(l.Arrivals, f.arrival(r, int64(i*7)))
		}
		arrivals := l.Arrivals
		l = f.loading(arrivals...)
		equal(t, "landings", f.load(l), []store.Landing{store.Landed, store.Landed, store.Landed})
		entry, want := f.lastEntry(), l.Entry
		want.Count, want.Object = 3, audit.ObjectRecord
		want.At = f.read(records[0].ID).Modified
		for i := range arrivals {
			want.Touched = want.Touched.AppendVersion(arrivals[i].ID, int64(i*7), [audit.HashSize]byte(arrivals[i].Hash()))
		}
		equal(t, "entry", entry, stored(want))
		for i, r := range records {
			c := f.read(r.ID)
			equal(t, "read", c, store.Opened{State: store.Present, ID: r.ID, Target: r.TargetID, Version: int64(i * 7), Modified: c.Modified, Record: r, Provenance: imported(r)})
			equal(t, "by target", f.read(r.TargetID), c)
			equal(t, "history begins with it", f.versions(r.ID, 100, 10), []store.Opened{c})
			if arrivals[i].Modified != (store.Arrival{}).Modified {
				t.Error("the caller's arrival was changed")
			}
		}
		hash := store.NINOHash(f.options.Keys, records[0].NationalInsuranceNumber)
		equal(t, "indexed", f.db.Indexed(t, hash), []uuid.UUID{records[0].ID})
	}},
	{"many that are there, or were erased, are judged in any order, and more than once", func(t *testing.T, f *fixture) {
		var records []equality.Record
		for range 120 {
			records = append(records, person(), plain())
		}
		f.load(f.loading(f.arrivals(records...)...))
		var again []equality.Record
		var want []store.Landing
		for i, r := range slices.Backward(records) {
			landing := store.Same
			if i%10 == 3 {
				f.erase(r.ID)
				landing = store.WasErased
			}
			again, want = append(again, r), append(want, landing)
		}
		again, want = slices.Concat(again, again[:100], []equality.Record{person()}), slices.Concat(want, want[:100], []store.Landing{store.Landed})
		equal(t, "landings", f.load(f.loading(f.arrivals(again...)...)), want)
	}},
	{"many are stored, and times rise with every one", func(t *testing.T, f *fixture) {
		f.clock.freeze()
		before := f.create(person())
		var records []equality.Record
		for range 333 { // no multiple of the number of rows per statement
			records = append(records, person(), plain())
		}
		l := f.loading(f.arrivals(records...)...)
		f.load(l)
		last := before.Modified
		for _, r := range records {
			c := f.read(r.ID)
			if !c.Modified.After(last) {
				t.Fatalf("%v is not after %v", c.Modified, last)
			}
			last = c.Modified
		}
		if c := f.create(person()); !c.Modified.After(last) {
			t.Error("a later change has an earlier time")
		}
		var got []uuid.UUID
		for _, e := range f.events() {
			got = append(got, e.Record)
		}
		want := []uuid.UUID{before.ID}
		for _, r := range records {
			want = append(want, r.ID)
		}
		equal(t, "events", got[:len(want)], want)
	}},
	{"an arrival raises its event, or none without an event id", func(t *testing.T, f *fixture) {
		a, silent := f.arrival(everything(), 4), f.arrival(person(), 0)
		silent.EventID = uuid.Nil
		l := f.loading(a, silent)
		l.Further = []events.Event{{ID: uuid.New(), Type: events.ImportCompleted, Version: 2, CorrelationID: l.Entry.CorrelationID}}
		f.load(l)
		got := f.events()
		if len(got) != 2 {
			t.Fatalf("%d events", len(got))
		}
		equal(t, "event", got[0], events.Event{Position: got[0].Position, ID: a.EventID, At: f.read(a.ID).Modified, Type: arrived,
			Record: a.ID, Target: a.Target, Version: 4, Members: equality.MaskSensitive(a.Record.Members()),
			CorrelationID: l.Entry.CorrelationID})
		if got[1].At.Before(f.read(silent.ID).Modified) {
			t.Error("the load's own event is earlier than what it tells of")
		}
		l.Further[0].Position, l.Further[0].At = got[1].Position, got[1].At
		equal(t, "the load's own", got[1], l.Further[0])
		feed, err := f.poll(store.Feed{Epoch: f.epoch(), Next: got[0].Position}, 10, 0)
		ok(t, "poll", err)
		equal(t, "after the first", feed.Events, got[1:])
	}},
	{"existing records stay as they are", func(t *testing.T, f *fixture) {
		there, other := everything(), person()
		f.create(there)
		f.create(other)
		differs := there
		differs.Disabled = equality.Yes
		sameAnswers := func(id, target uuid.UUID) equality.Record {
			r := there
			r.ID, r.TargetID = id, target
			return r
		}
		fresh := uuid.New()
		tests := []struct {
			name string
			equality.Record
			want store.Landing
		}{
			{"the same", there, store.Same},
			{"other answers", differs, store.Differs},
			{"another id for the person", sameAnswers(fresh, there.TargetID), store.Differs},
			{"another's id for the person", sameAnswers(other.ID, there.TargetID), store.Differs},
			{"the person's id as its id", sameAnswers(there.TargetID, there.TargetID), store.Differs},
			{"the id for another person", sameAnswers(there.ID, fresh), store.Taken},
			{"a person's id for another person", sameAnswers(there.TargetID, fresh), store.Taken},
			{"a record's id as the person", sameAnswers(fresh, there.ID), store.Taken},
			{"id and person change places", sameAnswers(there.TargetID, there.ID), store.Taken},
			{"a record's id as both", sameAnswers(there.ID, there.ID), store.Taken},
		}
		for _, test := range tests {
			f.unchanged(t, 1, func() {
				equal(t, test.name, f.load(f.loading(f.arrival(test.Record, 9))), []store.Landing{test.want})
			})
			if e := f.lastEntryOf(audit.ActionImport); e.Count != 0 {
				t.Errorf("%s: the entry counts %d", test.name, e.Count)
			}
		}
		all := f.loading()
		var want []store.Landing
		landing := person()
		for _, test := range tests {
			all.Arrivals, want = append(all.Arrivals, f.arrival(test.Record, 0)), append(want, test.want)
		}
		all.Arrivals, want = append(all.Arrivals, f.arrival(landing, 0)), append(want, store.Landed)
		equal(t, "together", f.load(all), want)
		equal(t, "entry", f.lastEntryOf(audit.ActionImport).Count, int64(1))
		equal(t, "the one that landed", f.read(landing.ID).Record, landing)
		for _, r := range []equality.Record{there, other} {
			equal(t, "read", f.read(r.ID).Record, r)
		}
	}},
	{"a record changed since is the same if its answers are", func(t *testing.T, f *fixture) {
		r := person()
		a := f.arrival(r, 3)
		f.load(f.loading(a))
		f.change(r.ID, ageGroup("65-74"))
		equal(t, "changed", f.load(f.loading(a)), []store.Landing{store.Differs})
		c := f.change(r.ID, ageGroup(r.AgeGroup))
		equal(t, "changed back", f.load(f.loading(a)), []store.Landing{store.Same})
		equal(t, "version", c.Version, int64(5))
	}},
	{"a load judges its arrivals in order", func(t *testing.T, f *fixture) {
		first, later := everything(), person()
		differs := first
		differs.Disabled = equality.Yes
		second := first
		second.ID = uuid.New()
		l := f.loading(f.arrivals(first, first, differs, second,
			equality.Record{ID: first.ID, TargetID: uuid.New()}, equality.Record{ID: first.TargetID, TargetID: uuid.New()},
			equality.Record{ID: uuid.New(), TargetID: first.ID}, later)...)
		equal(t, "landings", f.load(l), []store.Landing{store.Landed, store.Same, store.Differs, store.Differs,
			store.Taken, store.Taken, store.Taken, store.Landed})
		equal(t, "entry", f.lastEntry().Count, int64(2))
		equal(t, "read", f.read(first.ID).Record, first)
		equal(t, "events", len(f.events()), 2)
	}},
	{"an import brings back no erased record and no person whose record was erased", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		f.erase(r.ID)
		other := equality.Record{ID: uuid.New(), TargetID: r.ID}
		equal(t, "landings", f.load(f.loading(f.arrivals(r, equality.Record{ID: r.ID, TargetID: uuid.New()},
			equality.Record{ID: uuid.New(), TargetID: r.TargetID}, other)...)),
			[]store.Landing{store.WasErased, store.WasErased, store.WasErased, store.Landed})
		equal(t, "read by the erased record's id", f.read(r.ID).ID, other.ID)
	}},
	{"a mark is stored with its load", func(t *testing.T, f *fixture) {
		mark := func(name string) []byte {
			t.Helper()
			position, err := f.Mark(t.Context(), name)
			ok(t, "mark", err)
			return position
		}
		if got := mark("one"); got != nil {
			t.Errorf("a mark nobody made is %q", got)
		}
		l := f.loading(f.arrivals(person())...)
		l.Mark, l.Position = "one", position([]byte("half\x00way"))
		f.load(l)
		f.load(f.loading(f.arrivals(person())...))
		two := f.loading()
		two.Mark, two.Position = "two", position([]byte{1})
		f.load(two)
		equal(t, "an entry of a load of none", f.lastEntry().Count, int64(0))
		f.reopen()
		equal(t, "one", mark("one"), []byte("half\x00way"))
		equal(t, "two", mark("two"), []byte{1})
		l = f.loading()
		l.Mark, l.Position = "one", position([]byte("at the end"))
		f.load(l)
		equal(t, "one", mark("one"), []byte("at the end"))
	}},
	{"position receives the landings, and its error undoes the load", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		l := f.loading(f.arrivals(r, person(), everything(), r)...)
		var told []store.Landing
		l.Mark, l.Position = "mark", func(landings []store.Landing) ([]byte, error) {
			told = landings
			return nil, errRefused
		}
		f.unchanged(t, 0, func() {
			if _, err := f.Load(t.Context(), l); !errors.Is(err, errRefused) {
				t.Errorf("error %v", err)
			}
		})
		equal(t, "told", told, []store.Landing{store.Same, store.Landed, store.Landed, store.Same})
		l.Position = func(landings []store.Landing) ([]byte, error) { return fmt.Append(nil, landings), nil }
		equal(t, "landings", f.load(l), told)
		got, err := f.Mark(t.Context(), "mark")
		ok(t, "mark", err)
		equal(t, "position", string(got), fmt.Sprint(told))
	}},
	{"a load of nothing writes nothing", func(t *testing.T, f *fixture) {
		f.unchanged(t, 0, func() { equal(t, "landings", len(f.load(f.loading())), 0) })
	}},
	{"loads, writes and reads may run together", func(t *testing.T, f *fixture) {
		shared := []equality.Record{person(), person(), person()}
		landed := make(chan int, 8)
		for i := range cap(landed) {
			go func() {
				l := f.loading(f.arrivals(append([]equality.Record{person(), person()}, shared...)...)...)
				l.Mark, l.Position = fmt.Sprint("mark ", i), position([]byte{byte(i)})
				n := 0
				if landings, err := f.Load(context.Background(), l); err != nil {
					t.Errorf("load: %v", err)
				} else {
					for _, landing := range landings {
						if landing == store.Landed {
							n++
						}
					}
				}
				if _, err := f.Write(context.Background(), createOf(person()), f.refuses); !errors.Is(err, errRefused) {
					t.Errorf("write: %v", err)
				}
				landed <- n
			}()
		}
		total := 0
		for range cap(landed) {
			total += <-landed
		}
		equal(t, "landed", total, cap(landed)*2+len(shared))
		equal(t, "records", len(f.all()), total)
	}},
	{"a closed engine loads nothing", func(t *testing.T, f *fixture) {
		engine, l := f.Engine, f.loading(f.arrivals(person())...)
		f.reopen()
		if _, err := engine.Load(t.Context(), l); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("error %v", err)
		}
		equal(t, "records", len(f.all()), 0)
	}},
}

// position returns a position whatever the landings.
func position(p []byte) func([]store.Landing) ([]byte, error) {
	return func([]store.Landing) ([]byte, error) { return p, nil }
}

// refuses decides against every write.
func (f *fixture) refuses(c store.Opened) (store.Decision, error) {
	return f.refusal(c, 403, ""), errRefused
}

// lastEntryOf returns the newest entry of an action.
func (f *fixture) lastEntryOf(action string) audit.Entry {
	f.t.Helper()
	entries := slices.DeleteFunc(f.entries(), func(e audit.Entry) bool { return e.Action != action })
	if len(entries) == 0 {
		f.t.Fatalf("there is no entry of %s", action)
	}
	return entries[len(entries)-1]
}

// epoch is the epoch of the feed.
func (f *fixture) epoch() uuid.UUID {
	f.t.Helper()
	feed, err := f.poll(store.Feed{}, 1, 0)
	ok(f.t, "poll", err)
	return feed.Epoch
}
