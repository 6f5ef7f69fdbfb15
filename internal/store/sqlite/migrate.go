package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"

	"github.com/pressly/goose/v3"

	"equality-information-api/internal/store/queries"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date.
func migrate(ctx context.Context, db *sql.DB) error { return migrateTo(ctx, db, math.MaxInt64) }

// migrateTo brings the schema up to a version, unless it is already newer.
func migrateTo(ctx context.Context, db *sql.DB, version int64) error {
	provider, err := provider(db)
	if err != nil {
		return err
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", classify(err))
	}
	return nil
}

func provider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, files)
}

// newestSchema is the version of the last migration.
func newestSchema() (int64, error) {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return 0, err
	}
	return goose.NumericComponent(files[len(files)-1].Name())
}

// Migrate brings the schema of a data directory's database up to date without starting a
// server. The caller holds the lock of the directory.
func Migrate(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		return err
	}
	defer func() {
		if closing := db.Close(); err == nil {
			err = closing
		}
	}()
	return migrate(ctx, db)
}

// SchemaOf returns the version of a database's schema.
func SchemaOf(ctx context.Context, path string) (version int64, err error) {
	db, err := sql.Open("sqlite", dsn(path, true))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, queries.SchemaVersion.SQL).Scan(&version)
	return version, classify(err)
}
