package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// numberTogether is how many events get their positions with one statement.
const numberTogether = 10_000

// Events is store.ReadFeed on this store.
func (s *Store) Events(ctx context.Context, epoch uuid.UUID, after int64, limit int, wait time.Duration) (store.Feed, error) {
	return store.ReadFeed(ctx, s, epoch, after, limit, wait)
}

// FeedEpoch is the feed's, which only a restore changes. It is read each time:
// a database may be put back while this process runs.
func (s *Store) FeedEpoch(ctx context.Context) (epoch uuid.UUID, err error) {
	err = s.reading(ctx, func(ctx context.Context) error {
		value, err := s.meta(ctx, store.MetaEpoch, nil)
		if err == nil {
			epoch, err = uuid.FromBytes(value)
		}
		return err
	})
	return epoch, err
}

// FeedFloor is the last position that has been dropped from the feed.
func (s *Store) FeedFloor(ctx context.Context) (int64, error) {
	var value []byte
	err := s.reading(ctx, func(ctx context.Context) (err error) {
		value, err = s.meta(ctx, store.MetaFloor, nil)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(value)), nil
}

// EventsAfter gives the events behind a position. Those that were committed
// since the last time get their positions first: they are given behind all
// that any reader has seen, so that an event that commits late is passed by
// nobody.
func (s *Store) EventsAfter(ctx context.Context, after int64, limit int) (page []events.Event, err error) {
	err = s.reading(ctx, func(ctx context.Context) error {
		if err := s.number(ctx); err != nil {
			return err
		}
		rows, err := s.pool.Query(ctx, queries.OutboxRead.SQL, after, limit)
		if err != nil {
			return err
		}
		page, err = pgx.CollectRows(rows, scanEvent)
		return err
	})
	return page, err
}

func scanEvent(row pgx.CollectableRow) (e events.Event, err error) {
	var at int64
	var members string
	err = row.Scan(&e.Position, (*[16]byte)(&e.ID), &at, &e.Type, (*[16]byte)(&e.Record), (*[16]byte)(&e.Target), &e.Version,
		&members, (*[16]byte)(&e.CorrelationID))
	e.At, e.Members = store.FromMicros(at), store.SplitNames(members)
	return e, err
}

// number gives events their positions, one transaction at a time: what the
// second statement sees was committed before the lock was had.
func (s *Store) number(ctx context.Context) error {
	var b pgx.Batch
	b.Queue(queries.PostgresFeedLock.SQL, feedLock)
	b.Queue(queries.PostgresFeedNumber.SQL, numberTogether)
	return s.pool.SendBatch(ctx, &b).Close()
}

// Leads says whether this process is the one that publishes events, and makes
// it so where no other is. It is as long as the connection of its leases lives;
// when that breaks unseen, another may lead beside it for a while.
// Error: store.ErrUnavailable.
func (s *Store) Leads(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout) // it holds what the lanes need for their leases
	defer cancel()
	if err := s.settle(ctx); err != nil {
		return false, err
	}
	return s.leases.lead(ctx)
}

// News is closed when there may be events that have not been read.
func (s *Store) News() <-chan struct{} { return s.feed.next() }

// watchInterval is how soon a reader who waits learns of another process's event.
const watchInterval = 100 * time.Millisecond

// watch wakes those who wait for events: at once for this process's own, and
// for those of others as soon as it sees them, for which it looks while
// somebody waits.
type watch struct {
	*store.Broadcast
	asked atomic.Bool // somebody waits
	stop  context.CancelFunc
	done  sync.WaitGroup
}

func watchFeed(s *Store) *watch {
	ctx, stop := context.WithCancel(context.Background())
	w := &watch{Broadcast: store.NewBroadcast(), stop: stop}
	w.done.Go(func() {
		var last int64
		for sleep(ctx, watchInterval) {
			if !w.asked.Swap(false) {
				continue
			}
			newest, waiting, err := s.news(ctx)
			if err != nil {
				w.asked.Store(true) // the server may come back
				continue
			}
			if waiting || newest != last {
				last = newest
				w.Notify()
			} else {
				w.asked.Store(true)
			}
		}
	})
	return w
}

// next is closed at the next news.
func (w *watch) next() <-chan struct{} {
	news := w.Next()
	w.asked.Store(true)
	return news
}

func (w *watch) close() {
	w.stop()
	w.done.Wait()
}

// news are the last position there is, and whether there are events without one.
func (s *Store) news(ctx context.Context) (newest int64, waiting bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	var last *int64
	err = s.pool.QueryRow(ctx, queries.PostgresFeedNews.SQL).Scan(&waiting, &last)
	if last != nil {
		newest = *last
	}
	return newest, waiting, err
}

// Trim drops the events and the idempotency outcomes that are past their retention.
func (s *Store) Trim(ctx context.Context) error { return store.TrimAll(ctx, s.trimBatch) }

// trimBatch drops one batch of either, and says whether it was a full one.
func (s *Store) trimBatch(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	if err := s.settle(ctx); err != nil {
		return false, err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		more, err = s.trim(ctx, tx)
		return err
	})
	return more, classify(err)
}

func (s *Store) trim(ctx context.Context, tx pgx.Tx) (more bool, err error) {
	now := s.Now()
	forgotten, err := tx.Exec(ctx, queries.IdempotencyTrim.SQL, store.Micros(now.Add(-s.KeyRetention)), store.TrimBatch)
	if err != nil {
		return false, err
	}
	more = forgotten.RowsAffected() == store.TrimBatch
	// Numbered and under the lock, so that the floor only ever rises.
	if _, err := tx.Exec(ctx, queries.PostgresFeedLock.SQL, feedLock); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, queries.PostgresFeedNumber.SQL, numberTogether); err != nil {
		return false, err
	}
	var until *int64
	err = tx.QueryRow(ctx, queries.OutboxTrimUntil.SQL, store.Micros(now.Add(-s.EventRetention)), store.TrimBatch).Scan(&until)
	if err != nil || until == nil {
		return more, err
	}
	dropped, err := tx.Exec(ctx, queries.OutboxTrim.SQL, *until)
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, queries.MetaWrite.SQL, store.MetaFloor, binary.BigEndian.AppendUint64(nil, uint64(*until)))
	return more || dropped.RowsAffected() == store.TrimBatch, err
}
