package storetest

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

var changing = []test{
	{"a change writes the next version, by either id", func(t *testing.T, f *fixture) {
		r := person()
		first := f.create(r)
		for i, id := range []uuid.UUID{r.ID, r.TargetID} {
			code := fmt.Sprintf("code-%d", i)
			c := f.change(id, ageGroup(code))
			equal(t, "version", c.Version, int64(i+1))
			equal(t, "ids", []uuid.UUID{c.ID, c.Target}, []uuid.UUID{r.ID, r.TargetID})
			equal(t, "record", c.Record.AgeGroup, code)
			equal(t, "change", c.Provenance, store.Provenance{Subject: "officer-1", Name: "Invented Officer", Reason: "update", Members: []string{"ageGroup"}})
			if !c.Modified.After(first.Modified) {
				t.Errorf("modified %v is not after %v", c.Modified, first.Modified)
			}
			equal(t, "read", f.read(r.ID), bare(c))
		}
	}},
	{"a decision is made once if nothing has changed", func(t *testing.T, f *fixture) {
		r := person()
		var calls []store.Opened
		_, err := f.Write(t.Context(), createOf(r), counted(&calls, f.creates(r)))
		ok(t, "create", err)
		equal(t, "decided on", calls, []store.Opened{{}})
		want := f.read(r.ID)
		calls = nil
		_, err = f.Write(t.Context(), changeOf(r.ID), counted(&calls, f.changes(ageGroup("65-74"))))
		ok(t, "change", err)
		equal(t, "decided on", calls, []store.Opened{want})
	}},
	{"a decision is made again on a record that has changed", func(t *testing.T, f *fixture) {
		r := person()
		before := f.create(r)
		var between store.Opened
		var calls []store.Opened
		c, err := f.Write(t.Context(), changeOf(r.ID), counted(&calls, moved(func() {
			between = f.change(r.ID, func(r *equality.Record) { r.Nationality = "irish" })
		}, f.changes(ageGroup("65-74")))))
		ok(t, "change", err)
		equal(t, "decided on", calls, []store.Opened{before, between})
		equal(t, "version", c.Version, int64(2))
		equal(t, "members", []string{c.Record.AgeGroup, c.Record.Nationality}, []string{"65-74", "irish"})
		equal(t, "read", f.read(r.ID), bare(c))
	}},
	{"a create is decided again if the person got a record meanwhile", func(t *testing.T, f *fixture) {
		r := person()
		var there store.Opened
		var calls []store.Opened
		c, err := f.Write(t.Context(), createOf(r), counted(&calls, moved(func() {
			there = f.create(equality.Record{ID: uuid.New(), TargetID: r.TargetID})
		}, f.creates(r))))
		if !errors.Is(err, errConflict) {
			t.Errorf("error %v", err)
		}
		equal(t, "given back", bare(c), there)
		equal(t, "decided on", calls, []store.Opened{{}, there})
		equal(t, "read", f.read(r.ID), store.Opened{})
	}},
	{"a change of a record erased meanwhile is decided again", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		c, err := f.Write(t.Context(), changeOf(r.ID), moved(func() { f.erase(r.ID) }, f.changes(ageGroup("65-74"))))
		if !errors.Is(err, errMissing) {
			t.Errorf("error %v", err)
		}
		equal(t, "given back", c.State, store.Erased)
		equal(t, "listed", len(f.all()), 0)
	}},
	{"a refusal writes its entry and its outcome and nothing else", func(t *testing.T, f *fixture) {
		r := person()
		want := f.create(r)
		cmd := changeOf(r.ID)
		cmd.Key = &store.Key{Key: [32]byte{1}, Body: [32]byte{2}}
		var entry audit.Entry
		f.unchanged(t, 1, func() {
			c, err := f.Write(t.Context(), cmd, func(c store.Opened) (store.Decision, error) {
				d := f.refusal(c, 412, "version-mismatch")
				next := c.Record
				next.AgeGroup = "65-74"
				d.Effects, entry = []store.Effect{store.PutRecord{Found: c, Record: next}}, d.Entry // an error takes precedence over effects
				return d, errRefused
			})
			if !errors.Is(err, errRefused) {
				t.Errorf("error %v", err)
			}
			equal(t, "given back", bare(c), want)
			equal(t, "entry", f.lastEntry(), stored(entry))
		})
		got, found, err := f.Remembered(t.Context(), cmd.Key.Key)
		ok(t, "look up", err)
		equal(t, "remembered", found, true)
		equal(t, "outcome", got, store.Remembered{Body: cmd.Key.Body, Outcome: store.Outcome{Status: 412, Problem: "version-mismatch", Record: r.ID}})
	}},
	{"a change of nothing writes its entry and nothing else", func(t *testing.T, f *fixture) {
		r := person()
		want := f.create(r)
		f.unchanged(t, 1, func() {
			equal(t, "given back", f.change(r.ID, func(*equality.Record) {}), want)
			equal(t, "outcome", f.lastEntry().Outcome, audit.Unchanged)
		})
	}},
	{"a decision that panics fails alone", func(t *testing.T, f *fixture) {
		victims := []equality.Record{person(), person(), person(), person()}
		for _, r := range victims {
			f.create(r)
		}
		records := len(f.entries())
		errs := together(len(victims), func(i int) error {
			id := victims[i].ID
			if i > 0 {
				_, err := f.Write(t.Context(), changeOf(id), f.changes(ageGroup("65-74")))
				return err
			}
			again := false
			_, err := attempt(t.Context(), f, changeOf(id), moved(func() { f.change(id, ageGroup("75+")) }, func(c store.Opened) (store.Decision, error) {
				if again {
					panic("a decision that cannot be made")
				}
				again = true
				return f.changes(ageGroup("65-74"))(c)
			}))
			return err
		})
		for i, err := range errs {
			if (err == nil) != (i > 0) {
				t.Errorf("write %d: %v", i, err)
			}
			equal(t, "version", f.read(victims[i].ID).Version, int64(1))
		}
		equal(t, "of the panic", f.read(victims[0].ID).Record.AgeGroup, "75+")
		equal(t, "entries", len(f.entries()), records+4+5) // four changes, five reads
		equal(t, "next", f.change(victims[0].ID, ageGroup("65-74")).Version, int64(2))
	}},
	{"modified rises even if the clock stops or goes back", func(t *testing.T, f *fixture) {
		f.clock.freeze()
		r := person()
		last := f.create(r).Modified
		for i, back := range []time.Duration{0, 0, -time.Minute, 0, -3 * time.Minute} {
			f.clock.move(back)
			c := f.change(r.ID, ageGroup(fmt.Sprint("code-", i)))
			if want := last.Add(time.Microsecond); !c.Modified.Equal(want) {
				t.Errorf("change %d: modified %v, not %v", i, c.Modified, want)
			}
			last = c.Modified
			equal(t, "read", f.read(r.ID).Modified, last)
		}
		f.clock.move(100 * time.Hour)
		equal(t, "with the clock right again", f.change(r.ID, ageGroup("")).Modified, f.clock.now())
	}},
}

// stored returns an entry in the form in which a store returns it.
func stored(e audit.Entry) audit.Entry {
	e.At = e.At.Truncate(time.Microsecond)
	return e
}

var history = []test{
	{"versions are listed newest first, from one down, up to a limit", func(t *testing.T, f *fixture) {
		r := person()
		want := []store.Opened{f.create(r)}
		for i := range 5 {
			want = append([]store.Opened{f.change(r.ID, ageGroup(fmt.Sprint("code-", i)))}, want...)
		}
		tests := []struct {
			from  int64
			limit int
			want  []store.Opened
		}{
			{math.MaxInt64, 100, want},
			{math.MaxInt64, 1, want[:1]},
			{math.MaxInt64, 2, want[:2]},
			{6, 100, want},
			{5, 100, want},
			{5, 6, want},
			{4, 100, want[1:]},
			{4, 1, want[1:2]},
			{3, 2, want[2:4]},
			{0, 100, want[5:]},
			{0, 1, want[5:]},
			{-1, 100, nil},
		}
		for _, test := range tests {
			for _, id := range []uuid.UUID{r.ID, r.TargetID} {
				equal(t, fmt.Sprintf("from %d, limit %d", test.from, test.limit), f.versions(id, test.from, test.limit), test.want)
			}
		}
	}},
	{"the newest version is not kept twice", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		equal(t, "versions", len(f.versions(r.ID, math.MaxInt64, 100)), 1)
		f.change(r.ID, ageGroup("65-74"))
		equal(t, "versions", len(f.versions(r.ID, math.MaxInt64, 100)), 2)
	}},
	{"each record has its own", func(t *testing.T, f *fixture) {
		a, b := person(), person()
		f.create(a)
		f.create(b)
		f.change(b.ID, ageGroup("65-74"))
		equal(t, "versions", len(f.versions(a.ID, math.MaxInt64, 100)), 1)
	}},
	{"an absent record has none", func(t *testing.T, f *fixture) {
		equal(t, "versions", f.versions(uuid.New(), math.MaxInt64, 100), []store.Opened(nil))
	}},
}
