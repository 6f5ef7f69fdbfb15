// Package sqlite implements the store on a single SQLite database. It owns the connections,
// the one writer, which commits jobs in groups, and the migrations. Package store defines
// what writes and reads mean; the SQL is in store/queries.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// DatabaseFile is the database's name in the data directory.
const DatabaseFile = "equality.db"

// Options say how a store is opened.
type Options struct {
	Dir  string // the data directory; it exists
	Keys *sealing.Keyset
	Now  func() time.Time
	// KeyRetention is how long the outcome of a write is remembered for its idempotency
	// key; EventRetention is how long an event stays in the feed.
	KeyRetention, EventRetention time.Duration
	// Report receives failures that no caller waits for.
	Report func(what string, err error)
	// Held returns ErrLockLost once the directory's lock is no longer the caller's. The store
	// then writes nothing more. It may be nil.
	Held func() error
	// Bound is called when the database is known to be the keyset's. It may be nil.
	Bound func()
}

// Store implements package store's contract on one SQLite database. Any number of
// goroutines may use it.
type Store struct {
	Options
	store.Reader
	readers  *sql.DB
	reads    *statements // of the readers
	writer   *writer
	clock    *store.Clock
	stopTrim func()
	lost     atomic.Bool // the directory's lock
}

// Open opens the data directory's database for a server and brings the schema up to date.
// The caller holds the lock of the directory. A keyset other than the one the database was
// made with is refused.
func Open(ctx context.Context, o Options) (*Store, error) {
	// fdatasync makes a commit as durable as fsync, but without the file's modification
	// time, which the file system would also have to write. If there is no fdatasync,
	// SQLite uses fsync.
	if _, err := sqlite.Fdatasync(true); err != nil && !errors.Is(err, sqlite.ErrFdatasyncUnavailable) {
		return nil, err
	}
	hasHad := o.Keys.HasHadDatabase(o.Now())
	if err := checkPresence(o.Dir, hasHad); err != nil {
		return nil, err
	}
	s := &Store{Options: o, clock: store.NewClock(o.Now, o.Report)}
	path := filepath.Join(o.Dir, DatabaseFile)
	writing, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		return nil, err
	}
	writing.SetMaxOpenConns(1)
	fail := func(err error) (*Store, error) {
		return nil, errors.Join(err, writing.Close(), s.closeReaders())
	}
	if hasHad {
		if err := checkContent(ctx, writing); err != nil {
			return fail(err)
		}
	}
	if err := migrate(ctx, writing); err != nil {
		return fail(err)
	}
	if err := checkKeyset(ctx, writing, o.Keys, hasHad); err != nil {
		return fail(err)
	}
	if err := makeEpoch(ctx, writing); err != nil {
		return fail(err)
	}
	if err := s.knowTime(ctx, writing); err != nil {
		return fail(err)
	}
	if o.Bound != nil {
		o.Bound()
	}
	s.readers, err = sql.Open("sqlite", dsn(path, true))
	if err != nil {
		return fail(err)
	}
	s.readers.SetMaxOpenConns(readerCount())
	s.readers.SetMaxIdleConns(readerCount())
	s.reads = newStatements(s.readers)
	s.Reader = store.NewReader(tables{s.reads}, o.Keys)
	if s.writer, err = startWriter(ctx, writing, s); err != nil {
		return fail(err)
	}
	s.stopTrim = store.Regularly(s.trimBatch, s.Report)
	return s, nil
}

// readerCount allows a few more connections than processors, because reads sometimes wait
// for the disk.
func readerCount() int { return 2 + 2*runtime.GOMAXPROCS(0) }

// Close does the waiting writes and closes the database.
func (s *Store) Close() error {
	s.stopTrim()
	return errors.Join(s.writer.close(), s.closeReaders())
}

func (s *Store) closeReaders() error {
	if s.readers == nil {
		return nil
	}
	return s.readers.Close()
}

// dsn has all settings of a connection. A reader cannot write. The writer's cache holds the
// pages of a whole batch. It lets the WAL grow to 4,000 pages (16 MB), so that a page that
// changes often is copied into the database once for many changes.
func dsn(path string, reader bool) string {
	settings := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "secure_delete(ON)",
		"temp_store(MEMORY)",
	}}
	if reader {
		settings.Add("_pragma", "query_only(ON)")
	} else {
		settings.Add("_pragma", "cache_size(-16000)")
		settings.Add("_pragma", "wal_autocheckpoint(4000)")
	}
	return fileURL(path, settings)
}

// loadingDSN is for a database that a restore is making. It is useless until it is complete
// and synced, so nothing is synced before then. Rows may come in any order; foreign keys
// are checked at the end.
func loadingDSN(path string) string {
	return fileURL(path, url.Values{"_pragma": {
		"journal_mode(MEMORY)", "synchronous(OFF)", "foreign_keys(OFF)", "secure_delete(ON)", "temp_store(MEMORY)",
		"cache_size(-64000)", "locking_mode(EXCLUSIVE)",
	}})
}

func fileURL(path string, settings url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: settings.Encode()}).String()
}

// checkKeyset ties a new database to its keyset. Later it refuses any other keyset.
func checkKeyset(ctx context.Context, db *sql.DB, keys *sealing.Keyset, hasHad bool) error {
	check, err := readMeta(ctx, db, store.MetaKeyset)
	if errors.Is(err, sql.ErrNoRows) {
		var seq int64
		err := db.QueryRowContext(ctx, queries.AuditHead.SQL, lane).Scan(&seq, new([]byte))
		if err == nil {
			return errors.New("the database has entries but no check value for its keyset: it has been tampered with")
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if hasHad {
			return &GoneError{sawNothing}
		}
		return writeMeta(ctx, db, store.MetaKeyset, keys.CheckValue())
	}
	if err != nil {
		return err
	}
	return keys.VerifyCheckValue(check)
}

// makeEpoch gives the feed of a new database an epoch.
func makeEpoch(ctx context.Context, db *sql.DB) error {
	_, err := readMeta(ctx, db, store.MetaEpoch)
	if errors.Is(err, sql.ErrNoRows) {
		epoch := uuid.New()
		return writeMeta(ctx, db, store.MetaEpoch, epoch[:])
	}
	return err
}

// knowTime continues from the time that the database knows, and gives a new one the clock's.
func (s *Store) knowTime(ctx context.Context, db *sql.DB) error {
	known, err := readMeta(ctx, db, store.MetaClock)
	if errors.Is(err, sql.ErrNoRows) {
		return writeMeta(ctx, db, store.MetaClock, s.clock.Known())
	}
	if err == nil {
		s.clock.Know(known)
	}
	return err
}

// Warning says what is wrong with the clock; empty if nothing is.
func (s *Store) Warning() string { return s.clock.Warning() }

func readMeta(ctx context.Context, db *sql.DB, name string) (value []byte, err error) {
	err = db.QueryRowContext(ctx, queries.MetaRead.SQL, name).Scan(&value)
	return value, err
}

func writeMeta(ctx context.Context, db *sql.DB, name string, value []byte) error {
	_, err := db.ExecContext(ctx, queries.MetaWrite.SQL, name, value)
	return err
}

// classify turns SQLite failures that may pass by themselves into store.ErrUnavailable.
func classify(err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) || errors.Is(err, store.ErrUnavailable) {
		return err
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}

// violates reports whether a statement found a row in its way, or did not find the row it
// needs: a write that no longer fits (store.Statement).
func violates(err error) bool {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return false
	}
	switch failure.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_NOTNULL:
		return true
	}
	return false
}

func toID(b []byte) (id uuid.UUID) {
	copy(id[:], b)
	return id
}
