package postgres

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// testKeys is one keyset for all tests: making one takes long under the race detector.
var testKeys = sync.OnceValue(func() *sealing.Keyset {
	keys, err := sealing.Generate()
	if err != nil {
		panic(err)
	}
	return keys
})

// fixture is an open store: one of the processes that may share its database.
type fixture struct {
	*Store
	t  *testing.T
	db database
	// expected is set if the test causes a failure that is reported.
	expected atomic.Bool
}

func setup(t *testing.T) *fixture {
	t.Helper()
	return open(t, newDatabase(t), "")
}

// open opens a store on a database. way is a connection string to use instead of its own,
// if not "".
func open(t *testing.T, d database, way string) *fixture {
	t.Helper()
	f := &fixture{t: t, db: d}
	o := f.options()
	if way != "" {
		o.DSN = way
	}
	s, err := Open(t.Context(), o)
	ok(t, err)
	f.Store = s
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func (f *fixture) options() Options {
	return Options{
		DSN: f.db.app, Keys: testKeys(), Now: time.Now, KeyRetention: time.Hour, EventRetention: time.Hour,
		Report: func(what string, err error) {
			if !f.expected.Load() {
				f.t.Errorf("reported: %s: %v", what, err)
			}
		},
	}
}

// waitingLong is a connection string with which a statement waits for locks longer than any
// test does.
func (d database) waitingLong() string { return with(d.app, "lock_timeout", "10s") }

// with returns a connection string with further settings.
func with(dsn string, settings ...string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		panic(err)
	}
	q := u.Query()
	for i := 0; i < len(settings); i += 2 {
		q.Set(settings[i], settings[i+1])
	}
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // PostgreSQL reads a + as a plus
	return u.String()
}

// entry is an entry of an invented caller.
func entry(action string) audit.Entry {
	return audit.Entry{
		ID: uuid.New(), At: time.Now().UTC(), Subject: "officer-1", Name: "Invented Officer", Kind: "person",
		Permission: "equality:test", Purpose: "test", Action: action, Target: uuid.New(), Outcome: audit.Done, Status: 200,
		CorrelationID: uuid.New(), Address: []byte{1, 2, 3},
	}
}

// eventOf is the type of an entry's event.
func eventOf(e audit.Entry) string {
	if e.Action == audit.ActionCreate {
		return events.Created
	}
	return events.Updated
}

// person is an invented person's record.
func person() equality.Record {
	return equality.Record{ID: uuid.New(), TargetID: uuid.New(), AgeGroup: "25-34"}
}

var errConflict = errors.New("test: the record exists")

// writing writes a record, with its entry. A create must find none, and a change must find
// one.
func (f *fixture) writing(r equality.Record, create bool, e audit.Entry) error {
	cmd := store.Command{ID: r.ID, EventID: uuid.New()}
	if create {
		cmd.Target = r.TargetID
	}
	_, err := f.Write(context.Background(), cmd, func(c store.Opened) (store.Decision, error) {
		if create == (c.State == store.Present) {
			e.Outcome = audit.Refused
			return store.Decision{Entry: e}, errConflict
		}
		if c.State != store.Present {
			e.Action = audit.ActionCreate
		}
		e.Members = equality.MaskSensitive(equality.Diff(c.Record, r))
		return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: r, Provenance: store.Provenance{Subject: e.Subject, Reason: "update", Members: e.Members}, Event: eventOf(e)}}, Entry: e}, nil
	})
	return err
}

// planned returns the job of a plan.
func (f *fixture) planned(p *store.Plan, cmd store.Command) *job {
	return &job{plan: p, command: cmd, statements: p.Stamp(f.stamp(1, p.After()...)), done: make(chan struct{})}
}

// written returns a new record with this many versions.
func (f *fixture) written(versions int) equality.Record {
	f.t.Helper()
	r := person()
	for i := range versions {
		r.AgeGroup = []string{"25-34", "35-44"}[i%2]
		ok(f.t, f.writing(r, i == 0, entry("write")))
	}
	return r
}

// load imports records at these versions in one load.
func (f *fixture) load(versions ...int64) {
	f.t.Helper()
	l := store.Load{Entry: entry(audit.ActionImport), Event: events.Created}
	l.Entry.Scope = "invented"
	for _, version := range versions {
		r := person()
		a, err := store.NewArrival(f.Keys, store.Opened{ID: r.ID, Target: r.TargetID, Version: version, Record: r,
			Provenance: store.Provenance{Subject: "import", Reason: "import", Members: r.Members()}}, uuid.New())
		ok(f.t, err)
		l.Arrivals = append(l.Arrivals, a)
	}
	_, err := f.Load(f.t.Context(), l)
	ok(f.t, err)
}

// read reads a record, with its entry.
func (f *fixture) read(id uuid.UUID) (store.Opened, error) {
	found, err := f.Find(context.Background(), id)
	if err == nil {
		err = f.Append(context.Background(), entry("read"))
	}
	if err != nil {
		return store.Opened{}, err
	}
	return found.Decode()
}

// passed is for a page that nobody looks at.
func passed(store.Opened) error { return nil }

// list reads a page, whose entry names several records.
func (f *fixture) list() (page []store.Opened) {
	f.t.Helper()
	e := entry("list")
	_, err := f.List(f.t.Context(), store.ListQuery{Limit: 1000}, func(o store.Opened) error {
		e.Touched = e.Touched.AppendID(o.ID)
		o, err := o.Decode()
		o.Text = nil
		page = append(page, o.Stripped())
		return err
	})
	ok(f.t, err)
	ok(f.t, f.Append(f.t.Context(), e))
	return page
}

// epochOf returns the epoch of a feed.
func epochOf(ctx context.Context, s store.FeedSource) (uuid.UUID, error) {
	feed, err := s.FeedAfter(ctx, 0, 1)
	return feed.Epoch, err
}

// together runs n calls at once and returns their results.
func together(n int, run func(i int) error) []error {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = run(i) })
	}
	group.Wait()
	return errs
}

// findings verifies the access log and the records.
func (d database) findings(t *testing.T, keys *sealing.Keyset, heads ...audit.Head) (findings, records []string) {
	t.Helper()
	d.Log(t, keys, func(log audit.Log) {
		report, err := audit.Verify(context.Background(), keys, log, heads)
		ok(t, err)
		findings = report.Findings
		report.Findings = nil
		ok(t, audit.VerifyRecords(context.Background(), log, report))
		records = report.Findings
	})
	return findings, records
}

// sound fails the test if verification finds anything.
func (d database) sound(t *testing.T, heads ...audit.Head) {
	t.Helper()
	findings, records := d.findings(t, testKeys(), heads...)
	for _, finding := range append(findings, records...) {
		t.Errorf("verification found: %s", finding)
	}
}

// value reads one value with raw SQL.
func value[T any](t *testing.T, d database, query string, args ...any) (v T) {
	t.Helper()
	d.query(t, func(ctx context.Context, conn *pgx.Conn) error { return conn.QueryRow(ctx, query, args...).Scan(&v) })
	return v
}

// holding takes locks in its own session until released.
func (d database) holding(t *testing.T, statement string, args ...any) (release func()) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, d.owner)
	ok(t, err)
	release = sync.OnceFunc(func() { ok(t, conn.Close(ctx)) })
	t.Cleanup(release)
	_, err = conn.Exec(ctx, "BEGIN")
	ok(t, err)
	_, err = conn.Exec(ctx, statement, args...)
	ok(t, err)
	return release
}

// waiting waits until this many sessions of the database wait for a lock.
func (d database) waiting(t *testing.T, n int64) {
	t.Helper()
	eventually(t, func() bool {
		return value[int64](t, d, `SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
			WHERE a.datname = current_database() AND NOT l.granted`) >= n
	})
}

// eventually waits until what returns true.
func eventually(t *testing.T, what func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !what(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen in time")
		}
	}
}
