package store

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/google/uuid"
)

// FeedSource is how an engine gives its events. Every method may return
// ErrUnavailable.
type FeedSource interface {
	// FeedAfter gives the feed as it is at one moment: epoch, floor, and the
	// events behind a position, all that were committed before it was asked, up
	// to a limit. It leaves Next to ReadFeed.
	FeedAfter(ctx context.Context, after int64, limit int) (Feed, error)
	// News is closed when there may be events that FeedAfter did not give.
	// It is asked for before them, so that none is missed.
	News() <-chan struct{}
}

// ReadFeed returns the events behind a place in the feed. Where there are none
// it waits for one until the context is done or the time is over. The zero epoch
// is any feed: it begins behind the position, or behind the floor where that is
// higher. Errors: ErrCursorExpired, ErrUnavailable.
func ReadFeed(ctx context.Context, s FeedSource, epoch uuid.UUID, after int64, limit int, wait time.Duration) (Feed, error) {
	anyFeed := epoch == uuid.Nil
	reading := context.WithoutCancel(ctx) // the context ends the wait, and not what has been found
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

// NewFeed is a feed without events, of the values of MetaEpoch and MetaFloor.
func NewFeed(epoch, floor []byte) (feed Feed, err error) {
	if floor != nil { // else nothing has been dropped yet
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
