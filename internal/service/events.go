package service

import (
	"context"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
)

// Feed is a page of the feed. Next is the cursor for the page after it, even if there is
// nothing new.
type Feed struct {
	Events []events.Event
	Next   string
}

// ReadFeed returns the events after a cursor; an empty cursor means the beginning. If there
// is nothing new, it waits that long for an event. Errors: ErrBadCursor, ErrCursorExpired,
// ErrUnavailable.
func (s *Service) ReadFeed(ctx context.Context, a Access, cursor string, limit int, wait time.Duration) (Feed, error) {
	if err := a.permits(ReadEvents); err != nil {
		return Feed{}, err
	}
	var epoch uuid.UUID
	var after int64
	if cursor != "" {
		var err error
		if epoch, after, err = s.openFeedCursor(cursor); err != nil {
			return Feed{}, err
		}
	}
	feed, err := s.feed.Events(ctx, epoch, after, limit, wait)
	if err == nil && len(feed.Events) > 0 {
		entry := s.entry(a, uuid.Nil, audit.Done, 200)
		for _, event := range feed.Events {
			if event.Record != uuid.Nil { // the event of an import is about no single record
				entry.Object, entry.Touched = audit.ObjectRecord, entry.Touched.AppendID(event.Record)
			}
		}
		err = s.log.Append(context.WithoutCancel(ctx), entry)
	}
	if err != nil {
		return Feed{}, foreign(err)
	}
	if len(feed.Events) == 0 && cursor != "" {
		return Feed{Next: cursor}, nil // sealing it again would give a different cursor
	}
	return Feed{Events: feed.Events, Next: s.sealFeedCursor(feed.Epoch, feed.Next)}, nil
}
