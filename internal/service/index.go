package service

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/directory"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// Indexed is what the index of people needs from a store.
type Indexed interface {
	// Entries gives the entries of up to store.MostEntries people in the directory; err says
	// that one does not open.
	Entries(ctx context.Context, people []uuid.UUID, give func(d store.Document, err error)) error
	// WalkEntries yields every entry, as all were at one moment, once the log's entry is
	// durable, if there is one.
	WalkEntries(ctx context.Context, entry *audit.Entry, yield func(total int64, d store.Document, err error) error) error
	// FeedEnd returns the feed after its last event.
	FeedEnd(ctx context.Context) (store.Feed, error)
	// PeopleWithNINO gives up to limit people whose records have a National Insurance number,
	// and SharedNINOs up to limit rows of its index, from one place on.
	PeopleWithNINO(ctx context.Context, nino string, limit int) ([]uuid.UUID, error)
	SharedNINOs(ctx context.Context, from store.NINOPlace, limit int) ([]store.NINORow, error)
}

// ErrIndexing means that the people cannot be searched yet: the index is being built.
var ErrIndexing = fmt.Errorf("%w: the index of people is being built", ErrUnavailable)

// peopleIndex is the index of the store's directory in this process.
type peopleIndex struct {
	built       atomic.Pointer[directory.Index] // nil while it is being built
	done, total atomic.Int64                    // of the people, while it is being built
	kept        atomic.Bool                     // somebody builds it
}

const (
	// indexRetry is how long to wait after the store failed.
	indexRetry = time.Second
	// indexRest is how long to wait after something that does not pass by itself.
	indexRest = time.Minute
	// indexPage is how many events are applied at once.
	indexPage = store.MostEntries
	// indexCalm is how long events gather before they are applied together, so that the index
	// costs busy writers little.
	indexCalm = 150 * time.Millisecond
	// indexWait is how long one request for events waits for some.
	indexWait = 30 * time.Second
)

// KeepIndex builds the index of the people in the store's directory, and keeps it as the store
// is, until the context is done. built is called after each time that it was built, with how
// many people there are. Without KeepIndex nobody is found. With another directory than the
// store's it returns at once.
func (s *Service) KeepIndex(ctx context.Context, built func(people int)) {
	if s.stored == nil {
		return
	}
	s.index.kept.Store(true)
	for ctx.Err() == nil {
		err := s.indexUntil(ctx, built)
		s.index.built.Store(nil)
		switch {
		case ctx.Err() != nil, errors.Is(err, store.ErrCursorExpired):
		case errors.Is(err, store.ErrUnavailable):
			pause(ctx, indexRetry)
		default:
			s.Report("the index of people cannot be built", err)
			pause(ctx, indexRest)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// indexUntil builds the index and keeps it until that cannot go on.
func (s *Service) indexUntil(ctx context.Context, built func(int)) error {
	// Whatever changes from here on is in the feed behind its end.
	feed, err := s.indexed.FeedEnd(ctx)
	if err != nil {
		return err
	}
	x, err := s.buildIndex(ctx)
	if err != nil {
		return err
	}
	s.index.built.Store(x)
	built(x.Len())
	for {
		page, err := s.feed.Events(ctx, feed.Epoch, feed.Next, indexPage, indexWait)
		if err == nil {
			err = s.follow(ctx, x, page.Events)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			if feed.Next = page.Next; len(page.Events) < indexPage {
				pause(ctx, indexCalm)
			}
		case errors.Is(err, store.ErrUnavailable):
			pause(ctx, indexRetry)
		default:
			return err
		}
	}
}

// buildIndex builds an index of all entries as they are at one moment.
func (s *Service) buildIndex(ctx context.Context) (*directory.Index, error) {
	x := directory.NewIndex()
	s.index.done.Store(0)
	// One processor opens entries while another takes them in.
	type opened struct {
		store.Document
		err error
	}
	entries := make(chan opened, indexPage)
	var putting sync.WaitGroup
	putting.Go(func() {
		for e := range entries {
			s.putInIndex(x, e.Document, e.err)
		}
	})
	err := s.indexed.WalkEntries(ctx, nil, func(total int64, d store.Document, err error) error {
		s.index.total.Store(total)
		s.index.done.Add(1)
		entries <- opened{d, err}
		return ctx.Err()
	})
	close(entries)
	putting.Wait()
	return x, err
}

// putInIndex takes an entry into an index. One that cannot be read is not found, and reported.
func (s *Service) putInIndex(x *directory.Index, d store.Document, err error) {
	if of := s.stored.answer(d, err); of.err == nil {
		x.Put(of.person)
		return
	}
	x.Remove(d.Owner)
}

// follow makes an index as the entries of the people are whom events are about.
func (s *Service) follow(ctx context.Context, x *directory.Index, page []events.Event) error {
	changed := make(map[uuid.UUID]bool)
	var people []uuid.UUID
	for _, e := range page {
		if changesEntry(e.Type) && !changed[e.Target] {
			changed[e.Target] = true
			people = append(people, e.Target)
		}
	}
	if len(people) == 0 {
		return nil
	}
	err := s.indexed.Entries(ctx, people, func(d store.Document, err error) {
		delete(changed, d.Owner)
		s.putInIndex(x, d, err)
	})
	if err != nil {
		return err
	}
	for gone := range changed {
		x.Remove(gone)
	}
	return nil
}

// changesEntry says whether an event of a type may change whether a person is found, and how:
// all do, except what only changes records.
func changesEntry(eventType string) bool {
	return eventType != events.Created && eventType != events.Updated && eventType != events.ImportCompleted
}

// indexing says how far the index is while it is being built; otherwise it is empty.
func (s *Service) indexing() string {
	if !s.index.kept.Load() || s.index.built.Load() != nil {
		return ""
	}
	done, total := s.index.done.Load(), s.index.total.Load()
	if total == 0 {
		return "People cannot be searched yet: the index is being built."
	}
	return fmt.Sprintf("People cannot be searched yet: %d%% of them are in the index.", min(100, 100*done/total))
}
