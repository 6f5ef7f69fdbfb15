package postgres

import (
	"sync"
	"testing"

	"github.com/google/uuid"
)

// When the server comes back, or ends its sessions, every connection of the
// pool is lost at once; nobody is to find that out one by one.
func TestReadFindsAConnectionThatWorks(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var users sync.WaitGroup
	for range defaultConnections { // all at once, so that all are made
		users.Go(func() {
			if _, err := s.pool.Exec(t.Context(), "SELECT pg_sleep(0.1)"); err != nil {
				t.Error(err)
			}
		})
	}
	users.Wait()
	_, _ = s.pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND usename = current_user ORDER BY pid = pg_backend_pid()`) // the last is its own
	for range 3 {
		if _, err := s.read(uuid.New()); err != nil {
			t.Error(err)
		}
	}
}
