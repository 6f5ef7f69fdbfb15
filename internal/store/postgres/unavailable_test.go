package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"equality-information-api/internal/store"
	"equality-information-api/internal/store/pgtest"
)

// unavailable checks that every use of the store is unavailable.
func (f *fixture) unavailable(r store.Opened) {
	f.t.Helper()
	fresh := person()
	for what, use := range map[string]func() error{
		"read":   func() error { _, err := f.read(r.ID); return err },
		"create": func() error { return f.writing(fresh, true, entry("write")) },
		"change": func() error { return f.writing(r.Record, false, entry("write")) },
		"load": func() error {
			_, err := f.Load(context.Background(), f.loading(store.Opened{ID: fresh.ID, Target: fresh.TargetID, Record: fresh}))
			return err
		},
	} {
		if err := use(); !errors.Is(err, store.ErrUnavailable) {
			f.t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAPoolWithoutAFreeConnectionIsWaitedFor(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	f := open(t, d, with(d.app, "pool_max_conns", "2"))
	f.expected.Store(true)
	r := f.written(1)
	conns := acquireAll(t, f.pool)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := f.Find(ctx, r.ID)
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a read: %v", err)
	}
	for _, conn := range conns {
		conn.Release()
	}
	_, err = f.read(r.ID)
	ok(t, err)
	f.goesOn()
}

func TestAServerWithoutAFreeConnectionIsUnavailable(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t, append([]string{"max_connections = 12", "superuser_reserved_connections = 3"}, pgtest.Volatile...)...)
	f := open(t, private(t, c), "")
	f.expected.Store(true)
	r, err := f.read(f.written(1).ID)
	ok(t, err)
	f.pool.Reset() // as if they had been idle for long
	var taken []*pgx.Conn
	for {
		conn, err := pgx.Connect(t.Context(), f.db.app)
		if err != nil {
			if !refused(err) {
				t.Fatal(err)
			}
			break
		}
		taken = append(taken, conn)
	}
	f.unavailable(r)
	if err := f.Ready(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("ready: %v", err)
	}
	for _, conn := range taken {
		ok(t, conn.Close(t.Context()))
	}
	eventually(t, func() bool { _, err := f.read(r.ID); return err == nil })
	ok(t, f.Ready(t.Context()))
	f.goesOn()
}

func TestAServerThatTakesNoWritesIsUnavailableUntilItDoes(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t, pgtest.Volatile...)
	f := open(t, private(t, c), "")
	f.expected.Store(true)
	r, err := f.read(f.written(1).ID)
	ok(t, err)
	turn := func(to string) {
		t.Helper()
		asSuperuser(t, c, "ALTER SYSTEM SET default_transaction_read_only = "+to, "SELECT pg_reload_conf()")
		eventually(t, func() bool {
			return value[string](t, f.db, "SHOW default_transaction_read_only") == to
		})
	}
	turn("on")
	// Loads have a lane of their own, which must find out too.
	if _, err := f.Load(t.Context(), f.loading(store.Opened{ID: person().ID, Record: person()})); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a load: %v", err)
	}
	f.unavailable(r)
	if err := f.Trim(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("trimming: %v", err)
	}
	turn("off")
	eventually(t, func() bool { _, err := f.read(r.ID); return err == nil })
	ok(t, f.Ready(t.Context()))
	f.goesOn()
}

func TestReadyTellsWhatIsInTheWayOnce(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t, pgtest.Volatile...)
	f := &fixture{t: t, db: private(t, c)}
	o := f.options()
	var mu sync.Mutex
	var told []string
	o.Report = func(what string, err error) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprint(what, ": ", err != nil))
	}
	s, err := Open(t.Context(), o)
	ok(t, err)
	ok(t, s.Ready(t.Context()))
	ok(t, c.Stop(pgtest.Fast))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ctx := range []context.Context{gone, t.Context(), gone, t.Context()} {
		if s.Ready(ctx) == nil {
			t.Error("it is ready")
		}
	}
	ok(t, c.StartAgain())
	eventually(t, func() bool { return s.Ready(t.Context()) == nil })
	ok(t, s.Ready(t.Context()))
	ok(t, s.Close())
	if want := []string{"the database cannot be used: true", "the database can be used: false"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestWhatMayPassByItselfIsUnavailable(t *testing.T) {
	t.Parallel()
	answer := func(severity, code string) error {
		return fmt.Errorf("test: %w", &pgconn.PgError{Severity: "ERREUR", SeverityUnlocalized: severity, Code: code, Message: "test", Detail: "hunter2"})
	}
	tests := []struct {
		err                    error
		unavailable, isAnswer  bool
		violates, isConflicted bool
	}{
		{answer("ERROR", "23505"), false, true, true, false},
		{answer("ERROR", "23502"), false, true, true, false},
		{answer("ERROR", "23514"), false, true, false, false},
		{answer("ERROR", "22021"), false, true, false, false},
		{answer("ERROR", "40001"), true, true, false, true},
		{answer("ERROR", "40P01"), true, true, false, true},
		{answer("ERROR", "55P03"), true, true, false, false},
		{answer("ERROR", "57014"), true, true, false, false},
		{answer("ERROR", "25006"), true, true, false, false},
		{answer("ERROR", "53100"), true, true, false, false},
		{answer("ERROR", "42P01"), true, true, false, false},
		{answer("FATAL", "57P01"), true, false, false, false},
		{answer("FATAL", "28P01"), true, false, false, false},
		{answer("PANIC", "58030"), true, false, false, false},
		{errors.New("broken pipe"), true, false, false, false},
		{context.DeadlineExceeded, true, false, false, false},
		{context.Canceled, false, false, false, false},
		{pgx.ErrNoRows, false, false, false, false},
	}
	for _, test := range tests {
		err := classify(test.err)
		if got := errors.Is(err, store.ErrUnavailable); got != test.unavailable {
			t.Errorf("%v is unavailable: %v", test.err, got)
		}
		if got := answered(test.err); got != test.isAnswer {
			t.Errorf("%v is an answer: %v", test.err, got)
		}
		if violates(test.err) != test.violates || violates(err) != test.violates || conflicts(err) != test.isConflicted {
			t.Errorf("%v is taken for another", test.err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a detail is in %v", err)
		}
	}
}
