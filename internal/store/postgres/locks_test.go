package postgres

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// lockCase is a lock that another session holds: what has to wait for it, and what must
// not.
type lockCase struct {
	name    string
	lock    string // with an id of a record, or none
	blocked func(f *fixture, id uuid.UUID) error
	// creates and changes say whether those of other records go on; reads always do.
	creates, changes bool
}

var lockCases = []lockCase{
	{"a row that is to be changed", "SELECT 1 FROM record WHERE id = $1 FOR UPDATE", (*fixture).touching, true, true},
	{"a row of a key", "SELECT 1 FROM data_key WHERE record = (SELECT number FROM record WHERE id = $1) FOR UPDATE",
		(*fixture).erasing, true, true},
	{"an id in an open COPY", `WITH copied AS (INSERT INTO identifier VALUES (uuid_in(md5($1::text)::cstring), 1) RETURNING uuid)
		SELECT uuid FROM copied`, (*fixture).creatingBeside, true, true},
	{"the lock of an import", "LOCK TABLE record IN ROW EXCLUSIVE MODE", (*fixture).erasing, true, true},
	{"a table of past versions", "LOCK TABLE history IN SHARE MODE", (*fixture).touching, true, false},
	{"the table of records", "LOCK TABLE record IN SHARE MODE", (*fixture).touching, false, false},
	{"the table of events", "LOCK TABLE outbox IN SHARE MODE", (*fixture).touching, false, false},
}

// touching makes the next version of a record.
func (f *fixture) touching(id uuid.UUID) error {
	_, err := f.Write(context.Background(), store.Command{ID: id, EventID: uuid.New()}, func(o store.Opened) (store.Decision, error) {
		r := o.Record
		r.AgeGroup += "+"
		return store.Decision{Effects: []store.Effect{store.PutRecord{Found: o, Record: r, Event: events.Updated}}, Entry: entry("write")}, nil
	})
	return err
}

// creatingBeside creates a record with the id that the open COPY has.
func (f *fixture) creatingBeside(id uuid.UUID) error {
	r := person()
	r.ID = value[uuid.UUID](f.t, f.db, "SELECT uuid_in(md5($1::text)::cstring)", id)
	return f.writing(r, true, entry("write"))
}

// others works on other records until stopped, and fails the test if anything fails. While a
// lock is held, goOn waits until all of this has been done a few times more: what waits for the
// lock never is, however quick or slow the machine.
func (f *fixture) others(c lockCase) (goOn, stop func()) {
	f.t.Helper()
	var records []uuid.UUID
	for range 4 {
		records = append(records, f.written(1).ID)
	}
	work := map[string]func(int) error{"read": func(i int) error { _, err := f.read(records[i]); return err }}
	if c.creates {
		work["create"] = func(int) error { return f.writing(person(), true, entry("write")) }
	}
	if c.changes {
		work["change"] = func(i int) error { return f.touching(records[i]) }
	}
	ended := make(chan struct{})
	done := make(map[string][]atomic.Int64)
	var working sync.WaitGroup
	for what, do := range work {
		counts := make([]atomic.Int64, len(records))
		done[what] = counts
		for i := range records {
			working.Go(func() {
				for {
					select {
					case <-ended:
						return
					default:
					}
					if err := do(i); err != nil {
						f.t.Errorf("another %s: %v", what, err)
						return
					}
					counts[i].Add(1)
					time.Sleep(5 * time.Millisecond)
				}
			})
		}
	}
	const more, patience = 3, 30 * time.Second
	goOn = func() {
		f.t.Helper()
		deadline := time.Now().Add(patience)
		for what, counts := range done {
			for i := range counts {
				for from := counts[i].Load(); counts[i].Load() < from+more; time.Sleep(time.Millisecond) {
					if time.Now().After(deadline) {
						f.t.Errorf("another %s does not go on", what)
						return
					}
				}
			}
		}
	}
	return goOn, func() {
		close(ended)
		working.Wait()
	}
}

// A lock that another session holds delays the write that needs it, and nobody else. The
// write is done when the lock goes.
func TestALockDelaysOnlyTheWriteThatNeedsIt(t *testing.T) {
	t.Parallel()
	for _, c := range lockCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			var ids []uuid.UUID
			for range 6 {
				ids = append(ids, f.written(2).ID)
			}
			goOn, stop := f.others(c)
			var releases []func()
			for _, id := range ids {
				releases = append(releases, f.db.locking(t, c, id))
			}
			ended := make(chan error, len(ids))
			for _, id := range ids {
				go func() { ended <- c.blocked(f, id) }()
			}
			least := time.After(1500 * time.Millisecond) // longer than a statement waits for a lock
			goOn()
			<-least
			if len(ended) > 0 {
				t.Errorf("%d did not wait: %v", len(ended), <-ended)
			}
			for _, release := range releases {
				release()
			}
			for range ids {
				ok(t, <-ended)
			}
			stop()
			heads := f.Heads()
			ok(t, f.Close())
			f.db.sound(t, heads...)
		})
	}
}

func (d database) locking(t *testing.T, c lockCase, id uuid.UUID) (release func()) {
	t.Helper()
	if c.lock[:4] == "LOCK" {
		return d.holding(t, c.lock)
	}
	return d.holding(t, c.lock, id)
}

// A write that waits for a lock which does not go is unavailable in time, alone, and
// changes nothing.
func TestAWriteGivesUpALockThatDoesNotGo(t *testing.T) {
	t.Parallel()
	for _, c := range lockCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			id := f.written(2).ID
			goOn, stop := f.others(c)
			release := f.db.locking(t, c, id)
			for _, err := range together(3, func(int) error {
				began := time.Now()
				err := c.blocked(f, id)
				if took := time.Since(began); took > 3*lockPatience+2*time.Second {
					t.Errorf("it took %v", took)
				}
				return err
			}) {
				if !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("it is told %v", err)
				}
			}
			goOn()
			stop()
			release()
			found, err := f.read(id)
			ok(t, err)
			if found.State != store.Present || found.Version != 1 {
				t.Errorf("it is at version %d, %v", found.Version, found.State)
			}
			heads := f.Heads()
			ok(t, f.Close())
			f.db.sound(t, heads...)
		})
	}
}

// A caller who has gone does not wait for a lock, and one whose time is over is told so.
func TestAWriteWaitsForALockNoLongerThanItsCaller(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(1)
	defer f.db.holding(t, "SELECT 1 FROM record FOR UPDATE")()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := f.Write(ctx, store.Command{ID: r.ID, EventID: uuid.New()}, func(o store.Opened) (store.Decision, error) {
		r := o.Record
		r.AgeGroup += "+"
		return store.Decision{Effects: []store.Effect{store.PutRecord{Found: o, Record: r, Event: events.Updated}}, Entry: entry("write")}, nil
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it is told %v", err)
	}
}

// Whoever numbers the feed may be stopped while it has the lock: readers get what has a
// position, writers go on, and nothing is passed over later.
func TestAStoppedNumberingOfTheFeedDelaysNobody(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.expected.Store(true)
	first := f.written(1)
	seen, err := f.follow(closed(), 10)
	ok(t, err)
	if len(seen) != 1 || seen[0].Record != first.ID {
		t.Fatalf("the feed is %v", seen)
	}
	goOn, stop := f.others(lockCase{creates: true, changes: true})
	release := f.db.holding(t, "SELECT pg_advisory_xact_lock($1::int8::int4, 0)", int64(feedLock))
	for _, err := range together(40, func(int) error {
		for range 3 {
			feed, err := f.Events(context.Background(), uuid.Nil, 0, 10, 0)
			if err != nil {
				return err
			}
			if len(feed.Events) != 1 {
				t.Errorf("%d events have a position", len(feed.Events))
			}
		}
		return nil
	}) {
		ok(t, err)
	}
	goOn()
	release()
	stop()
	seen, err = f.follow(closed(), 1000)
	ok(t, err)
	if n := value[int](t, f.db, "SELECT count(*) FROM outbox"); len(seen) != n {
		t.Errorf("%d of %d events are in the feed", len(seen), n)
	}
}

// An import that stands in the middle of a batch delays those who want what it has, and
// nobody else; what it wrote counts when it goes on.
func TestAStoppedImportDelaysOnlyThoseWhoWantItsIDs(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := person()
	arrival, err := store.NewArrival(f.Keys, store.Opened{ID: r.ID, Target: r.TargetID, Record: r}, uuid.New())
	ok(t, err)
	standing, goOn := make(chan struct{}), make(chan struct{})
	imported := make(chan error, 1)
	go func() {
		_, err := f.Load(context.Background(), store.Load{Entry: entry(audit.ActionImport), Event: events.Created, Mark: "test", Arrivals: []store.Arrival{arrival},
			Position: func([]store.Landing) ([]byte, error) { close(standing); <-goOn; return []byte{1}, nil }})
		imported <- err
	}()
	<-standing
	othersGoOn, stop := f.others(lockCase{creates: true, changes: true})
	erased := f.written(1)
	ended := make(chan error, 2)
	go func() { ended <- f.writing(r, true, entry("write")) }()
	go func() { ended <- f.erasing(erased.ID) }()
	least := time.After(1500 * time.Millisecond)
	othersGoOn()
	<-least
	close(goOn)
	ok(t, <-imported)
	for range 2 {
		if err := <-ended; err != nil && !errors.Is(err, errConflict) {
			t.Error(err)
		}
	}
	stop()
	heads := f.Heads()
	ok(t, f.Close())
	f.db.sound(t, heads...)
}
