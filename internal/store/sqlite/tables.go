package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// tables reads rows with the statements of the readers, or with those of the writer within
// its transaction. It implements store.Tables.
type tables struct{ *statements }

// FindRow cannot be cancelled: it takes microseconds, so the goroutine of a cancellable
// query is not worth its cost.
func (t tables) FindRow(ctx context.Context, id uuid.UUID) (*store.Row, error) {
	return t.findRow(ctx, queries.SQLiteRecordRead, scanRow, id)
}

func (t tables) FindRowWithEntry(ctx context.Context, id uuid.UUID) (*store.Row, error) {
	return t.findRow(ctx, queries.SQLiteRecordEntryRead, scanRowWithEntry, id)
}

func (t tables) findRow(ctx context.Context, query *queries.Query, scan func(scanner) (store.Row, error), id uuid.UUID) (*store.Row, error) {
	row, err := scan(t.queryRow(context.WithoutCancel(ctx), query, id[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, classify(err)
	}
	return &row, nil
}

// documentColumns are those of document-read.
func documentColumns(r *store.DocumentRow) []any {
	return []any{&r.Version, &r.Modified, &r.Sealed, &r.Wrapped, &r.Merged}
}

func (t tables) FindTombstones(ctx context.Context, kind sealing.OwnerKind, id, target uuid.UUID) ([]store.Tombstone, error) {
	rows, err := t.query(ctx, queries.TombstoneRead, id[:], target[:], int64(kind))
	return collect(rows, err, func(row scanner) (store.Tombstone, error) { return scanTombstone(row) }, nil)
}

// scanTombstone reads a row of tombstone-read, or one with columns before it.
func scanTombstone(row scanner, before ...any) (t store.Tombstone, err error) {
	var id, target []byte
	var kind, at int64
	err = row.Scan(append(before, &kind, &id, &target, &t.Version, &at, &t.Reason, &t.By, &t.MAC)...)
	t.Kind, t.ID, t.Target, t.At = store.OwnerKindOf(kind), toID(id), toID(target), store.FromMicros(at)
	return t, err
}

func (t tables) FindDocument(ctx context.Context, id store.DocumentID) (r store.DocumentRow, err error) {
	err = t.queryRow(context.WithoutCancel(ctx), queries.DocumentRead, id.Columns()...).Scan(documentColumns(&r)...)
	return r, classify(err)
}

func (t tables) PastDocuments(ctx context.Context, id store.DocumentID, from int64, limit int) ([]store.DocumentRow, error) {
	rows, err := t.query(ctx, queries.DocumentHistoryRead, append(id.Columns(), from, limit)...)
	return collect(rows, err, func(row scanner) (r store.DocumentRow, err error) {
		err = row.Scan(&r.Version, &r.Modified, &r.Sealed)
		return r, err
	}, store.Portion[store.DocumentRow]())
}

func (t tables) FindEntries(ctx context.Context, people []uuid.UUID) ([]store.EntryRow, error) {
	ids := make([]string, len(people))
	for i, id := range people {
		ids[i] = hex.EncodeToString(id[:])
	}
	asked, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := t.query(ctx, queries.SQLiteEntriesRead, string(asked))
	return collect(rows, err, scanEntry, nil)
}

// scanEntry reads a row of entries-read and entry-walk.
func scanEntry(row scanner) (r store.EntryRow, err error) {
	var person []byte
	err = row.Scan(&person, &r.Version, &r.Modified, &r.Sealed, &r.Wrapped, &r.Erased, &r.Merged, &r.Taken)
	r.Person = toID(person)
	return r, err
}

func (t tables) PastRows(ctx context.Context, number, from int64, limit int) ([]store.Row, error) {
	rows, err := t.query(ctx, queries.HistoryRead, number, from, limit)
	return collect(rows, err, func(row scanner) (r store.Row, err error) {
		err = row.Scan(&r.Version, &r.Modified, &r.Sealed)
		return r, err
	}, store.Portion[store.Row]())
}

func (t tables) ListRows(ctx context.Context, q store.ListQuery) ([]store.Row, error) {
	query, args := q.Keys()
	rows, err := t.query(ctx, query, args...)
	scan := scanRow
	if q.Entries {
		scan = scanRowWithEntry
	}
	return collect(rows, err, scan, store.Portion[store.Row]())
}

func (t tables) FindNINO(ctx context.Context, hash []byte, limit int) ([]uuid.UUID, error) {
	rows, err := t.query(ctx, queries.NINOPeople, hash, limit)
	return collect(rows, err, func(row scanner) (uuid.UUID, error) {
		var target []byte
		err := row.Scan(&target)
		return toID(target), err
	}, nil)
}

func (t tables) SharedNINOs(ctx context.Context, from store.NINOPlace, limit int) ([]store.NINORow, error) {
	rows, err := t.query(ctx, queries.NINOShared, from.Hash, from.Record, limit)
	return collect(rows, err, func(row scanner) (r store.NINORow, err error) {
		var target []byte
		err = row.Scan(&r.Hash, &r.Record, &target)
		r.Target = toID(target)
		return r, err
	}, nil)
}

// scanner is one row.
type scanner interface{ Scan(dest ...any) error }

// scanRow reads a row of record-read and of the lists.
func scanRow(row scanner) (store.Row, error) { return scanRowAnd(row) }

// scanRowWithEntry reads such a row with its person's entry.
func scanRowWithEntry(row scanner) (store.Row, error) {
	entry := new(store.DocumentRow)
	r, err := scanRowAnd(row, documentColumns(entry)...)
	r.Entry = entry
	return r, err
}

func scanRowAnd(row scanner, behind ...any) (r store.Row, err error) {
	var id, target []byte
	err = row.Scan(append([]any{&r.Number, &id, &target, &r.Version, &r.Modified, &r.Sealed, &r.Wrapped, &r.Merged}, behind...)...)
	r.ID, r.Target = toID(id), toID(target)
	return r, err
}

// collect reads all rows of a query, or until full.
func collect[T any](rows *sql.Rows, failed error, scan func(scanner) (T, error), full func(T) bool) (all []T, err error) {
	if failed != nil {
		return nil, classify(failed)
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, classify(err)
		}
		all = append(all, one)
		if full != nil && full(one) {
			break
		}
	}
	return all, nil
}

func closeRows(rows *sql.Rows, err *error) {
	if *err == nil {
		*err = classify(rows.Err())
	}
	if closing := rows.Close(); *err == nil {
		*err = classify(closing)
	}
}
