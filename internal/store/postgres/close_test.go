package postgres

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/pgtest"
)

// ownDatabase is dropped at the end of the test, which fails if a session is still open.
func ownDatabase(t *testing.T) database {
	t.Helper()
	c := pgtest.Shared(t)
	ok(t, c.Template("migrated", func(name string) error {
		return Migrate(context.Background(), c.DSN(name, pgtest.Owner), pgtest.App)
	}))
	name := c.Create(t, "migrated")
	return database{app: c.DSN(name, pgtest.App), owner: c.DSN(name, pgtest.Owner)}
}

func TestClosingLeavesNoSession(t *testing.T) {
	t.Parallel()
	d := ownDatabase(t)
	f := open(t, d, "")
	writesOn(t, []*fixture{f}, 2)
	f.list()
	feed, err := f.Events(t.Context(), uuid.Nil, 0, 100, 0)
	ok(t, err)
	if len(feed.Events) == 0 {
		t.Error("no events")
	}
	ok(t, f.Close())
	ok(t, f.Close())
	// Also a store that was never used.
	ok(t, open(t, d, "").Close())
	eventually(t, func() bool {
		return value[int64](t, d, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") == 0
	})
	d.sound(t, f.Heads()...)
}

// loading is a load of records.
func (f *fixture) loading(versions ...store.Opened) store.Load {
	f.t.Helper()
	e := entry(audit.ActionImport)
	e.Scope = "test"
	l := store.Load{Entry: e, Event: events.Created}
	for _, v := range versions {
		v.Provenance = store.Provenance{Subject: e.Subject, Reason: "import"}
		a, err := store.NewArrival(f.Keys, v, uuid.New())
		ok(f.t, err)
		l.Arrivals = append(l.Arrivals, a)
	}
	return l
}

func TestClosingFinishesWhatWaits(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	f := open(t, d, "")
	there := f.written(1)
	// Every lane is busy, and the other jobs wait.
	release := d.holding(t, "LOCK TABLE audit IN EXCLUSIVE MODE")
	const n = 20
	errs := make(chan error, n)
	for range laneCount() {
		go func() { errs <- f.Append(context.Background(), entry("waits")) }()
	}
	d.waiting(t, int64(laneCount()))
	loaded := make(chan error, 1)
	l := f.loading(store.Opened{ID: there.ID, Target: there.TargetID, Record: there}) // the load has to read it
	go func() {
		_, err := f.Load(context.Background(), l)
		loaded <- err
	}()
	for range n - laneCount() {
		go func() { errs <- f.Append(context.Background(), entry("waits")) }()
	}
	d.waiting(t, int64(laneCount())+1) // loads have a lane of their own
	eventually(t, func() bool { return f.jobs.Len() == n-laneCount() })
	closed := make(chan error)
	go func() { closed <- f.Close() }()
	select {
	case <-closed:
		t.Error("it is closed, and jobs wait")
	case <-time.After(200 * time.Millisecond):
	}
	release()
	for range n {
		ok(t, <-errs)
	}
	ok(t, <-loaded)
	ok(t, <-closed)
	if got := value[int64](t, d, "SELECT count(*) FROM audit WHERE action = 'waits'"); got != n {
		t.Errorf("%d entries of %d", got, n)
	}
	d.sound(t, f.Heads()...)
}

func TestAClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(1)
	epoch, err := epochOf(t.Context(), f)
	ok(t, err)
	ok(t, f.Close())
	ctx := t.Context()
	for what, use := range map[string]func() error{
		"read":   func() error { _, err := f.Find(ctx, r.ID); return err },
		"create": func() error { return f.writing(person(), true, entry("write")) },
		"change": func() error { return f.writing(r, false, entry("write")) },
		"trace":  func() error { return f.Append(ctx, entry("read")) },
		"load":   func() error { l := f.loading(); l.Mark = "test"; _, err := f.Load(ctx, l); return err },
		"mark":   func() error { _, err := f.Mark(ctx, "test"); return err },
		"trim":   func() error { return f.Trim(ctx) },
		"ready": func() error {
			f.expected.Store(true)
			defer f.expected.Store(false)
			return f.Ready(ctx)
		},
		"list": func() error {
			_, err := f.List(ctx, store.ListQuery{Limit: 1}, passed)
			return err
		},
		"history": func() error {
			_, _, err := f.History(ctx, r.ID, math.MaxInt64, 1)
			return err
		},
		"feed": func() error {
			_, err := f.Events(ctx, epoch, 0, 1, 0)
			return err
		},
		"remembered": func() error { _, _, err := f.Remembered(ctx, [32]byte{1}); return err },
		"walk": func() error {
			return f.Walk(ctx, entry("walk"), func(int64, store.Opened) error { return nil })
		},
	} {
		if err := use(); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	f.db.sound(t, f.Heads()...)
}

// Jobs that nobody waits for any more continue, and disturb nobody.
func TestWhoeverLeavesALoadLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	f := open(t, d, "")
	f.written(1)
	release := d.holding(t, "LOCK TABLE audit IN EXCLUSIVE MODE")
	ctx, cancel := context.WithCancel(t.Context())
	r := person()
	l := f.loading(store.Opened{ID: r.ID, Target: r.TargetID, Record: r})
	done := make(chan error)
	go func() {
		landings, err := f.Load(ctx, l)
		if landings != nil {
			t.Errorf("it is told %v", landings)
		}
		done <- err
	}()
	d.waiting(t, 1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("who leaves is told %v", err)
	}
	release()
	f.goesOn()
}

// A silent database does not stop a store from closing, and callers that wait learn that
// the store is unavailable.
func TestClosingGivesUpOnASilentDatabase(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits as long as closing may take")
	}
	d := newDatabase(t)
	p, way := through(t, d.app)
	f := open(t, d, way)
	f.expected.Store(true)
	r := f.written(1)
	release, loaded := f.stuck()
	defer release()
	walking, silent, walked := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		walked <- f.Walk(context.Background(), entry("walk"), func(int64, store.Opened) error {
			close(walking)
			<-silent
			return nil
		})
	}()
	<-walking
	p.silence(true)
	close(silent)
	const more = 100 // more than the queue holds
	errs := make(chan error)
	for range store.QueueLength + batchLength*laneCount() {
		go func() { errs <- f.Append(context.Background(), entry("silent")) }()
	}
	eventually(t, func() bool { return f.jobs.Len() == store.QueueLength })
	for i := range more {
		go func() {
			if i%2 == 0 {
				_, err := f.read(r.ID)
				errs <- err
				return
			}
			_, err := f.Load(context.Background(), f.loading(store.Opened{ID: r.ID, Target: r.TargetID, Record: r}))
			errs <- err
		}()
	}
	eventually(t, func() bool { return f.alone.Len() == more/2 })
	start := time.Now()
	closed := make(chan error, 1)
	go func() { closed <- f.Close() }()
	for range store.QueueLength + batchLength*laneCount() + more {
		if err := <-errs; !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("who waits is told %v", err)
		}
	}
	for what, err := range map[string]error{"loads": <-loaded, "walks": <-walked, "closes": <-closed} {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("who %s is told %v", what, err)
		}
	}
	if took := time.Since(start); took > closeTimeout+closeGrace+5*time.Second { // for a busy machine
		t.Errorf("it took %v", took)
	}
}
