package postgres

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// tables reads the rows of a store. It implements store.Tables.
type tables struct{ *Store }

func (t tables) FindRow(ctx context.Context, id uuid.UUID) (*store.Row, error) {
	return t.rows.find(ctx, id)
}

func (t tables) FindRowWithEntry(ctx context.Context, id uuid.UUID) (*store.Row, error) {
	return t.rowsWithEntries.find(ctx, id)
}

func (t tables) FindTombstones(ctx context.Context, kind sealing.OwnerKind, id, target uuid.UUID) ([]store.Tombstone, error) {
	return collect(ctx, t.Store, queries.TombstoneRead, nil, func(row pgx.CollectableRow) (store.Tombstone, error) {
		return scanTombstone(row)
	}, id[:], target[:], int64(kind))
}

// FindDocument reads an entry in the directory together with others that are wanted at the same
// time, like a record.
func (t tables) FindDocument(ctx context.Context, id store.DocumentID) (store.DocumentRow, error) {
	if id.Kind == sealing.KindPerson {
		entry, err := t.entries.find(ctx, id.Owner)
		return entry.DocumentRow, err
	}
	found, err := collect(ctx, t.Store, queries.DocumentRead, nil, func(row pgx.CollectableRow) (r store.DocumentRow, err error) {
		var merged int64
		err = row.Scan(&r.Version, &r.Modified, &r.Sealed, &r.Wrapped, &merged)
		r.Merged = merged != 0
		return r, err
	}, id.Columns()...)
	if err != nil {
		return store.DocumentRow{}, err
	}
	return found[0], nil
}

func (t tables) PastDocuments(ctx context.Context, id store.DocumentID, from int64, limit int) ([]store.DocumentRow, error) {
	return collect(ctx, t.Store, queries.DocumentHistoryRead, store.Portion[store.DocumentRow], func(row pgx.CollectableRow) (r store.DocumentRow, err error) {
		err = row.Scan(&r.Version, &r.Modified, &r.Sealed)
		return r, err
	}, append(id.Columns(), from, limit)...)
}

func (t tables) FindEntries(ctx context.Context, people []uuid.UUID) ([]store.EntryRow, error) {
	return collect(ctx, t.Store, queries.PostgresEntriesRead, nil, scanEntry, idList(people))
}

// scanEntry reads a row of entries-read and entry-walk.
func scanEntry(row pgx.CollectableRow) (r store.EntryRow, err error) {
	var merged int64
	err = row.Scan((*[16]byte)(&r.Person), &r.Version, &r.Modified, &r.Sealed, &r.Wrapped, &r.Erased, &merged, &r.Taken)
	r.Merged = merged != 0
	return r, err
}

func (t tables) PastRows(ctx context.Context, number, from int64, limit int) ([]store.Row, error) {
	return collect(ctx, t.Store, queries.HistoryRead, store.Portion[store.Row], func(row pgx.CollectableRow) (r store.Row, err error) {
		err = row.Scan(&r.Version, &r.Modified, &r.Sealed)
		return r, err
	}, number, from, limit)
}

func (t tables) ListRows(ctx context.Context, q store.ListQuery) ([]store.Row, error) {
	query, args := q.Keys()
	scan := scanRow
	if q.Entries {
		scan = scanRowWithEntry
	}
	return collect(ctx, t.Store, query, store.Portion[store.Row], scan, args...)
}

func (t tables) FindNINO(ctx context.Context, hash []byte, limit int) ([]uuid.UUID, error) {
	return collect(ctx, t.Store, queries.NINOPeople, nil, func(row pgx.CollectableRow) (target uuid.UUID, err error) {
		err = row.Scan((*[16]byte)(&target))
		return target, err
	}, hash, limit)
}

func (t tables) SharedNINOs(ctx context.Context, from store.NINOPlace, limit int) ([]store.NINORow, error) {
	return collect(ctx, t.Store, queries.NINOShared, nil, func(row pgx.CollectableRow) (r store.NINORow, err error) {
		var target *[16]byte
		if err = row.Scan(&r.Hash, &r.Record, &target); target != nil {
			r.Target = *target
		}
		return r, err
	}, from.Hash, from.Record, limit)
}

// collect reads all rows of a query, or only a portion of them.
func collect[T any](ctx context.Context, s *Store, query *queries.Query, portion func() func(T) bool, scan pgx.RowToFunc[T], args ...any) (all []T, err error) {
	err = s.reading(ctx, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, query.SQL, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		all = nil
		full := func(T) bool { return false }
		if portion != nil {
			full = portion()
		}
		for rows.Next() {
			one, err := scan(rows)
			if err != nil {
				return err
			}
			all = append(all, one)
			if full(one) {
				break
			}
		}
		rows.Close()
		return rows.Err()
	})
	return all, err
}

// scanTombstone reads a row of tombstone-read, or one with columns before it.
func scanTombstone(row pgx.CollectableRow, before ...any) (t store.Tombstone, err error) {
	var kind, at int64
	err = row.Scan(append(before, &kind, (*[16]byte)(&t.ID), (*[16]byte)(&t.Target), &t.Version, &at, &t.Reason, &t.By, &t.MAC)...)
	t.Kind, t.At, t.By = store.OwnerKindOf(kind), store.FromMicros(at), unescape(t.By)
	return t, err
}

func scanRow(row pgx.CollectableRow) (store.Row, error) { return scanRowAnd(row) }

// scanRowWithEntry reads a row of a list with its person's entry.
func scanRowWithEntry(row pgx.CollectableRow) (store.Row, error) {
	var entry entryColumns
	r, err := scanRowAnd(row, entry.all()...)
	r.Entry = entry.row()
	return r, err
}

func scanRowAnd(row pgx.CollectableRow, behind ...any) (r store.Row, err error) {
	var merged int64
	err = row.Scan(append([]any{&r.Number, (*[16]byte)(&r.ID), (*[16]byte)(&r.Target), &r.Version, &r.Modified, &r.Sealed, &r.Wrapped, &merged}, behind...)...)
	r.Merged = merged != 0
	return r, err
}

// entryColumns are those of an entry behind a record's.
type entryColumns struct {
	store.DocumentRow
	merged int64
}

func (c *entryColumns) all() []any {
	return []any{&c.Version, &c.Modified, &c.Sealed, &c.Wrapped, &c.merged}
}

func (c *entryColumns) row() *store.DocumentRow {
	row := c.DocumentRow
	row.Merged = c.merged != 0
	return &row
}

// Remembered returns the outcome of an earlier write with the same key.
// Error: store.ErrUnavailable.
func (s *Store) Remembered(ctx context.Context, key [32]byte) (r store.Remembered, found bool, err error) {
	var body []byte
	err = s.reading(ctx, func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, queries.IdempotencyRead.SQL, key[:], store.Micros(s.clock.Expiry().Add(-s.KeyRetention))).
			Scan(&body, &r.Status, &r.Problem, (*[16]byte)(&r.Record), &r.Version)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return store.Remembered{}, false, nil
	}
	copy(r.Body[:], body)
	return r, err == nil, err
}

// Append makes an entry of the access log durable. Error: store.ErrUnavailable.
func (s *Store) Append(ctx context.Context, entry audit.Entry) error {
	return s.do(ctx, &job{entry: entry})
}

// Heads returns the last durable entries of the lanes that this process has written to.
func (s *Store) Heads() (heads []audit.Head) {
	for _, l := range s.lanes {
		if head := l.durable.Load(); head != nil {
			heads = append(heads, *head)
		}
	}
	return heads
}

// readingTries is how often to try a read whose connection was lost.
const readingTries = 3

// reading does a read, and repeats it if its connection was already lost, or for lockPatience
// if a table is locked: reading twice does no harm. It does not wait for ever for a silent
// server. Open documents after reading, not in read: a document that does not open would
// count as a lost connection.
// Error: store.ErrUnavailable.
func (s *Store) reading(ctx context.Context, read func(context.Context) error) (err error) {
	ctx, release := s.whileOpen(ctx)
	defer release()
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	if err := s.check(ctx); err != nil {
		return s.givenUp(err)
	}
	var patience patience
	for tries := 0; tries < readingTries; {
		err = read(ctx)
		if code(err) == lockNotAvailable && patience.left() {
			continue
		}
		if err == nil || errors.Is(err, pgx.ErrNoRows) || answered(err) || ctx.Err() != nil {
			break
		}
		s.doubts.lost()
		tries++
	}
	return s.givenUp(classify(err))
}
