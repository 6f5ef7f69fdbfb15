package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/store"
	"equality-information-api/internal/store/pgtest"
)

// full makes the server refuse further connections to the database until lifted.
func (d database) full(t *testing.T) (lift func()) {
	t.Helper()
	name := value[string](t, d, "SELECT current_database()")
	limit := func(n int) {
		asSuperuser(t, pgtest.Shared(t), fmt.Sprintf("ALTER DATABASE %s CONNECTION LIMIT %d", name, n))
	}
	limit(1)
	return func() { limit(-1) }
}

// everything uses a store in every way, many times at once.
func (f *fixture) everything(ctx context.Context, r store.Opened) (errs []error) {
	uses := []func() error{
		func() error { _, err := f.read(r.ID); return err },
		func() error { return f.writing(person(), true, entry("write")) },
		func() error { return f.touching(r.ID) },
		func() error { _, err := f.List(ctx, store.ListQuery{Limit: 10}, passed); return err },
		func() error { _, err := f.Events(ctx, uuid.Nil, 0, 10, 0); return err },
		func() error { _, _, err := f.Remembered(ctx, [32]byte{}); return err },
		func() error { _, err := f.Mark(ctx, "none"); return err },
		func() error { return f.Trim(ctx) },
		func() error { return f.Ready(ctx) },
		func() error {
			fresh := person()
			_, err := f.Load(ctx, f.loading(store.Opened{ID: fresh.ID, Target: fresh.TargetID, Record: fresh}))
			return err
		},
	}
	return together(4*len(uses), func(i int) error {
		for range 5 {
			if err := uses[i%len(uses)](); err != nil {
				return fmt.Errorf("use %d: %w", i%len(uses), err)
			}
		}
		return nil
	})
}

// When the server refuses further connections, everybody waits for those that the pool has:
// they come free within milliseconds.
func TestAPoolThatCannotGrowUsesTheConnectionsItHas(t *testing.T) {
	t.Parallel()
	d := ownDatabase(t)
	f := open(t, d, "")
	r, err := f.read(f.written(1).ID)
	ok(t, err)
	lift := sync.OnceFunc(d.full(t))
	defer lift()
	for _, err := range f.everything(t.Context(), r) {
		if err != nil {
			t.Error(err)
		}
	}
	// A caller waits for the only connection, but not longer than its context allows.
	var held []func()
	for f.pool.Stat().IdleConns() > 0 {
		conn, err := f.pool.Acquire(t.Context())
		ok(t, err)
		release := sync.OnceFunc(conn.Release)
		defer release()
		held = append(held, release)
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := f.Mark(short, "none"); !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who cannot wait is told %v", err)
	}
	read := make(chan error, 1)
	go func() { _, err := f.read(r.ID); read <- err }()
	select {
	case err := <-read:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	for _, release := range held {
		release()
	}
	ok(t, <-read)
	lift()
	f.fillPool() // it grows again
	if n := f.pool.Stat().TotalConns(); n != defaultConnections {
		t.Errorf("it has %d connections", n)
	}
	f.goesOn()
}

// A process that starts beside others, on a full server, has no connection for its leases: it
// shares lanes, and writes through what it has.
func TestAProcessWithoutAConnectionForItsLeasesSharesALane(t *testing.T) {
	t.Parallel()
	d := ownDatabase(t)
	f := open(t, d, "")
	lift := sync.OnceFunc(d.full(t))
	defer lift()
	for range 3 {
		ok(t, f.writing(person(), true, entry("write")))
	}
	lift()
	f.goesOn()
}
