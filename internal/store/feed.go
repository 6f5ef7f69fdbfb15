package store

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/google/uuid"
)

// FeedSource is how an engine provides its events. Every method may return ErrUnavailable.
type FeedSource interface {
	// FeedAfter returns the feed at one moment: epoch, floor, and up to limit events after
	// a position, including all that were committed before the call. It leaves Next to
	// ReadFeed.
	FeedAfter(ctx context.Context, after int64, limit int) (Feed, error)
	// News is closed when there may be events that FeedAfter did not return. Call it before
	// FeedAfter, so that no event is missed.
	News() <-chan struct{}
}

// ReadFeed returns the events after a position in the feed. If there are none, it waits for
// one until the context is done or the time is over. A zero epoch means any feed: it begins
// after the position, or after the floor if that is higher. Errors: ErrCursorExpired,
// ErrUnavailable.
func ReadFeed(ctx context.Context, s FeedSource, epoch uuid.UUID, after int64, limit int, wait time.Duration) (Feed, error) {
	anyFeed := epoch == uuid.Nil
	reading := context.WithoutCancel(ctx) // the context ends the wait, but not the reading
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		news := s.News()
		feed, err := s.FeedAfter(reading, after, limit)
		if err != nil {
			return Feed{}, err
		}
		if anyFeed {
			epoch, after = feed.Epoch, max(after, feed.Floor)
		}
		if feed.Epoch != epoch || after < feed.Floor {
			return Feed{}, ErrCursorExpired
		}
		feed.Next = after
		if n := len(feed.Events); n > 0 {
			feed.Next = feed.Events[n-1].Position
			return feed, nil
		}
		select {
		case <-news:
			continue
		case <-timeout.C:
		case <-ctx.Done():
		}
		return feed, nil
	}
}

// NewFeedEnd returns the end of a feed, without events: Next is the position of the last one.
func NewFeedEnd(epoch, floor []byte, last int64) (Feed, error) {
	feed, err := NewFeed(epoch, floor)
	feed.Next = max(last, feed.Floor)
	return feed, err
}

// NewFeed returns a feed without events, from the values of MetaEpoch and MetaFloor.
func NewFeed(epoch, floor []byte) (feed Feed, err error) {
	if floor != nil { // otherwise nothing has been dropped yet
		feed.Floor = int64(binary.BigEndian.Uint64(floor))
	}
	feed.Epoch, err = uuid.FromBytes(epoch)
	return feed, err
}

// Broadcast wakes everybody who waits for news.
type Broadcast struct {
	mu   sync.Mutex
	news chan struct{}
}

// NewBroadcast returns a Broadcast without news.
func NewBroadcast() *Broadcast { return &Broadcast{news: make(chan struct{})} }

// Next returns a channel that closes at the next news. Call it before looking, so that none
// is missed.
func (b *Broadcast) Next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.news
}

// Notify says that there is news.
func (b *Broadcast) Notify() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.news)
	b.news = make(chan struct{})
}
