package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"equality-information-api/internal/store/queries"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed grants.sql
var grants string

// Migrate brings a database's schema up to date and gives the application's role its
// rights, unless role is empty. Two processes that do so at once take turns. The
// connection's own role will own the schema.
func Migrate(ctx context.Context, dsn, role string) (err error) {
	db, err := openSQL(dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return migrateTo(ctx, db, role, schemaVersion())
}

// SchemaOf returns the version of a database's schema; 0 if it has none.
func SchemaOf(ctx context.Context, dsn string) (version int64, err error) {
	db, err := openSQL(dsn)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, queries.SchemaVersion.SQL).Scan(&version)
	if code(err) == undefinedTable {
		return 0, nil
	}
	return version, classify(err)
}

func migrateTo(ctx context.Context, db *sql.DB, role string, version int64) error {
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", classify(err))
	}
	if role == "" {
		return nil
	}
	if err := grant(ctx, db, role); err != nil {
		return fmt.Errorf("give the application's role its rights: %w", classify(err))
	}
	return nil
}

// grant gives a role its rights in one transaction, so that a running server never lacks
// them. Two processes that do so at once take turns.
func grant(ctx context.Context, db *sql.DB, role string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1, 0)", int32(grantLock)); err != nil {
		return err
	}
	for statement := range strings.SplitSeq(withoutComments(grants), ";\n") {
		if statement = strings.TrimSpace(statement); statement == "" {
			continue
		}
		statement = strings.ReplaceAll(statement, "app_role", pgx.Identifier{role}.Sanitize())
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func withoutComments(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "--") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // tries every second, for five minutes
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
}

// schemaVersion is the version of this program's schema: that of the last migration.
var schemaVersion = sync.OnceValue(func() int64 {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		panic("postgres: no migrations")
	}
	version, err := goose.NumericComponent(files[len(files)-1])
	if err != nil {
		panic(err)
	}
	return version
})
