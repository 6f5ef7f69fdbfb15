package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Database { return newDatabase(t) })
}

// database is a data directory of a test.
type database struct{ dir string }

// newDatabase copies a database that was migrated once, because that is much quicker.
func newDatabase(t *testing.T) database {
	t.Helper()
	d := database{t.TempDir()}
	d.Clear(t)
	return d
}

func (d database) Clear(t *testing.T) {
	t.Helper()
	content, err := migrated()
	ok(t, err)
	ok(t, os.WriteFile(filepath.Join(d.dir, DatabaseFile), content, 0o600))
}

var migrated = sync.OnceValues(func() (_ []byte, err error) {
	dir, err := os.MkdirTemp("", "equality-store-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, DatabaseFile)
	if err := Migrate(context.Background(), path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func (d database) Open(t *testing.T, o storetest.Options) storetest.Engine {
	t.Helper()
	s, err := Open(t.Context(), Options{
		Dir: d.dir, Keys: o.Keys, Now: o.Now,
		KeyRetention: o.KeyRetention, EventRetention: o.EventRetention, Report: o.Report,
	})
	ok(t, err)
	return s
}

func (d database) Log(t *testing.T, keys *sealing.Keyset, show func(audit.Log)) {
	t.Helper()
	// Also called after a test has ended, and with it its context.
	log, err := OpenLog(context.Background(), d.dir, keys)
	ok(t, err)
	defer func() { ok(t, log.Close()) }()
	show(log)
}

// Exec changes the database with raw SQL.
func (d database) Exec(t *testing.T, text string) {
	t.Helper()
	d.exec(t, statement{text, nil})
}

func (d database) ByHand(t *testing.T) storetest.ByHand {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(filepath.Join(d.dir, DatabaseFile), false))
	ok(t, err)
	t.Cleanup(func() { ok(t, db.Close()) })
	db.SetMaxOpenConns(1)
	_, err = db.Exec("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
	ok(t, err)
	tx, err := db.Begin()
	ok(t, err)
	tables, err := names(t.Context(), tx, "SELECT name FROM sqlite_schema WHERE type = 'table'")
	ok(t, err)
	ok(t, tx.Rollback())
	return storetest.ByHand{DB: db, Tables: tables,
		Log: func(keys *sealing.Keyset) (*store.Log, error) { return OpenLog(t.Context(), d.dir, keys) }}
}

func (d database) Indexed(t *testing.T, hash [32]byte) (ids []uuid.UUID) {
	t.Helper()
	d.query(t, func(db *sql.DB) error {
		rows, err := db.Query(`SELECT r.id FROM nino_index n JOIN record r ON r.number = n.record WHERE n.keyed_hash = $1`, hash[:])
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id []byte
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, toID(id))
		}
		return rows.Err()
	})
	return ids
}

// statement is a raw SQL statement with its argument.
type statement struct {
	text string
	args any
}

// exec runs raw SQL in one transaction, while an engine may be open.
func (d database) exec(t *testing.T, statements ...statement) {
	t.Helper()
	d.query(t, func(db *sql.DB) error {
		conn, err := db.Conn(context.Background())
		if err != nil {
			return err
		}
		defer conn.Close()
		run := func(s statement) error {
			args := []any{s.args}
			if s.args == nil {
				args = nil
			}
			_, err := conn.ExecContext(context.Background(), s.text, args...)
			return err
		}
		for _, s := range append(append([]statement{{"BEGIN IMMEDIATE", nil}}, statements...), statement{"COMMIT", nil}) {
			if err := run(s); err != nil {
				return err
			}
		}
		return nil
	})
}

// query opens its own connection to the database.
func (d database) query(t *testing.T, run func(*sql.DB) error) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(filepath.Join(d.dir, DatabaseFile), false))
	ok(t, err)
	defer func() { ok(t, db.Close()) }()
	ok(t, run(db))
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
