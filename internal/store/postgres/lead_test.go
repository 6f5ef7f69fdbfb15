package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/storetest"
)

// One of two processes on a database leads, until it or its connection ends.
func TestOneProcessLeads(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	keys, err := sealing.Generate()
	ok(t, err)
	open := func() storetest.Engine {
		return d.Open(t, storetest.Options{Keys: keys, Now: time.Now, KeyRetention: time.Hour, EventRetention: time.Hour,
			Report: func(what string, err error) { t.Errorf("reported: %s: %v", what, err) }})
	}
	leads := func(s storetest.Engine) bool {
		t.Helper()
		leads, err := s.Leads(t.Context())
		ok(t, err)
		return leads
	}
	first, second := open(), open()
	defer func() { ok(t, second.Close()) }()
	for range 3 {
		if !leads(first) || leads(second) {
			t.Fatal("the first is not the only one to lead")
		}
	}
	ok(t, first.Close())
	waitFor(t, func() bool { return leads(second) })

	third := open()
	defer func() { ok(t, third.Close()) }()
	if leads(third) {
		t.Fatal("two lead")
	}
	database{owner: d.app}.query(t, func(ctx context.Context, conn *pgx.Conn) error { // as the connections' own role
		_, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = $1", sendLock)
		return err
	})
	waitFor(t, func() bool { return leads(third) })
	// A process that has lost the lead notices, and does not get it back while another has
	// it.
	waitFor(t, func() bool { leads, err := second.Leads(t.Context()); return err == nil && !leads })
}

func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen in time")
		}
	}
}
