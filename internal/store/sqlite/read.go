package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
)

// Read returns the record an id leads to, once the entry that enter makes of
// it is durable. Error: store.ErrUnavailable.
func (s *Store) Read(ctx context.Context, id uuid.UUID, enter func(store.Current) audit.Entry) (store.Found, error) {
	row, gone, err := findRow(s.queryRow(ctx), id)
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

// History returns up to limit versions of the record an id leads to, newest
// first, from one version down, once the entry that enter makes of them is
// durable. enter may return no entry where the request has one already.
// Error: store.ErrUnavailable.
func (s *Store) History(ctx context.Context, id uuid.UUID, from int64, limit int,
	enter func(store.Current, []store.Version) (audit.Entry, bool),
) (store.Current, []store.Version, error) {
	found, err := s.findBy(s.queryRow(ctx), id)
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

func (s *Store) versions(ctx context.Context, found store.Opened, from int64, limit int) (versions []store.Version, err error) {
	if found.Version.Version <= from {
		versions = append(versions, found.Version)
	}
	// Below the version that was found: a newer one may have come since.
	from = min(from, found.Version.Version-1)
	rows, err := s.reads["history-read"].QueryContext(ctx, found.Number, from, limit-len(versions))
	if err != nil {
		return nil, classify(err)
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		v := store.Version{ID: found.ID, Target: found.Target}
		var modified int64
		var document []byte
		if err := rows.Scan(&v.Version, &modified, &document); err != nil {
			return nil, classify(err)
		}
		v.Modified = store.FromMicros(modified)
		if err := store.OpenVersion(found.Key, document, &v); err != nil {
			return nil, err
		}
		versions = append(versions, v)
	}
	return versions, nil
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
	return s.scanRecords(s.reads[name].QueryContext(ctx, args...))
}

// scanRecords opens the records of a list.
func (s *Store) scanRecords(rows *sql.Rows, failed error) (page []store.Version, err error) {
	if failed != nil {
		return nil, classify(failed)
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		o, err := scanRecord(s.Keys, rows)
		if err != nil {
			return nil, classify(err)
		}
		page = append(page, o.Version)
	}
	return page, nil
}

// Remembered returns the outcome of an earlier write with the same key.
// Error: store.ErrUnavailable.
func (s *Store) Remembered(ctx context.Context, key [32]byte) (store.Remembered, bool, error) {
	return remembered(s.queryRow(ctx), key, s.Now().Add(-s.KeyRetention))
}

func remembered(query queryRow, key [32]byte, since time.Time) (r store.Remembered, found bool, err error) {
	var body, record []byte
	err = query("idempotency-read", key[:], store.Micros(since)).Scan(&body, &r.Status, &r.Problem, &record, &r.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Remembered{}, false, nil
	}
	copy(r.Body[:], body)
	r.Record = toID(record)
	return r, err == nil, classify(err)
}

// Enter puts an entry into the access log without anybody waiting for it. One
// that cannot be written is reported.
func (s *Store) Enter(entry audit.Entry) {
	j := &job{unattended: true, done: make(chan struct{})}
	j.run = func(t *tx) error { t.enter(entry); return nil }
	if !s.writer.jobs.TryPut(j) {
		s.Report("an access-log entry for a refused request was dropped", store.ErrUnavailable)
	}
}

// Heads is the last durable entry of the access log's one lane since the store
// was opened; none where there has been none.
func (s *Store) Heads() []audit.Head {
	if head := s.writer.durable.Load(); head != nil {
		return []audit.Head{*head}
	}
	return nil
}

// probeSize is more than a write takes.
const probeSize = 128 << 10

// Ready says whether the store can write: by trying, where it could not last time.
func (s *Store) Ready(ctx context.Context) error {
	if !s.writer.failing.Load() {
		return nil
	}
	return s.writer.do(ctx, func(t *tx) error {
		// More than may still fit on a full disk's last page; the time then takes its place.
		if _, err := t.exec("meta-write", "last-probe", make([]byte, probeSize)); err != nil {
			return err
		}
		_, err := t.exec("meta-write", "last-probe", []byte(s.Now().UTC().Format(time.RFC3339)))
		return err
	})
}

// Trace makes an entry durable.
func (s *Store) Trace(ctx context.Context, entry audit.Entry) error {
	return s.writer.do(ctx, func(t *tx) error { t.enter(entry); return nil })
}

// queryRow reads one row on any connection. That takes microseconds, which is
// not worth the goroutine that a cancellable query costs.
func (s *Store) queryRow(ctx context.Context) queryRow {
	ctx = context.WithoutCancel(ctx)
	return func(name string, args ...any) *sql.Row { return s.reads[name].QueryRowContext(ctx, args...) }
}

func closeRows(rows *sql.Rows, err *error) {
	if *err == nil {
		*err = classify(rows.Err())
	}
	if closing := rows.Close(); *err == nil {
		*err = classify(closing)
	}
}
