package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// far are how wrong a clock can be.
var far = []time.Duration{91 * 24 * time.Hour, 10 * 365 * 24 * time.Hour, -91 * 24 * time.Hour, -10 * 365 * 24 * time.Hour, 25 * time.Hour, -25 * time.Hour}

const wrongTime, wrongClock, rightAgain = "the clock is wrong, or was", "the clock is wrong: nothing expires until it is right", "the clock is right again"

var clocks = []test{
	{"the time of a wrong clock is not carried into other changes", func(t *testing.T, f *fixture) {
		f.expected.Store(true)
		f.clock.freeze()
		for _, wrong := range far {
			a, b := f.create(person()), f.create(person())
			f.clock.move(wrong)
			off := f.change(a.ID, ageGroup("65-74"))
			equal(t, "changed while the clock is wrong", off.Modified, f.clock.now())
			f.clock.move(-wrong + time.Second)
			now := f.clock.now()
			for i := range 3 {
				f.clock.move(time.Second)
				now = now.Add(time.Second)
				if i == 1 {
					f.reopen()
				}
				equal(t, fmt.Sprint(wrong, " later: another"), f.change(b.ID, ageGroup(fmt.Sprint(i))).Modified, now)
				f.clock.move(time.Second)
				now = now.Add(time.Second)
				equal(t, fmt.Sprint(wrong, " later: a new one"), f.create(person()).Modified, now)
				f.clock.move(time.Second)
				now = now.Add(time.Second)
				equal(t, fmt.Sprint(wrong, " later: the same"), f.change(a.ID, ageGroup(fmt.Sprint(i))).Modified, now)
			}
			var versions []int64
			for _, v := range f.versions(a.ID, 100, 100) {
				versions = append(versions, v.Version)
			}
			equal(t, "versions", versions, []int64{4, 3, 2, 1, 0})
			if told := f.told.take(); !slices.Contains(told, wrongTime) && wrong < time.Hour {
				t.Errorf("with a clock %v off it reported %q", wrong, told)
			}
			next := map[uuid.UUID]int64{}
			for _, e := range f.events() {
				if e.Version != next[e.Record] {
					t.Errorf("the event of version %d comes after %d versions", e.Version, next[e.Record])
				}
				next[e.Record]++
			}
		}
	}},
	{"a stored time ahead of the clock is reported", func(t *testing.T, f *fixture) {
		f.expected.Store(true)
		f.clock.freeze()
		r := f.create(person())
		f.clock.move(10 * 365 * 24 * time.Hour)
		f.change(r.ID, ageGroup("65-74"))
		f.clock.move(-10 * 365 * 24 * time.Hour)
		for i := range 5 {
			f.change(r.ID, ageGroup(fmt.Sprint(i)))
			f.create(person())
		}
		equal(t, "reported", f.told.take(), []string{wrongTime})
	}},
	{"while the clock is wrong nothing expires", func(t *testing.T, f *fixture) {
		f.expected.Store(true)
		f.clock.freeze()
		r := f.create(person())
		_, err := f.Write(t.Context(), keyed(changeOf(r.ID), 1, 1), f.changes(ageGroup("65-74")))
		ok(t, "change", err)
		kept := f.events()
		ok(t, "trim", f.Trim(t.Context()))
		there := func(what string) {
			t.Helper()
			for _, e := range kept {
				if !slices.ContainsFunc(f.events(), func(is events.Event) bool { return diffOf(e, is) == "" }) {
					t.Errorf("%s: the event at %d is gone", what, e.Position)
				}
			}
			_, found := f.remembered(1)
			equal(t, what+": the outcome is found", found, true)
			_, err := f.Write(t.Context(), keyed(changeOf(r.ID), 1, 1), f.changes(ageGroup("75+")))
			if !errors.Is(err, store.ErrKeyTaken) {
				t.Errorf("%s: %v", what, err)
			}
		}
		for i, wrong := range far {
			restarts := i%2 == 1
			f.clock.move(wrong)
			if restarts {
				f.reopen()
			}
			for range 3 { // minutes
				ok(t, "trim", f.Trim(t.Context()))
				there(fmt.Sprint("with a clock ", wrong, " off"))
			}
			if f.Warning() == "" {
				t.Errorf("nothing warns of a clock %v off", wrong)
			}
			f.clock.move(-wrong)
			if restarts {
				f.reopen()
			}
			for range 10 {
				ok(t, "trim", f.Trim(t.Context()))
				there(fmt.Sprint("after a clock ", wrong, " off"))
			}
			equal(t, "warning", f.Warning(), "")
			told := slices.DeleteFunc(f.told.take(), func(what string) bool { return what == wrongTime })
			if want := []string{wrongClock, rightAgain}; !restarts && !slices.Equal(told, want) || restarts && !slices.Contains(told, wrongClock) {
				t.Errorf("with a clock %v off it reported %q", wrong, told)
			}
		}
	}},
	{"what was stored by a wrong clock expires, and takes nothing with it", func(t *testing.T, f *fixture) {
		f.expected.Store(true)
		f.clock.freeze()
		r := f.create(person())
		for i, wrong := range far {
			f.clock.move(wrong)
			_, err := f.Write(t.Context(), keyed(changeOf(r.ID), byte(i), 1), f.changes(ageGroup(fmt.Sprint(i))))
			ok(t, "change", err)
			f.clock.move(-wrong)
		}
		f.change(r.ID, ageGroup("65-74"))
		equal(t, "events", len(f.events()), len(far)+2)
		for range 3 {
			ok(t, "trim", f.Trim(t.Context()))
			equal(t, "events", len(f.events()), len(far)+2)
		}
		f.pass(f.options.EventRetention + 27*time.Hour) // one is from a clock 25 hours ahead
		equal(t, "events at last", len(f.events()), 0)
		for i := range far {
			_, found := f.remembered(byte(i))
			equal(t, "remembered at last", found, false)
		}
	}},
	{"a clock that stays where it is is believed", func(t *testing.T, f *fixture) {
		f.expected.Store(true)
		r := f.create(person())
		f.clock.move(30 * 24 * time.Hour)
		for range 60 * 24 * 3 { // minutes
			ok(t, "trim", f.Trim(t.Context()))
			if f.Warning() == "" {
				break
			}
		}
		equal(t, "warning", f.Warning(), "")
		ok(t, "trim", f.Trim(t.Context()))
		equal(t, "events", len(f.events()), 0)
		f.change(r.ID, ageGroup("65-74"))
	}},
}
