package store

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
)

// FeedSource is how an engine gives its events. Every method may return
// ErrUnavailable.
type FeedSource interface {
	// FeedEpoch is the feed's.
	FeedEpoch(ctx context.Context) (uuid.UUID, error)
	// FeedFloor is the last position that has been dropped from the feed.
	FeedFloor(ctx context.Context) (int64, error)
	// EventsAfter gives the events behind a position, all that were committed
	// before it was asked.
	EventsAfter(ctx context.Context, after int64, limit int) ([]events.Event, error)
	// News is closed when there may be events that EventsAfter did not give.
	// It is asked for before them, so that none is missed.
	News() <-chan struct{}
}

// ReadFeed returns the events behind a place in the feed. Where there are none
// it waits for one until the context is done or the time is over. The zero
// epoch is the beginning. Errors: ErrCursorExpired, ErrUnavailable.
func ReadFeed(ctx context.Context, s FeedSource, epoch uuid.UUID, after int64, limit int, wait time.Duration) (Feed, error) {
	current, err := s.FeedEpoch(ctx)
	if err != nil {
		return Feed{}, err
	}
	floor, err := s.FeedFloor(ctx)
	if err != nil {
		return Feed{}, err
	}
	beginning := epoch == uuid.Nil
	if beginning {
		epoch, after = current, floor
	}
	if epoch != current || after < floor {
		return Feed{}, ErrCursorExpired
	}
	reading := context.WithoutCancel(ctx) // the context ends the wait, and not what has been found
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		news := s.News()
		page, err := s.EventsAfter(reading, after, limit)
		if err != nil {
			return Feed{}, err
		}
		if len(page) > 0 {
			// What was dropped since the floor was read would be passed unseen.
			if floor, err = s.FeedFloor(reading); err != nil {
				return Feed{}, err
			}
			if after < floor && !beginning {
				return Feed{}, ErrCursorExpired
			}
			feed := Feed{Epoch: epoch, Events: page, Next: page[len(page)-1].Position}
			return feed, nil
		}
		select {
		case <-news:
		case <-timeout.C:
			return Feed{Epoch: epoch, Next: after}, nil
		case <-ctx.Done():
			return Feed{Epoch: epoch, Next: after}, nil
		}
	}
}

// Broadcast wakes everybody who waits for news.
type Broadcast struct {
	mu   sync.Mutex
	news chan struct{}
}

// NewBroadcast has no news.
func NewBroadcast() *Broadcast { return &Broadcast{news: make(chan struct{})} }

// Next is closed at the next news. Take it before looking, so that none is missed.
func (b *Broadcast) Next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.news
}

// Notify tells that there are news.
func (b *Broadcast) Notify() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.news)
	b.news = make(chan struct{})
}
