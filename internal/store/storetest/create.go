package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

var creating = []test{
	{"a record is read back whole by its id and by its target's", func(t *testing.T, f *fixture) {
		f.clock.freeze()
		r := everything()
		got := f.create(r)
		want := store.Current{State: store.Present, Version: store.Version{
			ID: r.ID, Target: r.TargetID, Version: 0, Modified: f.clock.now().Truncate(time.Microsecond), Record: r,
			Change: store.Change{Subject: "officer-1", Name: "Invented Officer", Reason: "update", Members: r.Members()}, Verbatim: verbatim(r),
		}}
		equal(t, "what the create gives", got, want)
		equal(t, "by id", f.read(r.ID), want)
		equal(t, "by target", f.read(r.TargetID), want)
	}},
	{"an id may be that of its own target", func(t *testing.T, f *fixture) {
		r := plain()
		want := f.create(r)
		equal(t, "read", f.read(r.ID), want)
		equal(t, "version", want.Version.Version, int64(0))
	}},
	{"an id nobody has is absent", func(t *testing.T, f *fixture) {
		f.create(person())
		equal(t, "read", f.read(uuid.New()), store.Current{})
	}},
	{"a time with parts of a microsecond is stored as it is answered", func(t *testing.T, f *fixture) {
		f.clock.move(789 * time.Nanosecond)
		r := person()
		equal(t, "read", f.create(r), f.read(r.ID))
	}},
	{"what is in the way of a create is shown to the decision", func(t *testing.T, f *fixture) {
		there, other := person(), person()
		want := f.create(there)
		f.create(other)
		fresh := uuid.New
		tests := map[string]equality.Record{
			"the same":                          {ID: there.ID, TargetID: there.TargetID},
			"the same person, another id":       {ID: fresh(), TargetID: there.TargetID},
			"the same person, their id":         {ID: there.TargetID, TargetID: there.TargetID},
			"the same person, another's id":     {ID: other.ID, TargetID: there.TargetID},
			"the same person, another's person": {ID: other.TargetID, TargetID: there.TargetID},
			"the id is a record's":              {ID: there.ID, TargetID: fresh()},
			"the id is a person's":              {ID: there.TargetID, TargetID: fresh()},
			"the person is a record's id":       {ID: fresh(), TargetID: there.ID},
			"id and person change places":       {ID: there.TargetID, TargetID: there.ID},
			"both are a record's id":            {ID: there.ID, TargetID: there.ID},
		}
		for name, r := range tests {
			var calls []store.Current
			f.unchanged(t, 1, func() {
				c, err := f.Write(t.Context(), createOf(r), counted(&calls, f.creates(r)))
				if !errors.Is(err, errConflict) {
					t.Errorf("%s: error %v", name, err)
				}
				equal(t, name+": given back", c, want)
			})
			if len(calls) > 2 {
				t.Errorf("%s: decided %d times", name, len(calls))
			}
			equal(t, name+": decided on", calls[len(calls)-1], want)
			for _, id := range []uuid.UUID{there.ID, there.TargetID} {
				equal(t, name+": read", f.read(id), want)
			}
		}
	}},
	{"a create that found a record in its way may change that", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		second := equality.Record{ID: uuid.New(), TargetID: r.TargetID}
		c, err := f.Write(t.Context(), createOf(second), func(c store.Current) (store.Decision, error) {
			if c.State == store.Present {
				return f.changes(ageGroup("65-74"))(c)
			}
			return f.creates(second)(c)
		})
		ok(t, "write", err)
		equal(t, "id", c.ID, r.ID)
		equal(t, "version", c.Version.Version, int64(1))
		equal(t, "read", f.read(r.ID), c)
	}},
	{"a decision that insists on what is taken, or moves a record to other ids, harms nothing", func(t *testing.T, f *fixture) {
		there := f.create(person())
		fresh := uuid.New()
		for name, r := range map[string]equality.Record{
			"another id for the person": {ID: fresh, TargetID: there.Target},
			"another person for the id": {ID: there.ID, TargetID: fresh},
			"the person's id as its id": {ID: there.Target, TargetID: fresh},
		} {
			f.unchanged(t, 0, func() {
				for command, cmd := range map[string]store.Command{"create": createOf(r), "change": changeOf(there.ID)} {
					_, err := f.Write(t.Context(), cmd, func(store.Current) (store.Decision, error) {
						return f.writes(r, created, nil), nil
					})
					if err == nil {
						t.Errorf("%s: the %s went through", name, command)
					}
				}
			})
		}
	}},
	{"a change of nothing is shown nothing", func(t *testing.T, f *fixture) {
		f.unchanged(t, 1, func() {
			c, err := f.Write(t.Context(), changeOf(uuid.New()), f.changes(ageGroup("65-74")))
			if !errors.Is(err, errMissing) {
				t.Errorf("error %v", err)
			}
			equal(t, "given back", c, store.Current{})
		})
	}},
	{"the National Insurance number index is kept in step", func(t *testing.T, f *fixture) {
		const first, second = "QQ123456C", "QQ654321A"
		r := person()
		r.NationalInsuranceNumber = first
		indexed := func(step string, underFirst, underSecond []uuid.UUID) {
			t.Helper()
			equal(t, step, f.db.Indexed(t, store.NINOHash(f.options.Keys, first)), underFirst)
			equal(t, step, f.db.Indexed(t, store.NINOHash(f.options.Keys, second)), underSecond)
		}
		set := func(nino string) func(*equality.Record) {
			return func(r *equality.Record) { r.NationalInsuranceNumber = nino }
		}
		only := []uuid.UUID{r.ID}
		f.create(r)
		indexed("after the create", only, nil)
		f.change(r.ID, ageGroup("65-74"))
		indexed("after another change", only, nil)
		f.change(r.ID, set(second))
		indexed("after its change", nil, only)
		twin := f.create(person())
		f.change(twin.ID, set(first))
		f.change(r.ID, set(first))
		both := []uuid.UUID{r.ID, twin.ID}
		if got := f.db.Indexed(t, store.NINOHash(f.options.Keys, first)); len(got) != 2 {
			t.Errorf("two people with one number: %v are indexed, not %v", got, both)
		}
		f.change(twin.ID, set(""))
		indexed("after its removal", only, nil)
		_, err := f.Write(t.Context(), changeOf(r.ID), func(c store.Current) (store.Decision, error) {
			return f.refusal(c, 403, ""), errRefused
		})
		if !errors.Is(err, errRefused) {
			t.Errorf("error %v", err)
		}
		indexed("after a refusal", only, nil)
	}},
}

var erasing = []test{
	{"an erased record is told from one that never was", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		f.change(r.ID, ageGroup("65-74"))
		f.erase(r.ID)
		want := store.Current{State: store.Erased, Version: store.Version{ID: r.ID, Version: 1}}
		equal(t, "read by id", f.read(r.ID), want)
		equal(t, "read by target", f.read(r.TargetID), store.Current{})
		c, versions, err := f.History(t.Context(), r.ID, 10, 10, func(c store.Current, v []store.Version) (audit.Entry, bool) {
			equal(t, "entered for", c, want)
			return f.entry("read-history"), true
		})
		ok(t, "history", err)
		equal(t, "history of", c, want)
		equal(t, "versions", versions, []store.Version(nil))
		f.unchanged(t, 1, func() {
			c, err := f.Write(t.Context(), changeOf(r.ID), f.changes(ageGroup("25-34")))
			if !errors.Is(err, errMissing) {
				t.Errorf("change: %v", err)
			}
			equal(t, "the change found", c, want)
		})
		equal(t, "listed", len(f.all()), 0)
	}},
	{"an erased record's id is not given again", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		f.erase(r.ID)
		gone := f.read(r.ID)
		for _, again := range []equality.Record{
			{ID: r.ID, TargetID: r.TargetID}, {ID: r.ID, TargetID: uuid.New()}, {ID: r.ID, TargetID: r.ID},
		} {
			var calls []store.Current
			f.unchanged(t, 1, func() {
				_, err := f.Write(t.Context(), createOf(again), counted(&calls, f.creates(again)))
				if !errors.Is(err, errConflict) {
					t.Errorf("error %v", err)
				}
			})
			equal(t, "decided on", calls[len(calls)-1], gone)
			f.unchanged(t, 0, func() {
				_, err := f.Write(t.Context(), createOf(again), func(store.Current) (store.Decision, error) {
					return f.writes(again, created, nil), nil
				})
				if err == nil {
					t.Error("a decision that insists went through")
				}
			})
		}
		equal(t, "read", f.read(r.ID), gone)
	}},
	{"a person erased before gets another id, and versions go on", func(t *testing.T, f *fixture) {
		r := plain()
		f.create(r)
		f.change(r.ID, ageGroup("65-74"))
		f.erase(r.ID)
		spare := uuid.New()
		var calls []store.Current
		c, err := f.Write(t.Context(), createOf(r), counted(&calls, func(c store.Current) (store.Decision, error) {
			next := r
			if c.State == store.Erased {
				next.ID = spare
			}
			return f.writes(next, created, next.Members()), nil
		}))
		ok(t, "create", err)
		equal(t, "decided on", calls[len(calls)-1], store.Current{State: store.Erased, Version: store.Version{ID: r.ID, Version: 1}})
		equal(t, "id", c.ID, spare)
		equal(t, "first version", c.Version.Version, int64(2))
		equal(t, "read by the new id", f.read(spare), c)
		// A live record by its target comes before a tombstone.
		equal(t, "read by the person's", f.read(r.TargetID), c)
		events := f.events()
		equal(t, "version of the event", events[len(events)-1].Version, int64(2))
		c = f.change(spare, ageGroup("18-24"))
		equal(t, "next version", c.Version.Version, int64(3))
		equal(t, "oldest version", f.versions(spare, 2, 10)[0].Version, int64(2))
		equal(t, "no older version", f.versions(spare, 1, 10), []store.Version(nil))
	}},
	{"an erased record's id may be another's target", func(t *testing.T, f *fixture) {
		gone := f.create(person())
		f.erase(gone.ID)
		want := f.create(equality.Record{ID: uuid.New(), TargetID: gone.ID, AgeGroup: "25-34"})
		equal(t, "read", f.read(gone.ID), want)
		f.erase(want.ID)
		equal(t, "read again", f.read(gone.ID).State, store.Erased)
	}},
	{"an erasure leaves the National Insurance number index and other records in order", func(t *testing.T, f *fixture) {
		r := everything()
		f.create(r)
		other := f.create(person())
		f.erase(r.ID)
		equal(t, "indexed", f.db.Indexed(t, store.NINOHash(f.options.Keys, r.NationalInsuranceNumber)), []uuid.UUID(nil))
		equal(t, "the other", f.read(other.ID), other)
	}},
}
