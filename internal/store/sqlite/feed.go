package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// Events is store.ReadFeed on this store.
func (s *Store) Events(ctx context.Context, epoch uuid.UUID, after int64, limit int, wait time.Duration) (store.Feed, error) {
	return store.ReadFeed(ctx, s, epoch, after, limit, wait)
}

// Leads returns true: only one process uses the data directory.
func (s *Store) Leads(context.Context) (bool, error) { return true, nil }

// News returns a channel that closes at the next event.
func (s *Store) News() <-chan struct{} { return s.writer.feed.Next() }

// FeedAfter returns the feed at one moment, with the events after a position.
func (s *Store) FeedAfter(ctx context.Context, after int64, limit int) (feed store.Feed, err error) {
	rows, err := s.reads.query(context.WithoutCancel(ctx), queries.OutboxRead, after, limit)
	if err != nil {
		return store.Feed{}, classify(err)
	}
	defer closeRows(rows, &err)
	var page []events.Event
	var epoch, floor []byte // every row has both
	for rows.Next() {
		var id, record, target, correlation, into []byte
		var position, at, version sql.NullInt64
		var kind, members sql.NullString
		if err := rows.Scan(&epoch, &floor, &position, &id, &at, &kind, &record, &target, &version, &members, &correlation, &into); err != nil {
			return store.Feed{}, classify(err)
		}
		if position.Valid {
			page = append(page, events.Event{Position: position.Int64, ID: toID(id), At: store.FromMicros(at.Int64), Type: kind.String,
				Record: toID(record), Target: toID(target), Version: version.Int64, Members: store.SplitNames(members.String),
				CorrelationID: toID(correlation), Into: toID(into)})
		}
	}
	if err := rows.Err(); err != nil {
		return store.Feed{}, classify(err)
	}
	feed, err = store.NewFeed(epoch, floor)
	feed.Events = page
	return feed, err
}

// FeedEnd returns the feed after its last event. Error: store.ErrUnavailable.
func (s *Store) FeedEnd(ctx context.Context) (store.Feed, error) {
	var epoch, floor []byte
	var last sql.NullInt64
	if err := s.reads.queryRow(context.WithoutCancel(ctx), queries.OutboxEnd).Scan(&epoch, &floor, &last); err != nil {
		return store.Feed{}, classify(err)
	}
	return store.NewFeedEnd(epoch, floor, last.Int64)
}

// Trim drops expired events and idempotency outcomes, unless the clock is wrong.
func (s *Store) Trim(ctx context.Context) error { return store.TrimAll(ctx, s.trimBatch) }

// trimBatch drops one batch of each, and reports whether either was full.
func (s *Store) trimBatch(ctx context.Context) (more bool, err error) {
	may, write := s.clock.Look(time.Time{})
	err = s.writer.do(ctx, func(t *tx) error {
		if write {
			if _, err := t.exec(queries.MetaWrite, store.MetaClock, s.clock.Known()); err != nil {
				return err
			}
		}
		if !may {
			return nil
		}
		now := s.clock.Expiry()
		n, err := t.exec(queries.IdempotencyTrim, store.Micros(now.Add(-s.KeyRetention)), store.TrimBatch)
		if err != nil {
			return err
		}
		more = n == store.TrimBatch
		var until sql.NullInt64
		err = t.queryRow(queries.OutboxTrimUntil, store.Micros(now.Add(-s.EventRetention)), store.TrimBatch,
			store.Micros(s.clock.Fresh())).Scan(&until)
		if err != nil || !until.Valid {
			return err
		}
		if n, err = t.exec(queries.OutboxTrim, until.Int64); err != nil {
			return err
		}
		more = more || n == store.TrimBatch
		_, err = t.exec(queries.MetaWrite, store.MetaFloor, binary.BigEndian.AppendUint64(nil, uint64(until.Int64)))
		return err
	})
	if err != nil {
		return false, err // if the context ended, it may still be running
	}
	return more, nil
}
