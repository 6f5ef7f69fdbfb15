package postgres

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// Events is store.ReadFeed on this store.
func (s *Store) Events(ctx context.Context, epoch uuid.UUID, after int64, limit int, wait time.Duration) (store.Feed, error) {
	return store.ReadFeed(ctx, s, epoch, after, limit, wait)
}

// FeedAfter returns the feed at one moment, with the events after a position. Events that
// have no position first get one, after all positions that any reader has seen, so that no
// reader misses an event that commits late. If every event has one, it takes no lock. If
// another session keeps the lock, it returns the events that have one.
func (s *Store) FeedAfter(ctx context.Context, after int64, limit int) (feed store.Feed, err error) {
	waiting, err := s.feedAfter(ctx, &feed, after, limit)
	if err != nil || !waiting || len(feed.Events) == limit {
		return feed, err
	}
	n := &numbered{done: make(chan struct{})}
	if err := s.numbering.Put(ctx, n); err != nil {
		return feed, err
	}
	select {
	case <-n.done:
	case <-ctx.Done():
		return feed, ctx.Err()
	case <-s.life.Done():
		return feed, errGivenUp
	}
	if n.err != nil {
		return feed, n.err
	}
	_, err = s.feedAfter(ctx, &feed, after, limit)
	return feed, err
}

// feedAfter reads a page. waiting says that an event had no position just before.
func (s *Store) feedAfter(ctx context.Context, feed *store.Feed, after int64, limit int) (waiting bool, err error) {
	err = s.reading(ctx, func(ctx context.Context) error {
		var b pgx.Batch
		b.Queue(queries.PostgresFeedNews.SQL).QueryRow(func(row pgx.Row) error { return row.Scan(&waiting, nil) })
		b.Queue(queries.OutboxRead.SQL, after, limit).Query(func(rows pgx.Rows) (err error) {
			*feed, err = scanFeed(rows)
			return err
		})
		return s.pool.SendBatch(ctx, &b)
	})
	return waiting, err
}

// FeedEnd returns the feed after its last event: those without a position get one behind it.
// Error: store.ErrUnavailable.
func (s *Store) FeedEnd(ctx context.Context) (feed store.Feed, err error) {
	var epoch, floor []byte
	var last *int64
	err = s.reading(ctx, func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, queries.OutboxEnd.SQL).Scan(&epoch, &floor, &last)
	})
	if err != nil {
		return store.Feed{}, err
	}
	if last == nil {
		last = new(int64)
	}
	return store.NewFeedEnd(epoch, floor, *last)
}

// numbered is a reader's wait for the events of before to have positions.
type numbered struct {
	err  error
	done chan struct{}
}

// numberFeed gives events their positions for all readers that wait, until the queue is
// closed and empty. Only one connection ever waits for the lock.
func (s *Store) numberFeed() {
	batch := make([]*numbered, 0, store.QueueLength)
	for ok := true; ok; {
		if batch, ok = s.numbering.Take(batch, findPatience); !ok {
			return
		}
		var kept error // if another session keeps the lock
		err := s.reading(s.life, func(ctx context.Context) error {
			var b pgx.Batch
			number(&b)
			err := s.pool.SendBatch(ctx, &b)
			if kept = nil; code(err) == lockNotAvailable {
				kept, err = classify(err), nil
			}
			return err
		})
		switch keptOut := kept != nil; {
		case keptOut == s.keptOut:
		case keptOut:
			s.Report("events get no position in the feed", kept)
		default:
			s.Report("events get a position in the feed again", nil)
		}
		s.keptOut = kept != nil
		for _, n := range batch {
			n.err = err
			close(n.done)
		}
	}
}

// number queues the statements that give events their positions, one transaction at a time:
// the second sees everything that was committed before the lock was taken.
func number(b *pgx.Batch) {
	b.Queue(queries.PostgresFeedLock.SQL, feedLock)
	b.Queue(queries.PostgresFeedNumber.SQL)
}

func scanFeed(rows pgx.Rows) (store.Feed, error) {
	defer rows.Close()
	var page []events.Event
	var epoch, floor []byte // every row has both
	for rows.Next() {
		const place = 2 // the column of the position
		if rows.RawValues()[place] == nil {
			if err := rows.Scan(append([]any{&epoch, &floor}, make([]any, len(rows.RawValues())-place)...)...); err != nil {
				return store.Feed{}, err
			}
			continue
		}
		var e events.Event
		var at int64
		var members string
		if err := rows.Scan(&epoch, &floor, &e.Position, (*[16]byte)(&e.ID), &at, &e.Type, (*[16]byte)(&e.Record), (*[16]byte)(&e.Target),
			&e.Version, &members, (*[16]byte)(&e.CorrelationID), (*[16]byte)(&e.Into)); err != nil {
			return store.Feed{}, err
		}
		e.At, e.Members = store.FromMicros(at), store.SplitNames(members)
		page = append(page, e)
	}
	if err := rows.Err(); err != nil {
		return store.Feed{}, err
	}
	feed, err := store.NewFeed(epoch, floor)
	feed.Events = page
	return feed, err
}

// Leads reports whether this process publishes events, and makes it the publisher if there
// is none. It remains the publisher as long as the connection of its leases lives. If that
// connection breaks unnoticed, another process may also publish for a while. Error:
// store.ErrUnavailable.
func (s *Store) Leads(ctx context.Context) (bool, error) {
	ctx, release := s.whileOpen(ctx)
	defer release()
	ctx, cancel := context.WithTimeout(ctx, commitTimeout) // meanwhile the lanes wait for their leases
	defer cancel()
	err := s.check(ctx)
	leads := false
	if err == nil {
		leads, err = s.leases.lead(ctx)
	}
	return leads, s.givenUp(err)
}

// News returns a channel that closes when there may be unread events.
func (s *Store) News() <-chan struct{} { return s.feed.next() }

// watchInterval is how soon a waiting reader notices another process's event.
const watchInterval = 100 * time.Millisecond

// watch wakes readers that wait for events: immediately for events of this process. For
// those of other processes it polls while somebody is waiting.
type watch struct {
	*store.Broadcast
	asked atomic.Bool // somebody is waiting
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

// next returns a channel that closes at the next news.
func (w *watch) next() <-chan struct{} {
	news := w.Next()
	w.asked.Store(true)
	return news
}

func (w *watch) close() {
	w.stop()
	w.done.Wait()
}

// news returns the last position, and whether there are events without one.
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

// Trim deletes expired events and idempotency outcomes, unless the clock is wrong.
func (s *Store) Trim(ctx context.Context) error { return store.TrimAll(ctx, s.trimBatch) }

// trimBatch deletes one batch of each, and reports whether either was full.
func (s *Store) trimBatch(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	if err := s.check(ctx); err != nil {
		return false, err
	}
	database, err := s.DatabaseClock(ctx)
	if err != nil {
		return false, classify(err)
	}
	may, write := s.clock.Look(database)
	if write {
		if _, err := s.pool.Exec(ctx, queries.MetaWrite.SQL, store.MetaClock, s.clock.Known()); err != nil {
			return false, classify(err)
		}
	}
	if !may {
		return false, nil
	}
	now := s.clock.Expiry()
	forgotten, err := s.pool.Exec(ctx, queries.IdempotencyTrim.SQL, store.Micros(now.Add(-s.KeyRetention)), store.TrimBatch)
	if err != nil {
		return false, classify(err)
	}
	var dropped int64
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		dropped, err = s.trimFeed(ctx, tx, now)
		return err
	})
	return forgotten.RowsAffected() == store.TrimBatch || dropped == store.TrimBatch, classify(err)
}

func (s *Store) trimFeed(ctx context.Context, tx pgx.Tx, now time.Time) (dropped int64, err error) {
	// Under the lock and after numbering, so that the floor only rises.
	var numbering pgx.Batch
	numbering.Queue(queries.PostgresLockTimeout.SQL, lockPatience.String(), true)
	number(&numbering)
	if err := tx.SendBatch(ctx, &numbering).Close(); err != nil {
		return 0, err
	}
	var until *int64
	err = tx.QueryRow(ctx, queries.OutboxTrimUntil.SQL, store.Micros(now.Add(-s.EventRetention)), store.TrimBatch,
		store.Micros(s.clock.Fresh())).Scan(&until)
	if err != nil || until == nil {
		return 0, err
	}
	tag, err := tx.Exec(ctx, queries.OutboxTrim.SQL, *until)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, queries.MetaWrite.SQL, store.MetaFloor, binary.BigEndian.AppendUint64(nil, uint64(*until)))
	return tag.RowsAffected(), err
}
