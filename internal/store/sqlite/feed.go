package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// Events returns the events behind a place in the feed, once the entry that
// enter makes of them is durable. Where there are none it waits for one until
// the context is done or the time is over, and enters nothing. The zero epoch
// is the beginning. Errors: store.ErrCursorExpired, store.ErrUnavailable.
func (s *Store) Events(ctx context.Context, epoch uuid.UUID, after int64, limit int, wait time.Duration,
	enter func([]events.Event) audit.Entry,
) (store.Feed, error) {
	floor, err := s.feedFloor(ctx)
	if err != nil {
		return store.Feed{}, err
	}
	beginning := epoch == uuid.Nil
	if beginning {
		epoch, after = s.epoch, floor
	}
	if epoch != s.epoch || after < floor {
		return store.Feed{}, store.ErrCursorExpired
	}
	reading := context.WithoutCancel(ctx) // the context ends the wait, and not what has been found
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		news := s.writer.feed.next()
		page, err := s.eventsAfter(reading, after, limit)
		if err != nil {
			return store.Feed{}, err
		}
		if len(page) > 0 {
			// What was dropped since the floor was read would be passed unseen.
			if floor, err = s.feedFloor(reading); err != nil {
				return store.Feed{}, err
			}
			if after < floor && !beginning {
				return store.Feed{}, store.ErrCursorExpired
			}
			feed := store.Feed{Epoch: epoch, Events: page, Next: page[len(page)-1].Position}
			return feed, s.trace(reading, enter(page))
		}
		select {
		case <-news:
		case <-timeout.C:
			return store.Feed{Epoch: epoch, Next: after}, nil
		case <-ctx.Done():
			return store.Feed{Epoch: epoch, Next: after}, nil
		}
	}
}

func (s *Store) eventsAfter(ctx context.Context, after int64, limit int) (page []events.Event, err error) {
	rows, err := s.reads["outbox-read"].QueryContext(context.WithoutCancel(ctx), after, limit)
	if err != nil {
		return nil, classify(err)
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var e events.Event
		var id, record, target, correlation []byte
		var at int64
		var members string
		if err := rows.Scan(&e.Position, &id, &at, &e.Type, &record, &target, &e.Version, &members, &correlation); err != nil {
			return nil, classify(err)
		}
		e.ID, e.Record, e.Target, e.CorrelationID = toID(id), toID(record), toID(target), toID(correlation)
		e.At, e.Members = fromMicros(at), splitNames(members)
		page = append(page, e)
	}
	return page, nil
}

// feedFloor is the last position that has been dropped from the feed.
func (s *Store) feedFloor(ctx context.Context) (int64, error) {
	value, err := readMeta(ctx, s.readers, floorName)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, classify(err)
	}
	return int64(binary.BigEndian.Uint64(value)), nil
}

const (
	floorName    = "feed-floor"
	trimInterval = time.Minute
	trimBatch    = 1000
)

// trimRegularly drops what is past its retention, in small batches, so that no write waits long behind one.
func (s *Store) trimRegularly() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		ticker := time.NewTicker(trimInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if err := s.Trim(ctx); err != nil && ctx.Err() == nil {
					s.Report("what is past its retention could not be dropped", err)
				}
			}
		}
	})
	return func() { cancel(); done.Wait() }
}

// Trim drops the events and the idempotency outcomes that are past their retention.
func (s *Store) Trim(ctx context.Context) error {
	for {
		more, err := s.trimBatch(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// trimBatch drops one batch of either, and says whether it was a full one.
func (s *Store) trimBatch(ctx context.Context) (more bool, err error) {
	now := s.Now()
	err = s.writer.do(ctx, func(t *tx) error {
		n, err := t.exec("idempotency-trim", micros(now.Add(-s.KeyRetention)), trimBatch)
		if err != nil {
			return err
		}
		more = n == trimBatch
		var until sql.NullInt64
		err = t.queryRow("outbox-trim-until", micros(now.Add(-s.EventRetention)), trimBatch).Scan(&until)
		if err != nil || !until.Valid {
			return err
		}
		if n, err = t.exec("outbox-trim", until.Int64); err != nil {
			return err
		}
		more = more || n == trimBatch
		_, err = t.exec("meta-write", floorName, binary.BigEndian.AppendUint64(nil, uint64(until.Int64)))
		return err
	})
	if err != nil {
		return false, err // where nobody waited for it, it may still be under way
	}
	return more, nil
}

// broadcast wakes everybody who waits for news.
type broadcast struct {
	mu   sync.Mutex
	news chan struct{}
}

func newBroadcast() *broadcast { return &broadcast{news: make(chan struct{})} }

// next is closed at the next news. Take it before looking, so that none is missed.
func (b *broadcast) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.news
}

func (b *broadcast) notify() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.news)
	b.news = make(chan struct{})
}
