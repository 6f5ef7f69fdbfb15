package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// OpenLog opens the access log of a data directory. A keyset other than the database's is
// refused.
func OpenLog(ctx context.Context, dir string, keys *sealing.Keyset) (*store.Log, error) {
	schema, err := newestSchema()
	if err != nil {
		return nil, err
	}
	db, err := openReader(dir)
	if err != nil {
		return nil, err
	}
	return store.OpenLog(ctx, db, store.LogOptions{Keys: keys, Lanes: 1, Text: func(stored string) string { return stored }, Schema: schema})
}

// openReader opens the existing database of a data directory for reading.
func openReader(dir string) (*sql.DB, error) {
	exists, err := Exists(dir)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, fmt.Errorf("%s has no database", dir)
	}
	return sql.Open("sqlite", dsn(filepath.Join(dir, DatabaseFile), true))
}
