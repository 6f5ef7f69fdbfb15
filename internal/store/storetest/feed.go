package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// long is a wait longer than any test.
const long = time.Hour

// poll reads the feed after a position.
func (f *fixture) poll(from store.Feed, limit int, wait time.Duration) (store.Feed, error) {
	return f.Events(f.t.Context(), from.Epoch, from.Next, limit, wait)
}

var feeding = []test{
	{"a change raises one event, a refusal and a change of nothing none", func(t *testing.T, f *fixture) {
		r := everything()
		var want []events.Event
		expect := func(cmd store.Command, c store.Opened, kind string) {
			entry := f.lastEntry()
			want = append(want, events.Event{ID: cmd.EventID, At: c.Modified, Type: kind, Record: r.ID, Target: r.TargetID,
				Version: c.Version, Members: entry.Members, CorrelationID: entry.CorrelationID})
		}
		cmd := keyed(createOf(r), 1, 1)
		c, err := f.Write(t.Context(), cmd, f.creates(r))
		ok(t, "create", err)
		expect(cmd, c, created)
		for i := range 3 {
			cmd := changeOf(r.TargetID)
			c, err := f.Write(t.Context(), cmd, f.changes(ageGroup(fmt.Sprint("code-", i))))
			ok(t, "change", err)
			expect(cmd, c, updated)
			_, err = f.Write(t.Context(), changeOf(r.ID), f.changes(ageGroup(fmt.Sprint("code-", i))))
			ok(t, "change of nothing", err)
			_, err = f.Write(t.Context(), createOf(r), f.creates(r))
			if !errors.Is(err, errConflict) {
				t.Errorf("error %v", err)
			}
			_, err = f.Write(t.Context(), keyed(changeOf(r.ID), 1, 1), f.changes(ageGroup("")))
			if !errors.Is(err, store.ErrKeyTaken) {
				t.Errorf("error %v", err)
			}
		}
		got := f.events()
		position := int64(0)
		for i := range got {
			if got[i].Position <= position {
				t.Errorf("position %d follows %d", got[i].Position, position)
			}
			position, got[i].Position = got[i].Position, 0
		}
		equal(t, "events", got, want)
	}},
	{"the feed is read in pages, each from the end of the last", func(t *testing.T, f *fixture) {
		for range 7 {
			f.create(person())
		}
		want := f.events()
		for limit := 1; limit <= 8; limit++ {
			var got []events.Event
			var feed store.Feed
			for len(got) < len(want) {
				var err error
				feed, err = f.poll(feed, limit, 0)
				ok(t, "poll", err)
				if len(feed.Events) == 0 || len(feed.Events) > limit {
					t.Fatalf("a page of %d with limit %d", len(feed.Events), limit)
				}
				equal(t, "next", feed.Next, feed.Events[len(feed.Events)-1].Position)
				got = append(got, feed.Events...)
			}
			equal(t, "events", got, want)
			// An event's position can be read from again.
			again, err := f.poll(store.Feed{Epoch: feed.Epoch, Next: want[2].Position}, 2, 0)
			ok(t, "poll again", err)
			equal(t, "events again", again.Events, want[3:5])
		}
	}},
	{"the position stays if there is nothing new", func(t *testing.T, f *fixture) {
		f.create(person())
		feed, err := f.poll(store.Feed{}, 10, 0)
		ok(t, "poll", err)
		again, err := f.poll(feed, 10, 0)
		ok(t, "poll", err)
		equal(t, "nothing new", again, store.Feed{Epoch: feed.Epoch, Next: feed.Next})
	}},
	{"an empty feed also has a position", func(t *testing.T, f *fixture) {
		start, err := f.poll(store.Feed{}, 10, 0)
		ok(t, "poll", err)
		equal(t, "events", len(start.Events), 0)
		if start.Epoch == uuid.Nil {
			t.Error("no epoch")
		}
		r := f.create(person())
		feed, err := f.poll(start, 10, 0)
		ok(t, "poll", err)
		equal(t, "events", len(feed.Events), 1)
		equal(t, "record", feed.Events[0].Record, r.ID)
	}},
	{"a waiting reader is woken by news", func(t *testing.T, f *fixture) {
		var feed store.Feed
		for range 10 {
			answers := make(chan store.Feed, 3)
			from := feed
			waiting := make(chan []error, 1)
			go func() {
				waiting <- together(3, func(int) error {
					answer, err := f.poll(from, 1, long)
					answers <- answer
					return err
				})
			}()
			r := f.create(person())
			for _, err := range <-waiting {
				ok(t, "poll", err)
			}
			for range 3 {
				feed = <-answers
				equal(t, "events", len(feed.Events), 1)
				equal(t, "record", feed.Events[0].Record, r.ID)
			}
		}
	}},
	{"a waiting reader is woken only by news, or when the time is over", func(t *testing.T, f *fixture) {
		r := f.create(person())
		feed, err := f.poll(store.Feed{}, 10, 0)
		ok(t, "poll", err)
		waiting := make(chan store.Feed)
		go func() {
			again, err := f.poll(feed, 10, 20*time.Millisecond)
			if err != nil {
				t.Errorf("poll: %v", err)
			}
			waiting <- again
		}()
		f.read(r.ID)
		equal(t, "after the time", <-waiting, store.Feed{Epoch: feed.Epoch, Next: feed.Next})
	}},
	{"a waiting reader is answered when its context ends", func(t *testing.T, f *fixture) {
		f.create(person())
		feed, err := f.poll(store.Feed{}, 10, 0)
		ok(t, "poll", err)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			f.read(uuid.New())
			cancel()
		}()
		// It may be too late to answer with a position.
		again, err := f.Events(ctx, feed.Epoch, feed.Next, 10, long)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("poll: %v", err)
		}
		equal(t, "events", len(again.Events), 0)
		<-ctx.Done()
	}},
	{"another feed's position has expired", func(t *testing.T, f *fixture) {
		f.create(person())
		for _, wait := range []time.Duration{0, long} {
			_, err := f.Events(t.Context(), uuid.New(), 0, 10, wait)
			if !errors.Is(err, store.ErrCursorExpired) {
				t.Errorf("error %v", err)
			}
		}
		equal(t, "entries of it", len(f.entries()), 1)
	}},
	{"a reader who polls meanwhile misses nothing", testPolling},
}

// testPolling reads the feed while people are written in parallel.
func testPolling(t *testing.T, f *fixture) {
	const writers, changes = 6, 15
	done := make(chan []error, 1)
	go func() {
		done <- together(writers, func(i int) error {
			r := person()
			_, err := f.Write(t.Context(), createOf(r), f.creates(r))
			for n := 0; err == nil && n < changes; n++ {
				_, err = f.Write(t.Context(), changeOf(r.ID), f.changes(ageGroup(fmt.Sprint(n))))
			}
			return err
		})
	}()
	const all = writers * (changes + 1)
	read := func(limit int) (events []events.Event, err error) {
		var feed store.Feed
		for len(events) < all && err == nil {
			feed, err = f.poll(feed, limit, long)
			events = append(events, feed.Events...)
		}
		return events, err
	}
	pages := []int{1, 3, 1000}
	got := make([][]events.Event, len(pages))
	for i, err := range together(len(pages), func(i int) (err error) {
		got[i], err = read(pages[i])
		return err
	}) {
		ok(t, fmt.Sprint("reader ", i), err)
	}
	for _, err := range <-done {
		ok(t, "write", err)
	}
	want := f.events()
	equal(t, "events", len(want), all)
	for i := range got {
		equal(t, fmt.Sprintf("what reader %d saw", i), got[i], want)
	}
	versions := make(map[uuid.UUID]int64)
	position := int64(0)
	for _, e := range want {
		if e.Position <= position {
			t.Errorf("position %d follows %d", e.Position, position)
		}
		position = e.Position
		equal(t, "version", e.Version, versions[e.Target])
		versions[e.Target]++
	}
}

var retention = []test{
	{"expired events leave the feed, and older positions expire", func(t *testing.T, f *fixture) {
		start := f.clock.freeze()
		for range 6 {
			f.create(person())
			f.pass(time.Hour)
		}
		want := f.events()
		first, err := f.poll(store.Feed{}, 1, 0)
		ok(t, "poll", err)
		f.pass(start.Add(f.options.EventRetention).Sub(f.clock.now()))
		equal(t, "at the end of the first one's retention", f.events(), want)
		f.pass(time.Hour + 30*time.Minute)
		f.clock.move(30*time.Minute + time.Microsecond)
		equal(t, "before trimming", f.events(), want[2:])
		ok(t, "trim", f.Trim(t.Context()))
		check := func() {
			t.Helper()
			equal(t, "from the beginning", f.events(), want[3:])
			for i, e := range append([]events.Event{{}}, want...) {
				feed, err := f.poll(store.Feed{Epoch: first.Epoch, Next: e.Position}, 10, 0)
				if i < 3 {
					if !errors.Is(err, store.ErrCursorExpired) {
						t.Errorf("behind event %d: %v", i, err)
					}
					continue
				}
				ok(t, "poll", err)
				equal(t, fmt.Sprint("behind event ", i), len(feed.Events), len(want)-i)
			}
		}
		check()
		ok(t, "trim again", f.Trim(t.Context()))
		check()
		f.reopen()
		check()
	}},
	{"without an epoch the feed continues after its floor, which it returns", func(t *testing.T, f *fixture) {
		f.create(person())
		f.pass(f.options.EventRetention + time.Hour)
		f.create(person())
		f.create(person())
		all, err := f.poll(store.Feed{}, 10, 0)
		ok(t, "poll", err)
		equal(t, "events", len(all.Events), 2)
		if all.Floor <= 0 || all.Floor >= all.Events[0].Position {
			t.Errorf("the floor is %d, and the first event at %d", all.Floor, all.Events[0].Position)
		}
		rest, err := f.poll(store.Feed{Next: all.Events[0].Position}, 10, 0)
		ok(t, "poll", err)
		equal(t, "after the first", rest, store.Feed{Epoch: all.Epoch, Floor: all.Floor, Events: all.Events[1:], Next: all.Next})
	}},
	{"a feed that has become empty continues", func(t *testing.T, f *fixture) {
		f.create(person())
		feed, err := f.poll(store.Feed{}, 10, 0)
		ok(t, "poll", err)
		f.pass(f.options.EventRetention + time.Hour)
		equal(t, "events", len(f.events()), 0)
		f.reopen()
		r := f.create(person())
		again, err := f.poll(feed, 10, 0)
		ok(t, "poll", err)
		equal(t, "events", len(again.Events), 1)
		equal(t, "record", again.Events[0].Record, r.ID)
		equal(t, "from the beginning", f.events(), again.Events)
	}},
	{"records and history stay", func(t *testing.T, f *fixture) {
		r := f.create(person())
		f.change(r.ID, ageGroup("65-74"))
		want := f.all()
		f.pass(f.options.EventRetention + time.Hour)
		equal(t, "records", f.all(), want)
	}},
	{"a reader never skips dropped events", testTrimming},
}

// testTrimming writes one person's versions and drops their events at once. A reader may be
// refused, but what it gets has no gap.
func testTrimming(t *testing.T, f *fixture) {
	const changes = 150
	f.options.EventRetention = time.Hour
	f.reopen()
	f.expected.Store(true) // the clock may go further between two looks than a clock goes
	r := f.create(person())
	trim := make(chan struct{}, 1)
	done := make(chan []error, 1)
	write := func(n int) error {
		_, err := f.Write(t.Context(), changeOf(r.ID), f.changes(ageGroup(fmt.Sprint(n))))
		return err
	}
	go func() {
		errs := together(2, func(i int) (err error) {
			if i == 1 {
				for range trim {
					if err = f.Trim(t.Context()); err != nil {
						break
					}
				}
				return err
			}
			defer close(trim)
			for n := 1; n < changes && err == nil; n++ {
				err = write(n)
				f.clock.move(20 * time.Minute)
				select {
				case trim <- struct{}{}:
				default:
				}
			}
			return err
		})
		// The last event stays, so that every reader comes to an end.
		done <- append(errs, write(changes))
	}()
	for _, err := range together(4, func(int) error {
		var feed store.Feed
		next := int64(-1)
		for {
			var err error
			feed, err = f.poll(feed, 1, long)
			if errors.Is(err, store.ErrCursorExpired) {
				feed, next = store.Feed{}, -1
				continue
			}
			if err != nil {
				return err
			}
			if v := feed.Events[0].Version; next >= 0 && v != next {
				return fmt.Errorf("version %d follows %d", v, next-1)
			}
			next = feed.Events[0].Version + 1
			if next > changes {
				return nil
			}
		}
	}) {
		ok(t, "reader", err)
	}
	for _, err := range <-done {
		ok(t, "write or trim", err)
	}
}
