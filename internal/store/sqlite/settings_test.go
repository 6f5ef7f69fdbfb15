package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// settings are the settings of every connection.
func settings(reader bool) map[string]string {
	want := map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1",
		"busy_timeout": "5000", "query_only": "0",
	}
	if reader {
		want["query_only"] = "1"
	}
	return want
}

type rower interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readSettings(t *testing.T, conn rower) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for name := range settings(true) {
		var value string
		ok(t, conn.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value))
		got[name] = value
	}
	return got
}

func TestEveryPooledConnectionHasItsSettings(t *testing.T) {
	t.Parallel()
	f := setup(t)
	// All are taken before one is returned, so that the pool must open all.
	var readers []*sql.Conn
	for range readerCount() {
		conn, err := f.readers.Conn(t.Context())
		ok(t, err)
		defer conn.Close()
		readers = append(readers, conn)
	}
	if open := f.readers.Stats().OpenConnections; open != readerCount() {
		t.Errorf("%d connections are open, not %d", open, readerCount())
	}
	for i, conn := range readers {
		if diff := cmp.Diff(settings(true), readSettings(t, conn)); diff != "" {
			t.Errorf("reader %d (-want +got):\n%s", i, diff)
		}
		if _, err := conn.ExecContext(t.Context(), "DELETE FROM audit"); err == nil {
			t.Errorf("reader %d can write", i)
		}
	}
	if diff := cmp.Diff(settings(false), readSettings(t, f.writer.conn)); diff != "" {
		t.Errorf("writer (-want +got):\n%s", diff)
	}
	if stats := f.writer.db.Stats(); stats.MaxOpenConnections != 1 || stats.OpenConnections != 1 {
		t.Errorf("the writer has %d connections of %d", stats.OpenConnections, stats.MaxOpenConnections)
	}
	verifying, err := openReader(f.db.dir, false)
	ok(t, err)
	defer func() { ok(t, verifying.Close()) }()
	if diff := cmp.Diff(settings(true), readSettings(t, verifying)); diff != "" {
		t.Errorf("verification (-want +got):\n%s", diff)
	}
}

func TestAPathWithSignsOfAURLIsOpened(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ok(t, f.Close())
	dir := filepath.Join(t.TempDir(), "a b?c#d%20&_pragma=synchronous(OFF)")
	ok(t, os.Mkdir(dir, 0o700))
	ok(t, os.Rename(filepath.Join(f.db.dir, DatabaseFile), filepath.Join(dir, DatabaseFile)))
	f.db.dir = dir
	f.open()
	if diff := cmp.Diff(settings(false), readSettings(t, f.writer.conn)); diff != "" {
		t.Errorf("writer (-want +got):\n%s", diff)
	}
	r := f.written(1)
	_, err := f.read(r.ID)
	ok(t, err)
}

func TestAnotherKeysetIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(1)
	ok(t, f.Close())
	other, err := sealing.Generate()
	ok(t, err)
	o := f.options()
	o.Keys = other
	if _, err := Open(t.Context(), o); !errors.Is(err, sealing.ErrWrongKeyset) {
		t.Errorf("open: %v", err)
	}
	if _, err := OpenLog(t.Context(), f.db.dir, other); !errors.Is(err, sealing.ErrWrongKeyset) {
		t.Errorf("open the log: %v", err)
	}
	f.open()
	c, err := f.read(r.ID)
	ok(t, err)
	if c.Record.AgeGroup != r.AgeGroup {
		t.Errorf("the record is %+v", c.Record)
	}
}

func TestADatabaseKeepsItsKeysetAndEpoch(t *testing.T) {
	t.Parallel()
	f := setup(t)
	epoch := f.epoch()
	if epoch == uuid.Nil {
		t.Error("no epoch")
	}
	ok(t, f.Close())
	f.open()
	if f.epoch() != epoch {
		t.Error("the epoch has changed")
	}
	if other := setup(t); other.epoch() == epoch {
		t.Error("two databases have one epoch")
	}
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.written(2)
	ok(t, f.Close())
	var before, after string
	const schema = `SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema ORDER BY name)`
	read := func(text *string) {
		f.db.query(t, func(db *sql.DB) error { return db.QueryRow(schema).Scan(text) })
	}
	read(&before)
	versions := f.db.value(t, "SELECT count(*) FROM goose_db_version")
	path := filepath.Join(f.db.dir, DatabaseFile)
	ok(t, Migrate(t.Context(), path))
	ok(t, Migrate(t.Context(), path))
	read(&after)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("schema (-before +after):\n%s", diff)
	}
	if n := f.db.value(t, "SELECT count(*) FROM goose_db_version"); n != versions {
		t.Errorf("%d migrations are noted, not %d", n, versions)
	}
	files, err := migrations.ReadDir("migrations")
	ok(t, err)
	if n := f.db.value(t, "SELECT max(version_id) FROM goose_db_version"); n != int64(len(files)) {
		t.Errorf("the schema has version %d, and there are %d migrations", n, len(files))
	}
	if n := f.db.value(t, `SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict
		AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'`); n != 0 {
		t.Errorf("%d tables are not STRICT", n)
	}
	f.open()
	f.db.sound(t, testKeys())
}

func TestADirectoryWithoutADatabaseHasNoLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if exists, err := Exists(dir); exists || err != nil {
		t.Errorf("exists: %v, %v", exists, err)
	}
	if _, err := OpenLog(t.Context(), dir, testKeys()); err == nil {
		t.Error("a log was opened")
	}
	if exists, err := Exists(newDatabase(t).dir); !exists || err != nil {
		t.Errorf("exists: %v, %v", exists, err)
	}
}

func TestClosingLeavesTheDatabaseInOneFile(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(3)
	_, err := f.read(r.ID)
	ok(t, err)
	f.list()
	ok(t, f.Close())
	files, err := os.ReadDir(f.db.dir)
	ok(t, err)
	if len(files) != 1 || files[0].Name() != DatabaseFile {
		t.Errorf("the directory holds %v", files)
	}
}
