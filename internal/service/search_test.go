package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/directory"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// keep keeps the index until the test ends, and waits until it is built.
func (b *bench) keep(t testing.TB) (built <-chan int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	times := make(chan int, 100)
	var running sync.WaitGroup
	running.Go(func() { b.KeepIndex(ctx, func(people int) { times <- people }) })
	t.Cleanup(func() { cancel(); running.Wait() })
	<-times
	return times
}

// search finds people as an officer.
func (b *bench) search(t testing.TB, terms string) (ids []uuid.UUID, err error) {
	t.Helper()
	found, _, err := b.SearchPeople(t.Context(), b.as(t, officer, SearchPeople), []byte("{"+terms+"}"))
	for _, f := range found {
		ids = append(ids, f.ID)
	}
	return ids, err
}

// findsSoon waits until a search finds these.
func (b *bench) findsSoon(t testing.TB, terms string, want ...uuid.UUID) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		got, err := b.search(t, terms)
		if err == nil && slices.Equal(got, want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s finds %v, %v, want %v", terms, got, err, want)
		}
	}
}

func TestLogTellsWhoWasFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	o := b.create(t, `,"nationalInsuranceNumber":"QQ123456C"`)
	b.put(t, clerk, o.Target, born)
	b.keep(t)
	if _, err := b.search(t, `"name":"okafor"`); err != nil {
		t.Fatal(err)
	}
	e := b.last(t)
	items, err := e.Touched.Items()
	if err != nil || len(items) != 1 || items[0].ID != o.Target || e.Object != audit.ObjectPerson || e.Action != "search" || e.Target != uuid.Nil || e.Status != 200 {
		t.Errorf("the entry is %+v, of %v, %v", e, items, err)
	}
	if _, err := b.search(t, `"name":"nobody"`); err != nil || len(b.last(t).Touched) > 0 {
		t.Errorf("nobody was found: %+v, %v", b.last(t), err)
	}

	// Whoever may not see the number is refused before it is looked up.
	b.indexed = nil
	_, _, err = b.SearchPeople(t.Context(), b.as(t, clerk, SearchPeople), []byte(`{"nationalInsuranceNumber":"QQ123456C"}`))
	forbidden := (*ForbiddenError)(nil)
	if !errors.As(err, &forbidden) || forbidden.Permission != identity.NINORead {
		t.Errorf("error %v", err)
	}
	if e := b.last(t); e.Outcome != audit.Refused || e.Status != 403 || e.Permission != string(identity.NINORead) {
		t.Errorf("the entry is %+v", e)
	}
	broad := (*BroadError)(nil)
	if _, err := b.search(t, `"dateOfBirth":"1987"`); !errors.As(err, &broad) || broad.Add != "name" {
		t.Errorf("error %v", err)
	}
	if e := b.last(t); e.Outcome != audit.Refused || e.Status != 422 {
		t.Errorf("the entry is %+v", e)
	}
}

// TestNobodyIsFoundWhileTheIndexIsBuilt: the health check says how far it is, and everything else
// goes on.
func TestNobodyIsFoundWhileTheIndexIsBuilt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, clerk, uuid.New(), born)
	b.put(t, clerk, uuid.New(), born)
	slow := &slowWalk{Indexed: b.indexed, seen: make(chan struct{}), on: make(chan struct{})}
	b.indexed = slow
	if warning, err := b.Ready(t.Context()); warning != "" || err != nil {
		t.Errorf("a program that does not search says %q, %v", warning, err)
	}
	done := make(chan struct{})
	go func() { b.keep(t); close(done) }()
	<-slow.seen
	if _, err := b.search(t, `"name":"okafor"`); !errors.Is(err, ErrIndexing) || !errors.Is(err, ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	if _, _, err := b.Duplicates(t.Context(), b.as(t, support, FindDuplicates), "", 10); !errors.Is(err, ErrIndexing) {
		t.Errorf("error %v", err)
	}
	if got := b.indexing(); !strings.Contains(got, "50%") {
		t.Errorf("the health check says %q", got)
	}
	b.create(t, "")
	close(slow.on)
	<-done
	if got := b.indexing(); got != "" {
		t.Errorf("the health check says %q", got)
	}
	if found, err := b.search(t, `"name":"okafor"`); err != nil || len(found) != 2 {
		t.Errorf("found %v, %v", found, err)
	}
}

// slowWalk stops after the first entry until it may go on.
type slowWalk struct {
	Indexed
	seen, on chan struct{}
}

func (s *slowWalk) WalkEntries(ctx context.Context, entry *audit.Entry, yield func(int64, store.Document, error) error) error {
	first := true
	return s.Indexed.WalkEntries(ctx, entry, func(total int64, d store.Document, err error) error {
		err = yield(total, d, err)
		if first {
			first = false
			close(s.seen)
			<-s.on
		}
		return err
	})
}

// TestIndexIsBuiltAgain when the feed no longer goes back to where it was: whoever was changed
// meanwhile is found as they are. While the store fails the index waits.
func TestIndexIsBuiltAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	gone, stays := uuid.New(), uuid.New()
	b.put(t, clerk, gone, `"surname":"Hollis"`)
	b.put(t, clerk, stays, `"surname":"Fenwick"`)
	feed := &failingFeed{EventSource: b.Service.feed, fail: make(chan error, 3)}
	b.Service.feed = feed
	feed.fail <- store.ErrUnavailable
	built := b.keep(t)
	b.findsSoon(t, `"name":"hollis"`, gone)
	b.put(t, clerk, gone, `"surname":"Prentice"`)
	b.findsSoon(t, `"name":"prentice"`, gone)
	feed.fail <- store.ErrCursorExpired
	b.put(t, clerk, stays, `"surname":"Ashdown"`) // wakes the feed
	if people := <-built; people != 2 {
		t.Errorf("built with %d people", people)
	}
	b.findsSoon(t, `"name":"ashdown"`, stays)
	b.findsSoon(t, `"name":"fenwick"`)
}

// failingFeed fails as it is told.
type failingFeed struct {
	EventSource
	fail chan error
}

func (f *failingFeed) Events(ctx context.Context, epoch uuid.UUID, after int64, limit int, wait time.Duration) (store.Feed, error) {
	select {
	case err := <-f.fail:
		return store.Feed{}, err
	default:
		return f.EventSource.Events(ctx, epoch, after, limit, min(wait, 50*time.Millisecond))
	}
}

// TestEntryThatCannotBeReadIsNotFound: it is reported, and the others are found.
func TestEntryThatCannotBeReadIsNotFound(t *testing.T) {
	t.Parallel()
	reported := make(chan error, 100)
	b := setup(t, func(o *Options) { o.Report = func(_ string, err error) { reported <- err } })
	good, bad := uuid.New(), uuid.New()
	b.put(t, clerk, good, `"surname":"Hollis"`)
	b.put(t, clerk, bad, `"surname":"Hollis"`)
	b.indexed = &damaged{b.indexed, bad}
	b.keep(t)
	b.findsSoon(t, `"name":"hollis"`, good)
	if err := <-reported; !errors.Is(err, errDamaged) {
		t.Errorf("reported %v", err)
	}
	b.put(t, clerk, bad, `"surname":"Hollis","title":"Dr"`)
	<-reported
	b.findsSoon(t, `"name":"hollis"`, good)
}

// damaged has an entry that does not open.
type damaged struct {
	Indexed
	person uuid.UUID
}

var errDamaged = errors.New("damaged")

func (d *damaged) WalkEntries(ctx context.Context, entry *audit.Entry, yield func(int64, store.Document, error) error) error {
	return d.Indexed.WalkEntries(ctx, entry, func(total int64, doc store.Document, err error) error {
		if doc.Owner == d.person {
			doc, err = store.Document{DocumentID: doc.DocumentID}, errDamaged
		}
		return yield(total, doc, err)
	})
}

func (d *damaged) Entries(ctx context.Context, people []uuid.UUID, give func(store.Document, error)) error {
	return d.Indexed.Entries(ctx, people, func(doc store.Document, err error) {
		if doc.Owner == d.person {
			doc, err = store.Document{DocumentID: doc.DocumentID}, errDamaged
		}
		give(doc, err)
	})
}

// TestPeopleOfAnotherDirectoryAreNotSearched, and only their records tell who may be one.
func TestPeopleOfAnotherDirectoryAreNotSearched(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) {
		o.Directory = elsewhere(func(context.Context, uuid.UUID) (directory.Person, error) {
			return directory.Person{}, directory.ErrUnknown
		})
	})
	b.KeepIndex(t.Context(), func(int) { t.Error("the index was built") })
	if _, err := b.search(t, `"name":"hollis"`); !errors.Is(err, ErrDirectoryReadOnly) {
		t.Errorf("error %v", err)
	}
	b.create(t, `,"nationalInsuranceNumber":"QQ123456C"`)
	b.create(t, `,"nationalInsuranceNumber":"QQ123456C"`)
	pairs, next, err := b.Duplicates(t.Context(), b.as(t, support, FindDuplicates), "", 10)
	if err != nil || next != "" || len(pairs) != 1 {
		t.Errorf("%v, %q, %v", pairs, next, err)
	}
	items, err := b.last(t).Touched.Items()
	if err != nil || len(items) != 2 || b.last(t).Action != "list-duplicates" {
		t.Errorf("the entry is %+v, %v", b.last(t), err)
	}
}
