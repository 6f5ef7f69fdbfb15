package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// No caller holds a connection while waiting for another, however few connections are
// allowed.
func TestFewConnectionsAreEnough(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	f := open(t, d, with(d.app, "pool_max_conns", "1"))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var arrivals []store.Arrival
	for range 3 {
		r := person()
		a, err := store.NewArrival(f.Keys, store.Opened{ID: r.ID, Target: r.TargetID, Record: r}, uuid.Nil)
		ok(t, err)
		arrivals = append(arrivals, a)
	}
	for i, want := range []store.Landing{store.Landed, store.Same} {
		// As many at once as there are lanes, each with a transaction of its own.
		for _, err := range together(2*laneCount(), func(n int) error {
			if i == 0 && n > 0 {
				return nil
			}
			landings, err := f.Load(ctx, store.Load{Arrivals: arrivals, Event: events.Created, Entry: entry("import")})
			for _, landing := range landings {
				if landing != want {
					t.Errorf("landed as %d, not as %d", landing, want)
				}
			}
			return err
		}) {
			ok(t, err)
		}
	}
	n := 0
	ok(t, f.Walk(ctx, entry("export"), func(int64, store.Opened) error {
		n++
		if used := f.scans.Stat().AcquiredConns(); used != 1 {
			t.Errorf("it uses %d connections for scans", used)
		}
		return nil
	}))
	if n != len(arrivals) {
		t.Errorf("walked over %d", n)
	}
}
