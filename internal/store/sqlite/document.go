package sqlite

import (
	"database/sql"
	"errors"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// scanner is a row of record-read and of the lists.
type scanner interface{ Scan(dest ...any) error }

// scanRow reads a row as it is.
func scanRow(row scanner) (r store.Row, err error) {
	var id, target []byte
	err = row.Scan(&r.Number, &id, &target, &r.Version, &r.Modified, &r.Sealed, &r.Wrapped)
	r.ID, r.Target = toID(id), toID(target)
	return r, err
}

// scanRecord opens the record of a row.
func scanRecord(keys *sealing.Keyset, row scanner) (store.Opened, error) {
	r, err := scanRow(row)
	if err != nil {
		return store.Opened{}, err
	}
	return r.Open(keys)
}

// queryRow runs a query that gives one row at the most.
type queryRow func(q *queries.Query, args ...any) *sql.Row

// findBy reads the record an id leads to, the tombstone of one that was
// erased, or nothing.
func (s *Store) findBy(query queryRow, id uuid.UUID) (store.Opened, error) {
	row, gone, err := findRow(query, id)
	if err != nil || row == nil {
		return store.Opened{Current: gone}, err
	}
	return row.Open(s.Keys)
}

// findRow finds the row that an id leads to; where there is none, the tombstone
// of a record that was erased, or nothing.
func findRow(query queryRow, id uuid.UUID) (*store.Row, store.Current, error) {
	row, err := scanRow(query(queries.SQLiteRecordRead, id[:]))
	switch {
	case err == nil && !row.IsOf(id):
		return nil, store.Current{}, store.ErrMisplaced
	case err == nil:
		return &row, store.Current{}, nil
	case !errors.Is(err, sql.ErrNoRows):
		return nil, store.Current{}, classify(err)
	}
	var last int64
	err = query(queries.TombstoneRead, id[:]).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, store.Current{}, nil
	}
	if err != nil {
		return nil, store.Current{}, classify(err)
	}
	return nil, store.Current{State: store.Erased, Version: store.Version{ID: id, Version: last}}, nil
}
