package postgres

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

// When the server restarts, or ends its sessions, every connection of the pool is lost at
// once. Callers must not discover this one by one.
func TestReadFindsAConnectionThatWorks(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.fillPool()
	_, _ = s.pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND usename = current_user ORDER BY pid = pg_backend_pid()`) // its own session comes last
	for range 3 {
		if _, err := s.read(uuid.New()); err != nil {
			t.Error(err)
		}
	}
}

// fillPool opens as many connections as the pool may have.
func (f *fixture) fillPool() {
	for _, err := range together(int(f.pool.Config().MaxConns), func(int) error { // all at once, so that the pool opens all
		_, err := f.pool.Exec(f.t.Context(), "SELECT pg_sleep(0.1)")
		return err
	}) {
		ok(f.t, err)
	}
}

// A server that disappears, and is replaced by another, leaves a pool of dead connections.
// Callers must not discover them one by one, each after as long as a transaction may take.
func TestConnectionsThatLeadNowhereAreSoonGivenUp(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for each connection of a pool")
	}
	d := newDatabase(t)
	p, way := through(t, d.app)
	f := open(t, d, way)
	f.expected.Store(true)
	r := f.written(1)
	f.fillPool()
	time.Sleep(idle)
	p.deafen()
	start := time.Now()
	for {
		if _, err := f.read(r.ID); err == nil {
			break
		}
	}
	// A closed connection keeps its place in the pool for 15 more seconds.
	if took := time.Since(start); took > 2*commitTimeout {
		t.Errorf("it took %v", took)
	}
}
