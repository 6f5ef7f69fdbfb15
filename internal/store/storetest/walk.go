package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/store"
)

// walked walks over all records and returns them.
func (f *fixture) walked(during func(count int64, at int)) (walked []store.Opened) {
	f.t.Helper()
	var count int64
	e := f.entry("export")
	e.Scope = "test"
	err := f.Walk(f.t.Context(), e, func(n int64, v store.Opened) error {
		count = n
		during(count, len(walked))
		walked = append(walked, bare(v))
		return nil
	})
	ok(f.t, "walk", err)
	if int64(len(walked)) != count {
		f.t.Errorf("%d records were walked over, and the entry counts %d", len(walked), count)
	}
	return walked
}

var walking = []test{
	{"every record is returned by id, whole, once the entry is durable", func(t *testing.T, f *fixture) {
		entries := func(int64, int) {}
		equal(t, "of an empty store", len(f.walked(entries)), 0)
		var want []store.Opened
		for range 300 { // more than are read at once
			want = append(want, f.create(person()))
		}
		want[7] = f.change(want[7].ID, ageGroup("65-74"))
		gone := f.create(person())
		f.erase(gone.ID)
		f.load(f.loading(f.arrival(everything(), 8)))
		slices.SortFunc(want, byID)
		before := len(f.entries())
		got := f.walked(func(count int64, at int) {
			if at > 0 {
				return
			}
			last := f.lastEntry()
			if len(f.entries()) != before+1 || last.Action != "export" || last.Count != count || last.Scope != "test" {
				t.Error("the entry is not there yet")
			}
		})
		if !slices.IsSortedFunc(got, byID) {
			t.Error("they are not in order")
		}
		got = slices.DeleteFunc(got, func(v store.Opened) bool { return strings.HasPrefix(v.Provenance.Subject, "operator") })
		equal(t, "walked", got, want)
	}},
	{"writes meanwhile are not seen, and do not wait", func(t *testing.T, f *fixture) {
		var want []store.Opened
		for range 600 {
			want = append(want, f.create(person()))
		}
		slices.SortFunc(want, byID)
		got := f.walked(func(_ int64, at int) {
			if at%100 != 0 {
				return
			}
			f.create(person())
			f.change(want[len(want)-1-at/100].ID, ageGroup("65-74"))
			f.load(f.loading(f.arrivals(person())...))
			if at == 200 {
				f.erase(want[400].ID)
			}
		})
		equal(t, "walked", got, want)
	}},
	{"an error ends the walk", func(t *testing.T, f *fixture) {
		f.create(person())
		f.create(person())
		calls := 0
		err := f.Walk(t.Context(), f.entry("export"), func(int64, store.Opened) error {
			calls++
			return errRefused
		})
		if !errors.Is(err, errRefused) || calls != 1 {
			t.Errorf("error %v after %d", err, calls)
		}
		for range 50 { // no walk leaves anything open
			_ = f.Walk(t.Context(), f.entry("export"), func(int64, store.Opened) error { return errRefused })
		}
		f.create(person())
	}},
	{"a walk ends with its context", func(t *testing.T, f *fixture) {
		for range 600 {
			f.create(person())
		}
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		err := f.Walk(ctx, f.entry("export"), func(int64, store.Opened) error {
			n++
			cancel()
			return nil
		})
		if err == nil || n == 600 {
			t.Errorf("error %v after %d", err, n)
		}
	}},
}
