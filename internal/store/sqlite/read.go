package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// Remembered returns the outcome of an earlier write with the same key.
// Error: store.ErrUnavailable.
func (s *Store) Remembered(ctx context.Context, key [32]byte) (store.Remembered, bool, error) {
	return tables{s.reads}.remembered(ctx, key, s.clock.Expiry().Add(-s.KeyRetention))
}

func (t tables) remembered(ctx context.Context, key [32]byte, since time.Time) (r store.Remembered, found bool, err error) {
	var body, record []byte
	err = t.queryRow(context.WithoutCancel(ctx), queries.IdempotencyRead, key[:], store.Micros(since)).Scan(&body, &r.Status, &r.Problem, &record, &r.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Remembered{}, false, nil
	}
	copy(r.Body[:], body)
	r.Record = toID(record)
	return r, err == nil, classify(err)
}

// Heads returns the last durable entry of the only lane of the access log since the store
// was opened; nothing if there was none.
func (s *Store) Heads() []audit.Head {
	if head := s.writer.durable.Load(); head != nil {
		return []audit.Head{*head}
	}
	return nil
}

// probeSize is more than a write needs.
const probeSize = 128 << 10

// Ready reports whether the store can write. If the last write failed, it tries one.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.held(); err != nil {
		return err
	}
	if !s.writer.failing.Load() {
		return nil
	}
	return s.writer.do(ctx, func(t *tx) error {
		// A smaller value could still fit on the last page of a full disk. The time then
		// replaces it.
		if _, err := t.exec(queries.MetaWrite, store.MetaProbe, make([]byte, probeSize)); err != nil {
			return err
		}
		_, err := t.exec(queries.MetaWrite, store.MetaProbe, []byte(s.Now().UTC().Format(time.RFC3339)))
		return err
	})
}

// Append makes an entry of the access log durable. Error: store.ErrUnavailable.
func (s *Store) Append(ctx context.Context, entry audit.Entry) error {
	return s.writer.do(ctx, func(t *tx) error { t.enter(entry); return nil })
}
