package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// keyed is a command with an idempotency key.
func keyed(cmd store.Command, key, body byte) store.Command {
	cmd.Key = &store.Key{Key: [32]byte{key}, Body: [32]byte{body}}
	return cmd
}

// remembered looks an idempotency key up.
func (f *fixture) remembered(key byte) (store.Remembered, bool) {
	f.t.Helper()
	r, found, err := f.Remembered(f.t.Context(), [32]byte{key})
	ok(f.t, "look up a key", err)
	return r, found
}

var idempotency = []test{
	{"a write's outcome is remembered with its body", func(t *testing.T, f *fixture) {
		r := person()
		_, found := f.remembered(1)
		equal(t, "found before", found, false)
		_, err := f.Write(t.Context(), keyed(createOf(r), 1, 11), f.creates(r))
		ok(t, "create", err)
		_, err = f.Write(t.Context(), keyed(changeOf(r.ID), 2, 12), f.changes(ageGroup("65-74")))
		ok(t, "change", err)
		_, err = f.Write(t.Context(), keyed(changeOf(r.ID), 3, 13), f.changes(func(*equality.Record) {}))
		ok(t, "change of nothing", err)
		_, err = f.Write(t.Context(), keyed(changeOf(uuid.New()), 4, 14), f.changes(ageGroup("65-74")))
		if !errors.Is(err, errMissing) {
			t.Errorf("error %v", err)
		}
		_, err = f.Write(t.Context(), keyed(changeOf(r.ID), 5, 15), func(c store.Opened) (store.Decision, error) {
			return f.refusal(c, 0, ""), errRefused
		})
		if !errors.Is(err, errRefused) {
			t.Errorf("error %v", err)
		}
		want := map[byte]store.Outcome{
			1: {Status: 200, Record: r.ID},
			2: {Status: 200, Record: r.ID, Version: 1},
			3: {Status: 200, Record: r.ID, Version: 1},
			4: {Status: 404, Problem: "not-found"},
		}
		for key, outcome := range want {
			got, found := f.remembered(key)
			equal(t, "found", found, true)
			equal(t, "outcome", got, store.Remembered{Outcome: outcome, Body: [32]byte{key + 10}})
		}
		_, found = f.remembered(5)
		equal(t, "an outcome without a status is found", found, false)
		f.reopen()
		_, found = f.remembered(1)
		equal(t, "found after opening again", found, true)
	}},
	{"a used key changes nothing", func(t *testing.T, f *fixture) {
		r, other := person(), person()
		_, err := f.Write(t.Context(), keyed(createOf(r), 1, 11), f.creates(r))
		ok(t, "create", err)
		other.NationalInsuranceNumber = "QQ123456C"
		f.unchanged(t, 0, func() {
			for _, body := range []byte{11, 12} {
				_, err := f.Write(t.Context(), keyed(createOf(other), 1, body), f.creates(other))
				if !errors.Is(err, store.ErrKeyTaken) {
					t.Errorf("create: %v", err)
				}
				_, err = f.Write(t.Context(), keyed(changeOf(r.ID), 1, body), f.changes(ageGroup("65-74")))
				if !errors.Is(err, store.ErrKeyTaken) {
					t.Errorf("change: %v", err)
				}
				_, err = f.Write(t.Context(), keyed(changeOf(uuid.New()), 1, body), f.changes(ageGroup("65-74")))
				if !errors.Is(err, store.ErrKeyTaken) {
					t.Errorf("refusal: %v", err)
				}
			}
		})
		equal(t, "indexed", f.db.Indexed(t, store.NINOHash(f.options.Keys, "QQ123456C")), []uuid.UUID(nil))
		got, _ := f.remembered(1)
		equal(t, "outcome", got, store.Remembered{Outcome: store.Outcome{Status: 200, Record: r.ID}, Body: [32]byte{11}})
	}},
	{"one of many writes with one key is done", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		errs := together(20, func(i int) error {
			_, err := f.Write(t.Context(), keyed(changeOf(r.ID), 1, 1), f.changes(func(r *equality.Record) {
				r.CommunicationRequirements = append(r.CommunicationRequirements[:len(r.CommunicationRequirements):len(r.CommunicationRequirements)], "again")
			}))
			return err
		})
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if !errors.Is(err, store.ErrKeyTaken) {
				t.Errorf("error %v", err)
			}
		}
		equal(t, "done", done, 1)
		equal(t, "version", f.read(r.ID).Version, int64(1))
	}},
	{"an outcome is forgotten after its retention, and the key is free", func(t *testing.T, f *fixture) {
		r := person()
		start := f.clock.freeze()
		_, err := f.Write(t.Context(), keyed(createOf(r), 1, 11), f.creates(r))
		ok(t, "create", err)
		f.pass(f.options.KeyRetention)
		_, found := f.remembered(1)
		equal(t, "found at the end of its retention", found, true)
		_, err = f.Write(t.Context(), keyed(changeOf(r.ID), 1, 12), f.changes(ageGroup("65-74")))
		if !errors.Is(err, store.ErrKeyTaken) {
			t.Errorf("at the end of its retention: %v", err)
		}
		f.clock.move(time.Microsecond)
		_, found = f.remembered(1)
		equal(t, "found after its retention", found, false)
		_, err = f.Write(t.Context(), keyed(changeOf(r.ID), 1, 12), f.changes(ageGroup("65-74")))
		ok(t, "write with a key that is free again", err)
		got, _ := f.remembered(1)
		equal(t, "outcome", got, store.Remembered{Outcome: store.Outcome{Status: 200, Record: r.ID, Version: 1}, Body: [32]byte{12}})
		// The newer use of the key is kept for its own time.
		f.pass(f.options.KeyRetention)
		_, found = f.remembered(1)
		equal(t, "found after trimming", found, true)
		f.pass(time.Microsecond)
		f.clock.move(start.Sub(f.clock.now()))
		_, found = f.remembered(1)
		equal(t, "found with the clock set back, after trimming", found, false)
	}},
}
