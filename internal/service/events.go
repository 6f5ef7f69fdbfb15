package service

import (
	"context"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// Feed is a page of the feed. Next is the cursor for the page after it, even if there is
// nothing new.
type Feed struct {
	Events []events.Event
	Next   string
}

// AwaitEvents waits until there are events after a cursor, at most that long. It shows
// nothing, so it leaves no entry. Errors: ErrBadCursor, ErrCursorExpired, ErrUnavailable.
func (s *Service) AwaitEvents(ctx context.Context, a Access, cursor string, wait time.Duration) error {
	_, err := s.events(ctx, a, cursor, 1, wait)
	return err
}

// ReadFeed returns the events after a cursor; an empty cursor means the beginning. Errors:
// ErrBadCursor, ErrCursorExpired, ErrUnavailable.
func (s *Service) ReadFeed(ctx context.Context, a Access, cursor string, limit int) (Feed, error) {
	feed, err := s.events(ctx, a, cursor, limit, 0)
	if err == nil && len(feed.Events) > 0 {
		err = foreign(s.enterEvents(context.WithoutCancel(ctx), a, feed.Events))
	}
	if err != nil {
		return Feed{}, err
	}
	if len(feed.Events) == 0 && cursor != "" {
		return Feed{Next: cursor}, nil // sealing it again would give a different cursor
	}
	return Feed{Events: s.told(a, feed.Events), Next: s.sealFeedCursor(feed.Epoch, feed.Next)}, nil
}

// events reads the feed after a cursor, and waits for an event if there is none.
func (s *Service) events(ctx context.Context, a Access, cursor string, limit int, wait time.Duration) (store.Feed, error) {
	if err := a.permits(ReadEvents); err != nil {
		return store.Feed{}, err
	}
	var epoch uuid.UUID
	var after int64
	if cursor != "" {
		var err error
		if epoch, after, err = s.openFeedCursor(cursor); err != nil {
			return store.Feed{}, err
		}
	}
	feed, err := s.feed.Events(ctx, epoch, after, limit, wait)
	return feed, foreign(err)
}

// enterEvents makes the entry of a page durable, and one more if the page tells of records and
// of entries in the directory: an entry lists objects of one kind.
func (s *Service) enterEvents(ctx context.Context, a Access, page []events.Event) error {
	records, people := s.entry(a, uuid.Nil, audit.Done, 200), s.entry(a, uuid.Nil, audit.Done, 200)
	touch(&records, page, func(e events.Event) bool {
		return e.Record != uuid.Nil // otherwise it is about no single record
	})
	touch(&people, page, func(e events.Event) bool { return events.OfPerson(e.Type) })
	if len(people.Touched) > 0 {
		if err := s.log.Append(ctx, people); err != nil || len(records.Touched) == 0 {
			return err
		}
	}
	return s.log.Append(ctx, records)
}

// touch enters the records of events, or the entries in the directory, each once however many
// events are about it.
func touch(entry *audit.Entry, page []events.Event, wanted func(events.Event) bool) {
	touched := make(map[uuid.UUID]bool, len(page))
	for _, e := range page {
		object, id := audit.ObjectRecord, e.Record
		if events.OfPerson(e.Type) {
			object, id = audit.ObjectPerson, e.Target
		}
		if wanted(e) && !touched[id] {
			touched[id] = true
			entry.Object, entry.Touched = object, entry.Touched.AppendID(id)
		}
	}
}
