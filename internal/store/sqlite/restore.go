package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// A Source is a decrypted file of a backup. It is read twice: nothing in it is used before
// all of it is verified.
type Source struct {
	Name string // for errors
	Open func() (io.Reader, error)
}

// RestoreOptions say what to restore, and where to.
type RestoreOptions struct {
	Dir               string // the data directory, without a database; the caller holds its lock
	Keys              *sealing.Keyset
	Now               time.Time
	Records, DataKeys Source
	// Entry says who restores, for the access log.
	Entry audit.Entry
	// Regardless restores even a database that fails verification.
	Regardless bool
}

// Restored is the result of a restore.
type Restored struct {
	Mark
	Erased store.Gone // after it was backed up
	// Report is the result of verifying the restored database.
	Report *audit.Report
}

// ErrUnverified means that the restored access log, or the restored records, fail
// verification.
var ErrUnverified = errors.New("the restored database failed verification: nothing was put in place")

// restoring is the name of a database in the data directory while it is being made. The
// next restore removes what a killed one left.
const restoring = ".restore"

// Restore makes the database of a data directory from a backup, completely or not at all.
func Restore(ctx context.Context, o RestoreOptions) (r Restored, err error) {
	if err := noDatabase(o.Dir); err != nil {
		return r, err
	}
	records, keys, err := inspect(o)
	if err != nil {
		return r, err
	}
	r.Mark = records
	making := filepath.Join(o.Dir, restoring)
	if err := errors.Join(os.RemoveAll(making), os.Mkdir(making, 0o700)); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(making)) }()
	path := filepath.Join(making, DatabaseFile)
	if r.Erased, err = load(ctx, path, o, records, keys); err != nil {
		return r, classify(err)
	}
	// Open it once like a server does, so that it has the server's journal mode.
	if err := Migrate(ctx, path); err != nil {
		return r, err
	}
	if r.Report, err = verifyRestored(ctx, making, o.Keys, records.Head); err != nil {
		return r, err
	}
	if !r.Report.OK() && !o.Regardless {
		return r, ErrUnverified
	}
	return r, putInPlace(path, o.Dir)
}

// noDatabase checks that there is no database, nor files of one: a WAL would be taken for
// that of the restored database.
func noDatabase(dir string) error {
	for _, left := range []string{"", "-wal", "-shm", "-journal"} {
		_, err := os.Lstat(filepath.Join(dir, DatabaseFile+left))
		if err == nil {
			return fmt.Errorf("%s has %s: restore into a directory without a database", dir, DatabaseFile+left)
		}
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// inspect verifies both files, and that they belong together.
func inspect(o RestoreOptions) (records, keys Mark, err error) {
	if records, err = inspectOne(o.Records, o.Keys, kindRecords); err != nil {
		return records, keys, err
	}
	if keys, err = inspectOne(o.DataKeys, o.Keys, kindKeys); err != nil {
		return records, keys, err
	}
	newest, err := newestSchema()
	switch {
	case err != nil:
		return records, keys, err
	case max(records.Schema, keys.Schema) > newest:
		return records, keys, errors.New("the backup has a newer schema than this program: restore it with the program that uses that schema")
	case older(keys, records):
		return records, keys, fmt.Errorf("%s is older than %s, which may hold records whose keys it does not have", o.DataKeys.Name, o.Records.Name)
	case keys.Epoch == records.Epoch && keys.Head.Seq == records.Head.Seq && keys.Head != records.Head:
		return records, keys, fmt.Errorf("%s and %s belong to different databases", o.DataKeys.Name, o.Records.Name)
	}
	return records, keys, o.Keys.VerifyCheckValue(keys.Check)
}

// older reports whether keys were copied before records: by the access log, or by the clock
// if there was a restore in between.
func older(keys, records Mark) bool {
	if keys.Epoch == records.Epoch {
		return keys.Head.Seq < records.Head.Seq
	}
	return keys.At.Before(records.At)
}

func inspectOne(s Source, keys *sealing.Keyset, kind string) (Mark, error) {
	r, err := s.reader()
	if err == nil {
		err = s.named(r.verify(keys))
	}
	if err != nil {
		return Mark{}, err
	}
	if r.Kind != kind {
		return Mark{}, fmt.Errorf("%s is the file of %s: the two files are swapped", s.Name, r.Kind)
	}
	return r.Mark, nil
}

func (s Source) reader() (*archiveReader, error) {
	in, err := s.Open()
	if err != nil {
		return nil, s.named(err)
	}
	r, err := newArchiveReader(in)
	return r, s.named(err)
}

func (s Source) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", s.Name, err)
}

// verifyRestored verifies the access log and every record of a database before it gets its
// final name. The log must continue from the backup's head.
func verifyRestored(ctx context.Context, dir string, keys *sealing.Keyset, head audit.Head) (*audit.Report, error) {
	db, err := openReader(dir, false)
	if err != nil {
		return nil, err
	}
	log, err := openLog(ctx, db, keys, nil)
	if err != nil {
		return nil, err
	}
	report, err := audit.Verify(ctx, keys, log, []audit.Head{head})
	if err == nil {
		err = audit.VerifyRecords(ctx, log, report)
	}
	return report, errors.Join(err, log.Close())
}

// putInPlace makes the database durable and gives it its name.
func putInPlace(path, dir string) error {
	if err := syncFile(path); err != nil {
		return err
	}
	// A link, because a rename would replace a database. There is none, but nothing should
	// depend on that.
	if err := os.Link(path, filepath.Join(dir, DatabaseFile)); err != nil {
		return err
	}
	return syncFile(dir)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// within runs do in one transaction of a database.
func within(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
