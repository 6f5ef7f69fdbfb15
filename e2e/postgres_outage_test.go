package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store/pgtest"
)

// TestPostgresStopsAndStarts stops PostgreSQL under load, in every way, and starts it
// again. In between there are only 503s; nothing acknowledged is lost, nothing is done
// twice, and no server needs a restart.
func TestPostgresStopsAndStarts(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	dir := homeOn(t, c)
	f := newFleet(t, dir, 2)
	readers := make([]follower, 2)
	var callers, following sync.WaitGroup
	end, endOfNews := make(chan struct{}), make(chan struct{})
	f.load(&callers, 12, end, func(err error) bool { return errors.Is(err, refusal(503)) })
	for i := range readers {
		following.Go(func() { f.follow(&readers[i], &f.slots[i], endOfNews) })
	}
	modes := []pgtest.Mode{pgtest.Fast, pgtest.Immediate, pgtest.Kill}
	if long() {
		modes = slices.Repeat(modes, 5)
	}
	for _, mode := range modes {
		f.works(30)
		before := f.answered(503)
		if err := c.Stop(mode); err != nil {
			t.Fatal(err)
		}
		f.readyz(503, 10*time.Second)
		eventually(t, "callers are refused", func() bool { return t.Failed() || f.answered(503) >= before+20 })
		if err := c.StartAgain(); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		f.readyz(200, 20*time.Second)
		f.works(10)
		t.Logf("after %v it takes writes again after %v", syscall.Signal(mode), time.Since(begin).Round(time.Millisecond))
	}
	close(end)
	callers.Wait()
	close(endOfNews)
	following.Wait()
	f.check(dir, readers)
	if f.answers[503] == 0 {
		t.Error("nobody was answered 503, so the test shows nothing")
	}
	t.Logf("%d changes, answers %v", f.kept.changes(), f.answers)
}

// readyz waits until every server says that it is ready, or is not.
func (f *fleet) readyz(status int, within time.Duration) {
	f.t.Helper()
	for i := range f.slots {
		p := f.slots[i].Load()
		if p == nil {
			continue
		}
		for end := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
			r, err := p.send("GET", "/readyz", request{})
			if err != nil {
				f.t.Fatal(err)
			}
			if r.status == status {
				break
			}
			if time.Now().After(end) {
				f.t.Fatalf("/readyz is %d after %v, want %d\n%.2000s", r.status, within, status, p.log())
			}
		}
		if r := p.do(f.t, "GET", "/livez", request{}); r.status != 200 {
			f.t.Errorf("/livez is %d", r.status)
		}
	}
}

// TestPostgresLosesConnections ends the sessions of two servers one by one, whatever they
// are doing. Hardly any caller should notice.
func TestPostgresLosesConnections(t *testing.T) {
	t.Parallel()
	dir := home(t)
	f := newFleet(t, dir, 2)
	readers := make([]follower, 2)
	var callers, following sync.WaitGroup
	end, endOfNews := make(chan struct{}), make(chan struct{})
	f.load(&callers, 12, end, func(err error) bool { return errors.Is(err, refusal(503)) })
	for i := range readers {
		following.Go(func() { f.follow(&readers[i], &f.slots[i], endOfNews) })
	}
	ended, endSession := 0, sessionEnder(t, dir)
	for range 60 {
		ended += endSession()
		// One for every few writes, so that the speed of the machine does not matter.
		f.works(3)
	}
	close(end)
	callers.Wait()
	close(endOfNews)
	following.Wait()
	f.check(dir, readers)
	if ended < 10 {
		t.Errorf("%d sessions were ended, so the test shows little", ended)
	}
	if most := f.answers[200] / 50; f.answers[503] > most {
		t.Errorf("%d of %d were answered 503, want %d at the most", f.answers[503], f.answers[200], most)
	}
	for _, log := range f.logs {
		for line := range strings.Lines(log) {
			if strings.Contains(line, `"ERROR"`) && !strings.Contains(line, `"request"`) {
				t.Log(line)
			}
		}
	}
	t.Logf("%d sessions ended, %d changes, answers %v", ended, f.kept.changes(), f.answers)
}

// sessionEnder returns a function that ends a session of the servers, preferably an active
// one, and returns how many it has ended.
func sessionEnder(t *testing.T, dir string) (end func() int) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, asRole(dir, pgtest.Superuser))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	return func() (ended int) {
		t.Helper()
		err := conn.QueryRow(ctx, `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'equality-api' ORDER BY state = 'idle', random() LIMIT 1) AS session`).Scan(&ended)
		if err != nil {
			t.Fatal(err)
		}
		return ended
	}
}
