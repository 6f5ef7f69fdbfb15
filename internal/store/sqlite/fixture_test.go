package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

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

// fixture is an open store on a database of its own.
type fixture struct {
	*Store
	t  *testing.T
	db database
	// expected is set if the test causes a failure that is reported.
	expected bool
}

func setup(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, db: newDatabase(t)}
	f.open()
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func (f *fixture) open() {
	f.t.Helper()
	s, err := Open(f.t.Context(), f.options())
	ok(f.t, err)
	f.Store = s
}

func (f *fixture) options() Options {
	return Options{
		Dir: f.db.dir, Keys: testKeys(), Now: time.Now, KeyRetention: time.Hour, EventRetention: time.Hour,
		Report: func(what string, err error) {
			if !f.expected {
				f.t.Errorf("reported: %s: %v", what, err)
			}
		},
	}
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

// write writes a record, whatever is stored.
func (f *fixture) write(r equality.Record) error {
	cmd := store.Command{ID: r.ID, Target: r.TargetID, EventID: uuid.New()}
	_, err := f.Write(context.Background(), cmd, func(c store.Opened) (store.Decision, error) {
		e := entry("write")
		if c.State != store.Present {
			e.Action = audit.ActionCreate
		}
		e.Members = equality.MaskSensitive(equality.Diff(c.Record, r))
		return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: r, Provenance: store.Provenance{Subject: e.Subject, Reason: "update", Members: e.Members}, Event: eventOf(e)}}, Entry: e}, nil
	})
	return err
}

// written returns a new record with this many versions.
func (f *fixture) written(versions int) equality.Record {
	f.t.Helper()
	r := person()
	for i := range versions {
		r.AgeGroup = []string{"25-34", "35-44"}[i%2]
		ok(f.t, f.write(r))
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
func (d database) sound(t *testing.T, keys *sealing.Keyset, heads ...audit.Head) {
	t.Helper()
	findings, records := d.findings(t, keys, heads...)
	for _, finding := range append(findings, records...) {
		t.Errorf("verification found: %s", finding)
	}
}

// value reads one number with raw SQL.
func (d database) value(t *testing.T, query string) (n int64) {
	t.Helper()
	d.query(t, func(db *sql.DB) error { return db.QueryRow(query).Scan(&n) })
	return n
}

// hold keeps the writer busy until it is released, so that the writes in between wait
// together.
func (f *fixture) hold() (release func()) {
	f.t.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	j := &job{done: make(chan struct{}), run: func(*tx) error {
		close(held)
		<-free
		return errors.New("test: it wrote nothing")
	}}
	if !f.writer.jobs.TryPut(j) {
		f.t.Fatal("the writer accepts no job")
	}
	<-held
	return func() { close(free) }
}

// queued waits until this many jobs wait for the writer.
func (f *fixture) queued(n int) {
	f.t.Helper()
	for f.writer.jobs.Len() != n {
		select {
		case <-f.t.Context().Done():
			f.t.Fatal("the jobs did not arrive")
		default:
			yield()
		}
	}
}

// epoch is the epoch of the feed.
func (f *fixture) epoch() uuid.UUID {
	f.t.Helper()
	feed, err := f.FeedAfter(f.t.Context(), 0, 1)
	ok(f.t, err)
	return feed.Epoch
}
