package postgres

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
)

// Read returns the record an id leads to, once the entry that enter makes of
// it is durable. Error: store.ErrUnavailable.
func (s *Store) Read(ctx context.Context, id uuid.UUID, enter func(store.Current) audit.Entry) (store.Found, error) {
	row, gone, err := s.lookUp(ctx, id)
	found := store.Found{Current: gone}
	if err == nil && row != nil {
		found, err = row.Read(s.Keys)
	}
	if err != nil {
		return store.Found{}, err
	}
	if err := s.Trace(ctx, enter(found.Current)); err != nil {
		return store.Found{}, err
	}
	return found, nil
}

// findBy reads the record an id leads to, the tombstone of one that was
// erased, or nothing.
func (s *Store) findBy(ctx context.Context, id uuid.UUID) (store.Opened, error) {
	row, gone, err := s.lookUp(ctx, id)
	if err != nil || row == nil {
		return store.Opened{Current: gone}, err
	}
	return row.Open(s.Keys)
}

// lookUp finds the row that an id leads to; where there is none, the tombstone of
// a record that was erased, or nothing.
func (s *Store) lookUp(ctx context.Context, id uuid.UUID) (*store.Row, store.Current, error) {
	row, err := s.findRow(ctx, id)
	switch {
	case err == nil && row != nil && !row.IsOf(id):
		return nil, store.Current{}, store.ErrMisplaced
	case err != nil || row != nil:
		return row, store.Current{}, err
	}
	var last int64
	err = s.reading(ctx, func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, store.Query("tombstone-read"), id[:]).Scan(&last)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, store.Current{}, nil
	}
	if err != nil {
		return nil, store.Current{}, err
	}
	return nil, store.Current{State: store.Erased, Version: store.Version{ID: id, Version: last}}, nil
}

// readingTries is how often a read is tried whose connection was lost.
const readingTries = 3

// reading does a read, and again where it found a connection that had been
// lost: reading twice does no harm. A server that has fallen silent is not
// waited for without an end. What was read is opened behind it: a document that
// does not open would be taken for a lost connection. Error: store.ErrUnavailable.
func (s *Store) reading(ctx context.Context, read func(context.Context) error) (err error) {
	ctx, release := s.whileOpen(ctx)
	defer release()
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	if err := s.settle(ctx); err != nil {
		return s.givenUp(err)
	}
	for range readingTries {
		err = read(ctx)
		if err == nil || errors.Is(err, pgx.ErrNoRows) || answered(err) || ctx.Err() != nil {
			break
		}
		s.doubts.lost()
	}
	return s.givenUp(classify(err))
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
	var past []store.Row
	err := s.reading(ctx, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, store.Query("history-read"), found.Number, from, limit-len(newest))
		if err != nil {
			return err
		}
		past, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r store.Row, err error) {
			err = row.Scan(&r.Version, &r.Modified, &r.Sealed)
			return r, err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, r := range past {
		v := store.Version{ID: found.ID, Target: found.Target, Version: r.Version, Modified: store.FromMicros(r.Modified)}
		if err := store.OpenVersion(found.Key, r.Sealed, &v); err != nil {
			return nil, err
		}
		newest = append(newest, v)
	}
	return newest, nil
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
	name, args := q.Keys()
	var found []store.Row
	err = s.reading(ctx, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, store.Query(name), args...)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, scanRow)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		o, err := r.Open(s.Keys)
		if err != nil {
			return nil, err
		}
		page = append(page, o.Version)
	}
	return page, nil
}

func scanRow(row pgx.CollectableRow) (r store.Row, err error) {
	err = row.Scan(&r.Number, (*[16]byte)(&r.ID), (*[16]byte)(&r.Target), &r.Version, &r.Modified, &r.Sealed, &r.Wrapped)
	return r, err
}

// Remembered returns the outcome of an earlier write with the same key.
// Error: store.ErrUnavailable.
func (s *Store) Remembered(ctx context.Context, key [32]byte) (r store.Remembered, found bool, err error) {
	var body []byte
	err = s.reading(ctx, func(ctx context.Context) error {
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
	if !s.jobs.TryPut(&job{entry: entry, unattended: true, done: make(chan struct{})}) {
		s.Report("an access-log entry of a refusal was dropped", store.ErrUnavailable)
	}
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
