package storetest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// together runs n calls at once and returns their results.
func together(n int, run func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = run(i)
		})
	}
	close(start)
	group.Wait()
	return errs
}

// requires is an edit that adds a communication requirement.
func requires(code string) func(*equality.Record) {
	return func(r *equality.Record) {
		r.CommunicationRequirements = append(slices.Clone(r.CommunicationRequirements), code)
	}
}

var parallel = []test{
	{"one of many creates of one person wins", func(t *testing.T, f *fixture) {
		target := uuid.New()
		var mu sync.Mutex
		var winner store.Opened
		var losers []store.Opened
		for _, err := range together(20, func(i int) error {
			r := equality.Record{ID: uuid.New(), TargetID: target, AgeGroup: fmt.Sprint(i)}
			if i%5 == 0 {
				r.ID = target
			}
			c, err := f.Write(t.Context(), createOf(r), f.creates(r))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && winner.State == store.Absent:
				winner = bare(c)
			case errors.Is(err, errConflict):
				losers = append(losers, c)
			default:
				return fmt.Errorf("create %d: %w", i, err)
			}
			return nil
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		equal(t, "read", f.read(target), winner)
		equal(t, "losers", len(losers), 19)
		for _, c := range losers {
			equal(t, "what a loser found", bare(c), winner)
		}
		equal(t, "records", f.all(), []store.Opened{winner})
		equal(t, "events", len(f.events()), 1)
	}},
	{"all of many changes of different members survive", func(t *testing.T, f *fixture) {
		const n = 50
		r := f.create(person())
		for _, err := range together(n, func(i int) error {
			_, err := f.Write(t.Context(), changeOf(r.ID), f.changes(requires(fmt.Sprint(i))))
			return err
		}) {
			ok(t, "change", err)
		}
		got := f.read(r.ID)
		equal(t, "version", got.Version, int64(n))
		var want []string
		for i := range n {
			want = append(want, fmt.Sprint(i))
		}
		slices.Sort(want)
		slices.Sort(got.Record.CommunicationRequirements)
		equal(t, "what was changed", got.Record.CommunicationRequirements, want)
		versions := f.versions(r.ID, math.MaxInt64, 1000)
		equal(t, "versions", len(versions), n+1)
		for i, v := range versions {
			equal(t, "version", v.Version, int64(n-i))
			equal(t, "changes in it", len(v.Record.CommunicationRequirements), n-i)
			if i > 0 && !v.Modified.Before(versions[i-1].Modified) {
				t.Errorf("version %d is not older than the next", v.Version)
			}
		}
		for i, e := range f.events() {
			equal(t, "version of the event", e.Version, int64(i))
		}
	}},
	{"one of many changes that expect one version wins", func(t *testing.T, f *fixture) {
		r := f.create(person())
		won := 0
		for _, err := range together(50, func(i int) error {
			_, err := f.Write(t.Context(), changeOf(r.ID), func(c store.Opened) (store.Decision, error) {
				if c.Version != 0 {
					return f.refusal(c, 412, "version-mismatch"), errRefused
				}
				return f.changes(requires(fmt.Sprint(i)))(c)
			})
			return err
		}) {
			if err == nil {
				won++
			} else if !errors.Is(err, errRefused) {
				t.Errorf("error %v", err)
			}
		}
		equal(t, "won", won, 1)
		equal(t, "version", f.read(r.ID).Version, int64(1))
		equal(t, "entries", len(f.entries()), 1+50+1)
	}},
	{"readers see whole versions while they are written", func(t *testing.T, f *fixture) {
		const n = 30
		r := f.create(person())
		for _, err := range together(8, func(i int) (err error) {
			for k := 0; k < n && err == nil; k++ {
				switch i {
				case 0, 1:
					_, err = f.Write(t.Context(), changeOf(r.ID), f.changes(requires(fmt.Sprintf("%d-%d", i, k))))
				case 2:
					other := person()
					_, err = f.Write(t.Context(), createOf(other), f.creates(other))
				case 3:
					_, err = f.Write(t.Context(), createOf(r.Record), f.creates(r.Record))
					if errors.Is(err, errConflict) {
						err = nil
					}
				case 4:
					var page []store.Opened
					page, _, err = f.page(store.ListQuery{Limit: 5, ByTime: k%2 == 0})
					for _, v := range page {
						err = errors.Join(err, whole(v))
					}
				case 5:
					var versions []store.Opened
					_, versions, err = f.History(t.Context(), r.ID, math.MaxInt64, 100)
					for j, v := range versions {
						err = errors.Join(err, whole(v))
						if v.Version != int64(len(versions)-1-j) {
							err = errors.Join(err, fmt.Errorf("version %d is the %dth of %d", v.Version, j, len(versions)))
						}
					}
				case 6:
					err = errors.Join(f.Append(t.Context(), f.entry("refused")), f.Trim(t.Context()))
				default:
					var c store.Opened
					c, err = f.opened(r.Target)
					err = errors.Join(err, whole(c))
				}
			}
			return err
		}) {
			ok(t, "one of them", err)
		}
		equal(t, "version", f.read(r.ID).Version, int64(2*n))
	}},
}

// whole checks that a document belongs to its version: each change in the test adds one
// requirement.
func whole(v store.Opened) error {
	if int64(len(v.Record.CommunicationRequirements)) != v.Version || v.Record.ID != v.ID || v.Record.TargetID != v.Target {
		return fmt.Errorf("version %d has the document of another", v.Version)
	}
	return nil
}
