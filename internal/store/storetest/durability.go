package storetest

import (
	"math"
	"testing"

	"equality-information-api/internal/store"
)

var durability = []test{
	{"everything acknowledged is stored after opening again", func(t *testing.T, f *fixture) {
		a, b, gone := everything(), plain(), person()
		_, err := f.Write(t.Context(), keyed(createOf(a), 1, 11), f.creates(a))
		ok(t, "create", err)
		f.create(b)
		f.create(gone)
		f.change(a.ID, ageGroup("65-74"))
		f.change(b.ID, ageGroup("65-74"))
		f.erase(gone.ID)
		records, events := f.all(), f.events()
		erased := f.read(gone.ID)
		feed, err := f.poll(store.Feed{}, 2, 0)
		ok(t, "poll", err)
		entries := f.entries()
		heads := f.Heads()

		f.reopen()
		equal(t, "entries", f.entries(), entries)
		equal(t, "records", f.all(), records)
		equal(t, "events", f.events(), events)
		equal(t, "the erased record", f.read(gone.ID), erased)
		outcome, _ := f.remembered(1)
		equal(t, "outcome", outcome, store.Remembered{Outcome: store.Outcome{Status: 200, Record: a.ID}, Body: [32]byte{11}})
		rest, err := f.poll(feed, 10, 0)
		ok(t, "poll", err)
		equal(t, "after an earlier position", rest.Events, events[2:])
		f.verify(heads)

		c := f.change(a.ID, ageGroup("75+"))
		equal(t, "next version", c.Version, int64(2))
		equal(t, "history", len(f.versions(a.ID, math.MaxInt64, 10)), 3)
		again := f.events()
		equal(t, "events", len(again), len(events)+1)
		if again[len(events)].Position <= events[len(events)-1].Position {
			t.Error("positions began anew")
		}
	}},
	{"using a closed engine does no harm", func(t *testing.T, f *fixture) {
		r := f.create(person())
		entries := len(f.entries())
		engine := f.Engine
		f.reopen()
		if _, err := engine.Write(t.Context(), changeOf(r.ID), f.changes(ageGroup("65-74"))); err == nil {
			t.Error("a closed engine has written")
		}
		if _, err := engine.Find(t.Context(), r.ID); err == nil {
			t.Error("a closed engine has read")
		}
		equal(t, "entries", len(f.entries()), entries)
		equal(t, "read", f.read(r.ID), r)
	}},
}
