package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
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

// FeedEpoch is the feed's, which only a restore changes.
func (s *Store) FeedEpoch(context.Context) (uuid.UUID, error) { return s.epoch, nil }

// Leads is always so: the data directory is one process's.
func (s *Store) Leads(context.Context) (bool, error) { return true, nil }

// News is closed at the next event.
func (s *Store) News() <-chan struct{} { return s.writer.feed.Next() }

// EventsAfter gives the events behind a position.
func (s *Store) EventsAfter(ctx context.Context, after int64, limit int) (page []events.Event, err error) {
	rows, err := s.reads.query(context.WithoutCancel(ctx), queries.OutboxRead, after, limit)
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
		e.At, e.Members = store.FromMicros(at), store.SplitNames(members)
		page = append(page, e)
	}
	return page, nil
}

// FeedFloor is the last position that has been dropped from the feed.
func (s *Store) FeedFloor(ctx context.Context) (int64, error) {
	value, err := readMeta(ctx, s.readers, store.MetaFloor)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, classify(err)
	}
	return int64(binary.BigEndian.Uint64(value)), nil
}

// Trim drops the events and the idempotency outcomes that are past their retention.
func (s *Store) Trim(ctx context.Context) error { return store.TrimAll(ctx, s.trimBatch) }

// trimBatch drops one batch of either, and says whether it was a full one.
func (s *Store) trimBatch(ctx context.Context) (more bool, err error) {
	now := s.Now()
	err = s.writer.do(ctx, func(t *tx) error {
		n, err := t.exec(queries.IdempotencyTrim, store.Micros(now.Add(-s.KeyRetention)), store.TrimBatch)
		if err != nil {
			return err
		}
		more = n == store.TrimBatch
		var until sql.NullInt64
		err = t.queryRow(queries.OutboxTrimUntil, store.Micros(now.Add(-s.EventRetention)), store.TrimBatch).Scan(&until)
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
		return false, err // where nobody waited for it, it may still be under way
	}
	return more, nil
}
