package postgres

import (
	"testing"
)

// Of lanes whose leases were lost with their connection, those that nobody
// has taken meanwhile are leased again, and no other is taken for one's own.
func TestLostLeases(t *testing.T) {
	t.Parallel()
	config, err := poolConfig(newDatabase(t).app)
	ok(t, err)
	a, b := newLeases(config.ConnConfig), newLeases(config.ConnConfig)
	t.Cleanup(func() { ok(t, a.close()); ok(t, b.close()) })
	take := func(l *leases) int {
		t.Helper()
		lane, err := l.take(t.Context())
		ok(t, err)
		return lane
	}
	first, second := take(a), take(a)
	if !a.has(t.Context(), first) || !a.has(t.Context(), second) || first == second {
		t.Fatalf("it has not the lanes %d and %d", first, second)
	}
	_, _ = a.conn.Exec(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid())")
	if other := take(b); other != first {
		t.Fatalf("another process takes lane %d, want %d", other, first)
	}
	if a.has(t.Context(), first) {
		t.Errorf("it still has lane %d, which another process has", first)
	}
	if !a.has(t.Context(), second) {
		t.Errorf("it has lost lane %d, which nobody took", second)
	}
	if other := take(b); other == second {
		t.Errorf("another process takes lane %d, which is leased", second)
	}
	if third := take(a); third == first || third == second {
		t.Errorf("it takes lane %d again", third)
	}
}
