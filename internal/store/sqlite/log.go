package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// OpenLog opens the access log of a data directory that a server is using. A keyset other
// than the database's is refused. It changes nothing, even if the server ends meanwhile.
func OpenLog(ctx context.Context, dir string, keys *sealing.Keyset) (*store.Log, error) {
	db, err := openReader(dir, true)
	if err != nil {
		return nil, err
	}
	return openLog(ctx, db, keys, nil)
}

// OpenLogAtRest opens the access log of a data directory that no server is using. It changes
// nothing there, and so reads a private copy: whoever opens a database after a crash copies
// its write-ahead log into it, and the last to close it deletes the log.
func OpenLogAtRest(ctx context.Context, dir string, keys *sealing.Keyset) (_ *store.Log, err error) {
	if err := Present(dir); err != nil {
		return nil, err
	}
	private, err := os.MkdirTemp("", "equality-verify-") // mode 0700
	if err != nil {
		return nil, err
	}
	remove := func() error { return os.RemoveAll(private) }
	still, err := copyDatabase(private, dir)
	if err == nil && !still {
		err = fmt.Errorf("%s is being written to, although nobody holds its lock", dir)
	}
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	db, err := openReader(private, false)
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	return openLog(ctx, db, keys, remove)
}

func openLog(ctx context.Context, db *sql.DB, keys *sealing.Keyset, closed func() error) (*store.Log, error) {
	schema, err := newestSchema()
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return store.OpenLog(ctx, db, store.LogOptions{Keys: keys, Lanes: 1, Text: func(stored string) string { return stored }, Schema: schema, Closed: closed})
}

// copyDatabase copies the files of a database, and reports whether they stayed as they were
// meanwhile.
func copyDatabase(to, from string) (still bool, err error) {
	var before []fs.FileInfo
	files := []string{DatabaseFile, DatabaseFile + walSuffix, DatabaseFile + "-journal"}
	for _, name := range files {
		info, err := copyFile(filepath.Join(to, name), filepath.Join(from, name))
		if err != nil {
			return false, err
		}
		before = append(before, info)
	}
	for i, name := range files {
		after, err := os.Stat(filepath.Join(from, name))
		if errors.Is(err, fs.ErrNotExist) && before[i] == nil {
			continue
		}
		if err != nil {
			return false, err
		}
		if b := before[i]; b == nil || b.Size() != after.Size() || !b.ModTime().Equal(after.ModTime()) {
			return false, nil
		}
	}
	return true, nil
}

// copyFile copies a file, if it is there, and says what it was before.
func copyFile(to, from string) (before fs.FileInfo, err error) {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if before, err = in.Stat(); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(out, in)
	return before, errors.Join(err, out.Close())
}

// Present refuses a directory without a database.
func Present(dir string) error {
	sees, err := absent(dir)
	if err == nil && sees != "" {
		err = fmt.Errorf("%s has no database: %s", dir, sees)
	}
	return err
}

// openReader opens the existing database of a data directory for reading. Whoever opens it
// for nothing else leaves its write-ahead log alone.
func openReader(dir string, nothingElse bool) (*sql.DB, error) {
	if err := Present(dir); err != nil {
		return nil, err
	}
	name := dsn(filepath.Join(dir, DatabaseFile), true)
	if nothingElse {
		name += "&mode=ro"
	}
	return sql.Open("sqlite", name)
}
