package storetest

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// gone is an erased record in the form in which a read returns it.
func gone(c store.Opened) store.Opened {
	return store.Opened{State: store.Erased, ID: c.ID, Target: c.Target, Version: c.Version, Modified: c.Modified}
}

var erasing = []test{
	{"an erased record differs from one that never existed, by either id", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		last := f.change(r.ID, ageGroup("65-74"))
		want := gone(f.erase(r.TargetID))
		equal(t, "last version", []any{want.ID, want.Target, want.Version}, []any{r.ID, r.TargetID, last.Version})
		if !want.Modified.After(last.Modified) {
			t.Errorf("erased at %v, the last change was at %v", want.Modified, last.Modified)
		}
		for _, id := range []uuid.UUID{r.ID, r.TargetID} {
			equal(t, "read", f.read(id), want)
			c, versions, err := f.History(t.Context(), id, 10, 10)
			ok(t, "history", err)
			equal(t, "history of", bare(c), want)
			equal(t, "versions", versions, []store.Opened(nil))
			for name, d := range map[string]decide{"change": f.changes(ageGroup("25-34")), "erasure": f.erases} {
				f.unchanged(t, 1, func() {
					c, err := f.Write(t.Context(), changeOf(id), d)
					if !errors.Is(err, errMissing) {
						t.Errorf("%s: %v", name, err)
					}
					equal(t, "the "+name+" found", bare(c), want)
				})
			}
		}
		equal(t, "listed", len(f.all()), 0)
		f.reopen()
		equal(t, "read after opening again", f.read(r.ID), want)
	}},
	{"an erased record's id is not used again", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		want := gone(f.erase(r.ID))
		for _, again := range []equality.Record{
			{ID: r.ID, TargetID: r.TargetID}, {ID: r.ID, TargetID: uuid.New()}, {ID: r.ID, TargetID: r.ID},
		} {
			var calls []store.Opened
			f.unchanged(t, 1, func() {
				_, err := f.Write(t.Context(), createOf(again), counted(&calls, f.creates(again)))
				if !errors.Is(err, errConflict) {
					t.Errorf("error %v", err)
				}
			})
			equal(t, "decided on", calls[len(calls)-1], want)
			f.unchanged(t, 0, func() {
				_, err := f.Write(t.Context(), createOf(again), func(c store.Opened) (store.Decision, error) {
					return f.writes(c, again, created, nil), nil
				})
				if err == nil {
					t.Error("a decision that insists went through")
				}
			})
		}
		equal(t, "read", f.read(r.ID), want)
	}},
	{"a person erased before gets another id, and versions continue", func(t *testing.T, f *fixture) {
		for _, r := range []equality.Record{plain(), person()} {
			f.create(r)
			f.change(r.ID, ageGroup("65-74"))
			want := gone(f.erase(r.ID))
			next := equality.Record{ID: uuid.New(), TargetID: r.TargetID, AgeGroup: "25-34"}
			var calls []store.Opened
			c, err := f.Write(t.Context(), createOf(next), counted(&calls, func(c store.Opened) (store.Decision, error) {
				return f.writes(c, next, created, next.Members()), nil
			}))
			ok(t, "create", err)
			equal(t, "decided on", calls[len(calls)-1], want)
			equal(t, "first version", c.Version, int64(2))
			// A live record of the target comes before a tombstone, unless the tombstone is
			// of the record's own id.
			equal(t, "read by the new id", f.read(next.ID), bare(c))
			equal(t, "read by the person's", f.read(r.TargetID), bare(c))
			events := f.events()
			equal(t, "version of the event", events[len(events)-1].Version, int64(2))
			equal(t, "next version", f.change(next.ID, ageGroup("18-24")).Version, int64(3))
			equal(t, "oldest version", f.versions(next.ID, 2, 10)[0].Version, int64(2))
			equal(t, "no older version", f.versions(next.ID, 1, 10), []store.Opened(nil))
			again := f.erase(r.TargetID)
			equal(t, "erased again", []any{again.ID, again.Version}, []any{next.ID, int64(3)})
			equal(t, "read by the person's", f.read(r.TargetID).Version, map[bool]int64{true: 1, false: 3}[r.ID == r.TargetID])
		}
	}},
	{"an erased record's id may be another's target", func(t *testing.T, f *fixture) {
		erased := f.create(person())
		f.erase(erased.ID)
		want := f.create(equality.Record{ID: uuid.New(), TargetID: erased.ID, AgeGroup: "25-34"})
		equal(t, "version", want.Version, int64(0))
		equal(t, "read", f.read(erased.ID), want)
		f.erase(want.ID)
		equal(t, "read again", f.read(erased.ID).State, store.Erased)
	}},
	{"an erasure leaves the National Insurance number index and other records intact", func(t *testing.T, f *fixture) {
		r := everything()
		f.create(r)
		other := f.create(person())
		f.erase(r.ID)
		equal(t, "indexed", f.db.Indexed(t, store.NINOHash(f.options.Keys, r.NationalInsuranceNumber)), []uuid.UUID(nil))
		equal(t, "the other", f.read(other.ID), other)
	}},
	{"events of an erased record stay, without members, and one announces the erasure", func(t *testing.T, f *fixture) {
		r, other := person(), person()
		f.create(r)
		f.create(other)
		f.change(r.ID, ageGroup("65-74"))
		before := f.events()
		last := f.erase(r.ID)
		for i := range before {
			if before[i].Record == r.ID {
				before[i].Members = nil
			}
		}
		after := f.events()
		equal(t, "earlier events", after[:len(after)-1], before)
		told := after[len(after)-1]
		equal(t, "event", told, events.Event{Position: told.Position, ID: told.ID, At: last.Modified, Type: erased,
			Record: r.ID, Target: r.TargetID, Version: last.Version, CorrelationID: told.CorrelationID})
	}},
	{"an erasure is decided again on a record that has changed", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		_, err := f.Write(t.Context(), changeOf(r.ID), moved(func() { f.change(r.ID, ageGroup("65-74")) }, f.erases))
		ok(t, "erase", err)
		equal(t, "last version", f.read(r.ID).Version, int64(1))
		equal(t, "events", len(f.events()), 3)
	}},
	{"an import that meets a forged tombstone fails, and nothing else does", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		f.erase(r.ID)
		f.db.Exec(t, "UPDATE tombstone SET reason = 'forged'")
		load := f.loading(f.arrivals(r, person())...)
		errs := together(8, func(i int) error {
			if i == 0 {
				_, err := f.Load(t.Context(), load)
				return err
			}
			other := person()
			_, err := f.Write(t.Context(), createOf(other), f.creates(other))
			return err
		})
		if !errors.Is(errs[0], store.ErrForged) {
			t.Errorf("load: %v", errs[0])
		}
		for _, err := range errs[1:] {
			ok(t, "create", err)
		}
		f.tampered = true
	}},
	{"one of two erasures at once finds the record gone", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		errs := together(8, func(int) error {
			_, err := f.Write(t.Context(), changeOf(r.ID), f.erases)
			return err
		})
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if !errors.Is(err, errMissing) {
				t.Errorf("error %v", err)
			}
		}
		equal(t, "done", done, 1)
	}},
}
