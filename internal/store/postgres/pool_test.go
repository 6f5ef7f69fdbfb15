package postgres

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

// When the server comes back, or ends its sessions, every connection of the
// pool is lost at once; nobody is to find that out one by one.
func TestReadFindsAConnectionThatWorks(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.fillPool()
	_, _ = s.pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND usename = current_user ORDER BY pid = pg_backend_pid()`) // the last is its own
	for range 3 {
		if _, err := s.read(uuid.New()); err != nil {
			t.Error(err)
		}
	}
}

// fillPool makes as many connections as the pool may have.
func (f *fixture) fillPool() {
	for _, err := range together(int(f.pool.Config().MaxConns), func(int) error { // all at once, so that all are made
		_, err := f.pool.Exec(f.t.Context(), "SELECT pg_sleep(0.1)")
		return err
	}) {
		ok(f.t, err)
	}
}

// A server that has gone without a word, and whose place another has taken,
// leaves a pool of connections that lead nowhere. They are not found out one by
// one, each after as long as a transaction may take.
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
	// A connection that is given up keeps its place in the pool for 15 seconds more.
	if took := time.Since(start); took > 2*commitTimeout {
		t.Errorf("it took %v", took)
	}
}
