package postgres

import (
	"context"
	"errors"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
)

// Read returns the record an id leads to, once the entry that enter makes of
// it is durable. Error: store.ErrUnavailable.
func (s *Store) Read(ctx context.Context, id uuid.UUID, enter func(store.Current) audit.Entry) (store.Current, error) {
	found, err := s.findBy(ctx, id)
	if err != nil {
		return store.Current{}, err
	}
	if err := s.Trace(ctx, enter(found.Current)); err != nil {
		return store.Current{}, err
	}
	return found.Current, nil
}

// findBy reads the record an id leads to, the tombstone of one that was
// erased, or nothing.
func (s *Store) findBy(ctx context.Context, id uuid.UUID) (store.Opened, error) {
	row, err := s.findRow(ctx, id)
	if err != nil {
		return store.Opened{}, err
	}
	if row != nil {
		o, err := row.Open(s.Keys)
		if err == nil && id != o.ID && id != o.Target {
			return store.Opened{}, store.ErrMisplaced
		}
		return o, err
	}
	var last int64
	err = s.reading(ctx, func() error {
		return s.pool.QueryRow(ctx, store.Query("tombstone-read"), id[:]).Scan(&last)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return store.Opened{}, nil
	}
	if err != nil {
		return store.Opened{}, err
	}
	return store.Opened{Current: store.Current{State: store.Erased, Version: store.Version{ID: id, Version: last}}}, nil
}

// readingTries is how often a read is tried whose connection was lost.
const readingTries = 3

// reading does a read, and again where it found a connection that had been
// lost: reading twice does no harm. Error: store.ErrUnavailable.
func (s *Store) reading(ctx context.Context, read func() error) (err error) {
	if err := s.settle(ctx); err != nil {
		return err
	}
	for range readingTries {
		err = read()
		if err == nil || errors.Is(err, pgx.ErrNoRows) || answered(err) || ctx.Err() != nil {
			break
		}
		s.doubts.lost()
	}
	return classify(err)
}

// History returns up to limit versions of the record an id leads to, newest
// first, from one version down, once the entry that enter makes of them is
// durable. enter may return no entry where the request has one already.
// Error: store.ErrUnavailable.
func (s *Store) History(ctx context.Context, id uuid.UUID, from int64, limit int,
	enter func(store.Current, []store.Version) (audit.Entry, bool),
) (store.Current, []store.Version, error) {
	found, err := s.findBy(ctx, id)
	if err != nil {
		return store.Current{}, nil, err
	}
	var versions []store.Version
	if found.State == store.Present {
		if versions, err = s.versions(ctx, found, from, limit); err != nil {
			return store.Current{}, nil, err
		}
	}
	if entry, ok := enter(found.Current, versions); ok {
		if err := s.Trace(ctx, entry); err != nil {
			return store.Current{}, nil, err
		}
	}
	return found.Current, versions, nil
}

func (s *Store) versions(ctx context.Context, found store.Opened, from int64, limit int) ([]store.Version, error) {
	var newest []store.Version
	if found.Version.Version <= from {
		newest = append(newest, found.Version)
	}
	// Below the version that was found: a newer one may have come since.
	from = min(from, found.Version.Version-1)
	var past []store.Version
	err := s.reading(ctx, func() error {
		rows, err := s.pool.Query(ctx, store.Query("history-read"), found.Number, from, limit-len(newest))
		if err != nil {
			return err
		}
		past, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.Version, error) {
			v := store.Version{ID: found.ID, Target: found.Target}
			var modified int64
			var document []byte
			if err := row.Scan(&v.Version, &modified, &document); err != nil {
				return v, err
			}
			v.Modified = store.FromMicros(modified)
			return v, store.OpenVersion(found.Key, document, &v)
		})
		return err
	})
	return append(newest, past...), err
}

// List returns a page of records and whether there are more, once the entry
// that enter makes of it is durable. Error: store.ErrUnavailable.
func (s *Store) List(ctx context.Context, q store.ListQuery, enter func([]store.Version) audit.Entry) ([]store.Version, bool, error) {
	page, err := s.page(ctx, q)
	if err != nil {
		return nil, false, err
	}
	more := len(page) > q.Limit
	page = page[:min(len(page), q.Limit)]
	if err := s.Trace(ctx, enter(page)); err != nil {
		return nil, false, err
	}
	return page, more, nil
}

// page reads one record more than was asked for, which tells whether there is a next page.
func (s *Store) page(ctx context.Context, q store.ListQuery) (page []store.Version, err error) {
	name, args := "list-by-id", []any{q.AfterID[:], q.Limit + 1}
	if q.ByTime {
		at, after, before := int64(math.MinInt64), uuid.Max, int64(math.MaxInt64)
		if !q.From.IsZero() {
			at = store.Micros(q.From) - 1 // behind every id of that time, so inclusive
		}
		if !q.AfterAt.IsZero() {
			at, after = store.Micros(q.AfterAt), q.AfterID
		}
		if !q.Before.IsZero() {
			before = store.Micros(q.Before)
		}
		name, args = "list-by-time", []any{at, after[:], before, q.Limit + 1}
	}
	err = s.reading(ctx, func() error {
		rows, err := s.pool.Query(ctx, store.Query(name), args...)
		if err != nil {
			return err
		}
		page, err = pgx.CollectRows(rows, s.scanVersion)
		return err
	})
	return page, err
}

func (s *Store) scanVersion(rows pgx.CollectableRow) (store.Version, error) {
	var r store.Row
	err := rows.Scan(&r.Number, (*[16]byte)(&r.ID), (*[16]byte)(&r.Target), &r.Version, &r.Modified, &r.Sealed, &r.Wrapped)
	if err != nil {
		return store.Version{}, err
	}
	o, err := r.Open(s.Keys)
	return o.Version, err
}

// Remembered returns the outcome of an earlier write with the same key.
// Error: store.ErrUnavailable.
func (s *Store) Remembered(ctx context.Context, key [32]byte) (r store.Remembered, found bool, err error) {
	var body []byte
	err = s.reading(ctx, func() error {
		return s.pool.QueryRow(ctx, store.Query("idempotency-read"), key[:], store.Micros(s.Now().Add(-s.KeyRetention))).
			Scan(&body, &r.Status, &r.Problem, (*[16]byte)(&r.Record), &r.Version)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return store.Remembered{}, false, nil
	}
	copy(r.Body[:], body)
	return r, err == nil, err
}

// Enter puts an entry into the access log without anybody waiting for it. One
// that cannot be written is reported.
func (s *Store) Enter(entry audit.Entry) {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if !s.closed {
		select {
		case s.queue <- &job{entry: entry, unattended: true, done: make(chan struct{})}:
			return
		default:
		}
	}
	s.Report("an access-log entry of a refusal was dropped", store.ErrUnavailable)
}

// Trace makes an entry durable.
func (s *Store) Trace(ctx context.Context, entry audit.Entry) error {
	return s.do(ctx, &job{entry: entry})
}

// Heads are the last durable entries of the lanes that this process has
// written to.
func (s *Store) Heads() (heads []audit.Head) {
	for _, l := range s.lanes {
		if head := l.durable.Load(); head != nil {
			heads = append(heads, *head)
		}
	}
	return heads
}
