package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

var creating = []test{
	{"a record is read back whole by its id and by its target's", func(t *testing.T, f *fixture) {
		f.clock.freeze()
		r := everything()
		got := f.create(r)
		want := store.Opened{State: store.Present, ID: r.ID, Target: r.TargetID, Version: 0, Modified: f.clock.now().Truncate(time.Microsecond), Record: r,
			Provenance: store.Provenance{Subject: "officer-1", Name: "Invented Officer", Reason: "update", Members: r.Members()}, Verbatim: verbatim(r)}
		equal(t, "result of the create", got, want)
		equal(t, "by id", f.read(r.ID), want)
		equal(t, "by target", f.read(r.TargetID), want)
	}},
	{"an id may be that of its own target", func(t *testing.T, f *fixture) {
		r := plain()
		want := f.create(r)
		equal(t, "read", f.read(r.ID), want)
		equal(t, "version", want.Version, int64(0))
	}},
	{"an id nobody has is absent", func(t *testing.T, f *fixture) {
		f.create(person())
		equal(t, "read", f.read(uuid.New()), store.Opened{})
	}},
	{"a time with parts of a microsecond is stored as it is answered", func(t *testing.T, f *fixture) {
		f.clock.move(789 * time.Nanosecond)
		r := person()
		equal(t, "read", f.create(r), f.read(r.ID))
	}},
	{"a decision sees the record in the way of a create", func(t *testing.T, f *fixture) {
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
			var calls []store.Opened
			f.unchanged(t, 1, func() {
				c, err := f.Write(t.Context(), createOf(r), counted(&calls, f.creates(r)))
				if !errors.Is(err, errConflict) {
					t.Errorf("%s: error %v", name, err)
				}
				equal(t, name+": given back", bare(c), want)
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
	{"a create that found a record in its way may change it", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		second := equality.Record{ID: uuid.New(), TargetID: r.TargetID}
		c, err := f.Write(t.Context(), createOf(second), func(c store.Opened) (store.Decision, error) {
			if c.State == store.Present {
				return f.changes(ageGroup("65-74"))(c)
			}
			return f.creates(second)(c)
		})
		ok(t, "write", err)
		equal(t, "id", c.ID, r.ID)
		equal(t, "version", c.Version, int64(1))
		equal(t, "read", f.read(r.ID), bare(c))
	}},
	{"a decision that uses a taken id, or changes a record's ids, does no harm", func(t *testing.T, f *fixture) {
		there := f.create(person())
		fresh := uuid.New()
		for name, r := range map[string]equality.Record{
			"another id for the person": {ID: fresh, TargetID: there.Target},
			"another person for the id": {ID: there.ID, TargetID: fresh},
			"the person's id as its id": {ID: there.Target, TargetID: fresh},
		} {
			f.unchanged(t, 0, func() {
				for command, cmd := range map[string]store.Command{"create": createOf(r), "change": changeOf(there.ID)} {
					_, err := f.Write(t.Context(), cmd, func(c store.Opened) (store.Decision, error) {
						return f.writes(c, r, created, nil), nil
					})
					if err == nil {
						t.Errorf("%s: the %s went through", name, command)
					}
				}
			})
		}
	}},
	{"a change of a missing record sees nothing", func(t *testing.T, f *fixture) {
		f.unchanged(t, 1, func() {
			c, err := f.Write(t.Context(), changeOf(uuid.New()), f.changes(ageGroup("65-74")))
			if !errors.Is(err, errMissing) {
				t.Errorf("error %v", err)
			}
			equal(t, "given back", bare(c), store.Opened{})
		})
	}},
	{"the National Insurance number index follows the records", func(t *testing.T, f *fixture) {
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
		_, err := f.Write(t.Context(), changeOf(r.ID), func(c store.Opened) (store.Decision, error) {
			return f.refusal(c, 403, ""), errRefused
		})
		if !errors.Is(err, errRefused) {
			t.Errorf("error %v", err)
		}
		indexed("after a refusal", only, nil)
	}},
}
