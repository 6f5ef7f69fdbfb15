package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// fixture is an open engine on its own database, with its clock.
type fixture struct {
	Engine
	t       *testing.T
	db      Database
	clock   *clock
	options Options
	end     func() // closes the engine and verifies what is stored; once
	told    reports
	// expected says that the test causes what is reported.
	expected atomic.Bool
	// tampered says that verification is bound to find something.
	tampered bool
}

// newFixture opens a database. When the test ends, it closes the engine and checks that the
// stored data still match the access log.
func newFixture(t *testing.T, db Database) *fixture {
	f := &fixture{t: t, db: db, clock: newClock()}
	f.options = Options{
		Keys: keyset(), Now: f.clock.now, KeyRetention: 24 * time.Hour, EventRetention: 3 * 24 * time.Hour,
		Report: func(what string, err error) {
			f.told.add(what)
			if !f.expected.Load() {
				t.Errorf("reported: %s: %v", what, err)
			}
		},
	}
	f.Engine = db.Open(t, f.options)
	f.end = sync.OnceFunc(func() {
		heads := f.Heads()
		if err := f.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if before, after := length(heads), length(f.Heads()); after < before {
			t.Errorf("the heads went from %d entries back to %d", before, after)
		}
		f.verify(append(heads, f.Heads()...))
	})
	t.Cleanup(f.end)
	return f
}

// keyset is the same for all tests: making one takes long under the race detector.
var keyset = sync.OnceValue(func() *sealing.Keyset {
	keys, err := sealing.Generate()
	if err != nil {
		panic(err)
	}
	return keys
})

// reopen closes the engine and opens its database again.
func (f *fixture) reopen() {
	f.t.Helper()
	if err := f.Close(); err != nil {
		f.t.Fatalf("close: %v", err)
	}
	f.Engine = f.db.Open(f.t, f.options)
}

// verify follows the access log and checks what it tells against the records,
// unless the test has tampered with them.
func (f *fixture) verify(heads []audit.Head) {
	f.t.Helper()
	if f.tampered {
		return
	}
	for _, finding := range f.findings(heads...) {
		f.t.Errorf("verification found: %s", finding)
	}
}

func (f *fixture) findings(heads ...audit.Head) (findings []string) {
	f.t.Helper()
	f.db.Log(f.t, f.options.Keys, func(log audit.Log) {
		report, err := audit.Verify(context.Background(), f.options.Keys, log, heads)
		if err == nil {
			err = audit.VerifyRecords(context.Background(), log, report)
		}
		if err != nil {
			f.t.Fatalf("verify: %v", err)
		}
		findings = report.Findings
	})
	return findings
}

// length returns how many entries there are up to the heads.
func length(heads []audit.Head) (entries int64) {
	for _, h := range heads {
		entries += h.Seq
	}
	return entries
}

// entries returns the access log in the order in which the entries were made, whatever
// their lanes.
func (f *fixture) entries() (entries []audit.Entry) {
	f.t.Helper()
	f.db.Log(f.t, f.options.Keys, func(log audit.Log) {
		err := log.Entries(f.t.Context(), func(l audit.Logged) error {
			entries = append(entries, l.Entry)
			return nil
		})
		if err != nil {
			f.t.Fatalf("read the access log: %v", err)
		}
	})
	slices.SortStableFunc(entries, func(a, b audit.Entry) int { return a.At.Compare(b.At) })
	return entries
}

// lastEntry returns the newest entry of the access log.
func (f *fixture) lastEntry() audit.Entry {
	f.t.Helper()
	entries := f.entries()
	if len(entries) == 0 {
		f.t.Fatal("the access log is empty")
	}
	return entries[len(entries)-1]
}

// clock is the time of a test. It stops unless it has a step.
type clock struct {
	mu   sync.Mutex
	at   time.Time
	step time.Duration
}

func newClock() *clock {
	return &clock{at: time.Date(2026, 3, 2, 9, 30, 0, 123456000, time.UTC), step: time.Millisecond}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(c.step)
	return c.at
}

// freeze stops the clock and returns its time.
func (c *clock) freeze() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.step = 0
	return c.at
}

// move sets the clock forward, or back.
func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// pass lets time pass, as an engine that is open sees it: it looks at the clock every so
// often, and deletes what has expired.
func (f *fixture) pass(d time.Duration) {
	f.t.Helper()
	const step = 45 * time.Minute
	for ; d > 0; d -= step {
		f.clock.move(min(d, step))
		ok(f.t, "trim", f.Trim(f.t.Context()))
	}
}

// reports are what an engine has reported.
type reports struct {
	mu   sync.Mutex
	what []string
}

func (r *reports) add(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.what = append(r.what, what)
}

// take returns what was reported since the last call.
func (r *reports) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	what := r.what
	r.what = nil
	return what
}

// same compares values that a store returns. An absent list equals an empty one.
var same = cmp.Options{
	cmpopts.EquateEmpty(),
	cmpopts.IgnoreUnexported(store.Opened{}, store.Document{}),
	cmp.Comparer(func(a, b equality.Text) bool { return a == b }),
	cmp.Comparer(func(a, b equality.Date) bool { return a == b }),
}

func diffOf(want, got any) string { return cmp.Diff(want, got, same) }

// equal fails the test if got is not want.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := diffOf(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// ok ends the test if there is an error.
func ok(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// read reads a record.
func (f *fixture) read(id uuid.UUID) store.Opened {
	f.t.Helper()
	c, err := f.opened(id)
	ok(f.t, "read", err)
	return c
}

func (f *fixture) opened(id uuid.UUID) (store.Opened, error) {
	found, err := f.Find(f.t.Context(), id)
	if err == nil {
		err = f.Append(f.t.Context(), f.entry("read"))
	}
	if err != nil {
		return store.Opened{}, err
	}
	c, err := found.Decode()
	if found.Text != nil && (!c.Verbatim || string(found.Text) != string(c.Record.Encode())) {
		err = errors.Join(err, errors.New("the text of a record differs from the stored one"))
	}
	if c.Verbatim && found.Text == nil {
		err = errors.Join(err, errors.New("a record was decoded that could be shown as it is stored"))
	}
	return bare(c), err
}

// bare returns a version without its text, which is compared when it is read, and without
// the tombstones of its ids.
func bare(o store.Opened) store.Opened {
	o.Text, o.Tombstones = nil, nil
	return o.Stripped()
}

func bareAll(versions []store.Opened) []store.Opened {
	for i := range versions {
		versions[i] = bare(versions[i])
	}
	return versions
}

// versions reads all versions of a record.
func (f *fixture) versions(id uuid.UUID, from int64, limit int) []store.Opened {
	f.t.Helper()
	_, versions, err := f.History(f.t.Context(), id, from, limit)
	ok(f.t, "read the history", err)
	return bareAll(versions)
}

// events reads the feed from its beginning.
func (f *fixture) events() []events.Event {
	f.t.Helper()
	feed, err := f.Events(f.t.Context(), uuid.Nil, 0, 10_000, 0)
	ok(f.t, "read the feed", err)
	return feed.Events
}
