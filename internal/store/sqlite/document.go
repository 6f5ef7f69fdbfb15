package sqlite

import (
	"database/sql"
	"errors"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// scanner is a row of record-read and of the lists.
type scanner interface{ Scan(dest ...any) error }

// scanRecord opens the record of a row.
func scanRecord(keys *sealing.Keyset, row scanner) (store.Opened, error) {
	var r store.Row
	var id, target []byte
	if err := row.Scan(&r.Number, &id, &target, &r.Version, &r.Modified, &r.Sealed, &r.Wrapped); err != nil {
		return store.Opened{}, err
	}
	r.ID, r.Target = toID(id), toID(target)
	return r.Open(keys)
}

// queryRow runs a named query that gives one row at the most.
type queryRow func(name string, args ...any) *sql.Row

// findBy reads the record an id leads to, the tombstone of one that was
// erased, or nothing.
func (s *Store) findBy(query queryRow, id uuid.UUID) (store.Opened, error) {
	found, err := scanRecord(s.Keys, query("record-read", id[:]))
	if err == nil && id != found.ID && id != found.Target {
		return store.Opened{}, store.ErrMisplaced
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return found, classify(err)
	}
	var last int64
	err = query("tombstone-read", id[:]).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Opened{}, nil
	}
	if err != nil {
		return store.Opened{}, classify(err)
	}
	return store.Opened{Current: store.Current{State: store.Erased, Version: store.Version{ID: id, Version: last}}}, nil
}
