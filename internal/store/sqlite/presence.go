package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A GoneError means that the database of a keyset is gone, and what is there instead. To
// start would make an empty one, and overwrite what is left.
type GoneError struct{ Sees string }

func (e *GoneError) Error() string { return "this keyset has had a database, but " + e.Sees }

const (
	walSuffix  = "-wal"
	sawNothing = DatabaseFile + " has never held a record"
)

// Exists reports whether a data directory has a database, or what is left of one.
func Exists(dir string) (bool, error) {
	db, err := size(filepath.Join(dir, DatabaseFile))
	if err != nil {
		return false, err
	}
	wal, err := size(filepath.Join(dir, DatabaseFile+walSuffix))
	return db >= 0 || wal > 0, err
}

// absent says what is there instead of a database; nothing if there is one.
func absent(dir string) (sees string, err error) {
	path := filepath.Join(dir, DatabaseFile)
	db, err := size(path)
	if err != nil {
		return "", err
	}
	switch {
	case db > 0:
		if is, err := isDatabase(path); is || err != nil {
			return "", err
		}
		sees = DatabaseFile + " is not a database"
	case db == 0:
		sees = DatabaseFile + " is empty"
	default:
		sees = DatabaseFile + " is missing"
	}
	wal, err := size(filepath.Join(dir, DatabaseFile+walSuffix))
	if wal > 0 {
		sees += ", and " + DatabaseFile + walSuffix + ", which holds its latest changes, is still there"
	}
	return sees, err
}

// isDatabase reports whether a file begins as SQLite's do. SQLite itself removes the write-ahead
// log of one that does not.
func isDatabase(path string) (bool, error) {
	const magic = "SQLite format 3\x00"
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return string(head) == magic, nil
}

// size is the size of a file; -1 if there is none.
func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return -1, err
	}
	return info.Size(), nil
}

// checkPresence refuses to make a database where one is gone. A new keyset has had none, but
// nobody's write-ahead log is overwritten.
// Error: GoneError.
func checkPresence(dir string, hasHad bool) error {
	sees, err := absent(dir)
	if err != nil || sees == "" {
		return err
	}
	left, err := size(filepath.Join(dir, DatabaseFile+walSuffix))
	if hasHad || left > 0 {
		return &GoneError{sees}
	}
	return err
}

// checkContent refuses a database in which nothing was ever stored, if the keyset has had one.
// Error: GoneError.
func checkContent(ctx context.Context, db *sql.DB) error {
	var tables int64
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'").Scan(&tables); err != nil {
		return classify(err)
	}
	if tables == 0 {
		return &GoneError{sawNothing}
	}
	return nil
}
