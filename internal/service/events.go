package service

import (
	"context"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
)

// Feed is a page of the feed. Next is the cursor behind it, and is there even
// where nothing is new.
type Feed struct {
	Events []events.Event
	Next   string
}

// ReadFeed returns the events behind a cursor; an empty cursor is the beginning.
// Where nothing is new it waits that long for news.
// Errors: ErrBadCursor, ErrCursorExpired, ErrUnavailable.
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
			if event.Record != uuid.Nil { // an import's own is about no record
				entry.Object, entry.Touched = audit.ObjectRecord, entry.Touched.AppendID(event.Record)
			}
		}
		err = s.log.Append(context.WithoutCancel(ctx), entry)
	}
	if err != nil {
		return Feed{}, foreign(err)
	}
	if len(feed.Events) == 0 && cursor != "" {
		return Feed{Next: cursor}, nil // sealed again it would be another text
	}
	return Feed{Events: feed.Events, Next: s.sealFeedCursor(feed.Epoch, feed.Next)}, nil
}
