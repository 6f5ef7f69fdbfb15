package postgres

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// follow reads the feed from the beginning until stopped, like a subscriber, and returns
// what it read.
func (f *fixture) follow(stop <-chan struct{}, limit int) (seen []events.Event, err error) {
	feed, err := f.Events(context.Background(), uuid.Nil, 0, limit, 0)
	for last := false; err == nil; {
		seen = append(seen, feed.Events...)
		if last && len(feed.Events) == 0 {
			return seen, nil
		}
		select {
		case <-stop:
			last = true
		default:
		}
		feed, err = f.Events(context.Background(), feed.Epoch, feed.Next, limit, time.Millisecond)
	}
	return seen, err
}

func TestAnEventThatCommitsLateIsPassedByNobody(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	a, b := open(t, d, d.waitingLong()), open(t, d, "")
	a.written(1)
	// The late one has written its event, and waits for its position in the log.
	late := person()
	l := &lane{store: a.Store, lease: noLease}
	ok(t, l.enters(1))
	release := d.holding(t, `INSERT INTO audit SELECT lane, seq + 1, gen_random_uuid(), 0, '', '', '', '', '', '', target, record, 0, '', '', 0,
		correlation, '', '', '' FROM audit WHERE lane = $1 AND seq = 1`, l.lease.lane)
	plan, err := store.NewPlan(a.Keys, store.Opened{}, func(c store.Opened) (store.Decision, error) {
		return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: late, Event: events.Updated}}, Entry: entry("write")}, nil
	})
	ok(t, err)
	j := a.planned(plan, store.Command{ID: late.ID, Target: late.TargetID, EventID: uuid.New()})
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.finish([]*job{j})
	}()
	d.waiting(t, 1)
	stop := make(chan struct{})
	var group sync.WaitGroup
	readers := [][]events.Event{nil, nil, nil, nil}
	for i := range readers {
		group.Go(func() {
			var err error
			if readers[i], err = []*fixture{a, b}[i%2].follow(stop, 1+i); err != nil {
				t.Errorf("reader %d: %v", i, err)
			}
		})
	}
	var want []uuid.UUID
	for range 5 {
		want = append(want, b.written(2).ID)
	}
	release()
	<-done
	ok(t, j.err)
	for range 2 {
		want = append(want, b.written(1).ID)
	}
	close(stop)
	group.Wait()
	for i, seen := range readers {
		rising(t, seen)
		if len(seen) != 1+10+1+2 {
			t.Errorf("reader %d was given %d events", i, len(seen))
		}
		for _, id := range append(want, late.ID) {
			if !slices.ContainsFunc(seen, func(e events.Event) bool { return e.Record == id }) {
				t.Errorf("reader %d was not given an event of %v", i, id)
			}
		}
	}
	d.sound(t)
}

// rising checks that positions rise, and that each person's versions are in order.
func rising(t *testing.T, seen []events.Event) {
	t.Helper()
	versions := make(map[uuid.UUID]int64)
	for i, e := range seen {
		if i > 0 && e.Position <= seen[i-1].Position {
			t.Errorf("position %d comes behind %d", e.Position, seen[i-1].Position)
		}
		if next, has := versions[e.Record]; has && e.Version != next {
			t.Errorf("version %d of a record comes where %d was due", e.Version, next)
		}
		versions[e.Record] = e.Version + 1
	}
}

func TestProcessesNumberTheFeedTogether(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	stores := []*fixture{open(t, d, ""), open(t, d, "")}
	stop := make(chan struct{})
	var group sync.WaitGroup
	seen := make([][]events.Event, 4)
	for i := range seen {
		group.Go(func() {
			var err error
			if seen[i], err = stores[i%2].follow(stop, 7); err != nil {
				t.Errorf("reader %d: %v", i, err)
			}
		})
	}
	const people, changes = 6, 8
	for _, err := range together(people, func(i int) error {
		r := person()
		for k := range changes { // by each process in turn
			r.AgeGroup = []string{"25-34", "35-44"}[k%2]
			if err := stores[(i+k)%2].writing(r, k == 0, entry("write")); err != nil {
				return err
			}
		}
		return nil
	}) {
		ok(t, err)
	}
	close(stop)
	group.Wait()
	for i := range seen {
		rising(t, seen[i])
		if len(seen[i]) != people*changes {
			t.Errorf("reader %d was given %d events of %d", i, len(seen[i]), people*changes)
		}
		if !slices.EqualFunc(seen[i], seen[0], func(a, b events.Event) bool { return a.ID == b.ID && a.Position == b.Position }) {
			t.Errorf("reader %d was given another feed", i)
		}
	}
}

func TestTrimmingTogetherNeverLowersTheFloor(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	stores := []*fixture{open(t, d, ""), open(t, d, "")}
	// Many old events, some without a number, and many outcomes to delete.
	d.exec(t, `INSERT INTO outbox (id, at, type, record, target, version, members, correlation)
		SELECT gen_random_uuid(), n, 'test.old', gen_random_uuid(), gen_random_uuid(), 0, '', gen_random_uuid() FROM generate_series(1, 3500) AS n`,
		`UPDATE outbox SET position = nextval('outbox_position_seq') WHERE at < 1000`,
		`INSERT INTO idempotency SELECT decode(md5(n::text), 'hex'), '', n, 200, '', gen_random_uuid(), 0 FROM generate_series(1, 3500) AS n`)()
	fresh := stores[0].written(1)
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		var last int64
		for {
			feed, err := stores[1].FeedAfter(context.Background(), 0, 1)
			if err != nil || feed.Floor < last {
				t.Errorf("the floor went from %d to %d: %v", last, feed.Floor, err)
				return
			}
			last = feed.Floor
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for _, err := range together(6, func(i int) error {
		for {
			// On a busy machine the last of six waits longer for the others than a lock may
			// take.
			if err := stores[i%2].Trim(context.Background()); code(err) != lockNotAvailable {
				return err
			}
		}
	}) {
		ok(t, err)
	}
	close(stop)
	watching.Wait()
	if n := value[int64](t, d, "SELECT (SELECT count(*) FROM idempotency) + (SELECT count(*) FROM outbox)"); n != 1 {
		t.Errorf("%d rows are left", n)
	}
	feed, err := stores[0].FeedAfter(t.Context(), 0, 1)
	ok(t, err)
	floor := feed.Floor
	seen, err := stores[1].follow(closed(), 10)
	ok(t, err)
	if len(seen) != 1 || seen[0].Record != fresh.ID || seen[0].Position <= floor {
		t.Errorf("behind %d the feed is %v", floor, seen)
	}
	_, err = stores[1].Events(t.Context(), feed.Epoch, floor-1, 10, 0)
	if err != store.ErrCursorExpired { //nolint:errorlint // unwrapped
		t.Errorf("a place below the floor: %v", err)
	}
}

func closed() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func TestAReaderThatWaitsLearnsOfAnotherProcesssEvent(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	a, b := open(t, d, ""), open(t, d, "")
	a.written(1)
	first, err := a.Events(t.Context(), uuid.Nil, 0, 10, 0)
	ok(t, err)
	got := make(chan store.Feed)
	go func() {
		feed, err := a.Events(context.Background(), first.Epoch, first.Next, 10, 20*time.Second)
		if err != nil {
			t.Error(err)
		}
		got <- feed
	}()
	time.Sleep(3 * watchInterval) // by now it has looked and is waiting
	start := time.Now()
	r := b.written(1)
	feed := <-got
	if len(feed.Events) != 1 || feed.Events[0].Record != r.ID || time.Since(start) > 10*time.Second {
		t.Errorf("after %v it was given %v", time.Since(start), feed.Events)
	}
}

// Positions are in the order of changes whatever plan the server chooses. If it thinks that
// the table is empty, it could read the table first, and number the events again for each
// row.
func TestPositionsFollowTheChangesWhateverThePlan(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for range 20 {
		f.written(2)
	}
	f.db.exec(t, "DELETE FROM outbox", "ANALYZE outbox")()
	for range 8 {
		f.written(4)
	}
	f.db.exec(t, "UPDATE outbox SET members = members WHERE version = 0")() // now they are stored after the others
	seen, err := f.follow(closed(), 1000)
	ok(t, err)
	if len(seen) != 32 {
		t.Fatalf("%d events", len(seen))
	}
	for i := 1; i < len(seen); i++ {
		if !seen[i].At.After(seen[i-1].At) {
			t.Errorf("event %d is of %v, and the one before of %v", i, seen[i].At, seen[i-1].At)
		}
	}
}

// A page takes one round trip, or three if events get their positions first. Its entry in the
// log is another.
func TestAPageOfTheFeedTakesFewRoundTrips(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	p, way := through(t, d.app)
	f := open(t, d, way)
	feed, err := f.Events(t.Context(), uuid.Nil, 0, 10, 0)
	ok(t, err)
	for what, want := range map[string]int64{"old": 1, "new": 3} {
		fewest := int64(math.MaxInt64) // once every connection has prepared its statements
		for range 20 {
			if what == "new" {
				f.written(1)
			}
			before := p.trips.Load()
			page, err := f.Events(t.Context(), feed.Epoch, feed.Next, 1000, 0)
			ok(t, err)
			if len(page.Events) > 0 {
				fewest = min(fewest, p.trips.Load()-before)
			}
			if what == "old" && len(page.Events) == 0 {
				f.written(1)
			}
		}
		if fewest != want {
			t.Errorf("a page of %s events took %d round trips, want %d", what, fewest, want)
		}
	}
}

func TestWhoReadsANumberedFeedWaitsForNobodyWhoNumbers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.written(3)
	numbered, err := f.Events(t.Context(), uuid.Nil, 0, 10, 0)
	ok(t, err)
	f.db.holding(t, "SELECT pg_advisory_xact_lock($1, 0)", feedLock)
	for after, want := range map[int64]int{0: 3, numbered.Next: 0} {
		again, err := f.Events(t.Context(), numbered.Epoch, after, 10, 0)
		ok(t, err)
		if len(again.Events) != want {
			t.Errorf("%d events behind %d, want %d", len(again.Events), after, want)
		}
	}
}
