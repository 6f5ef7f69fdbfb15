package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/sqlite"
)

// keysSuffix ends the name of every keys file.
const keysSuffix = ".keys"

type backupCommand struct {
	storage
	EncryptTo string `required:"" placeholder:"age1…" help:"Age recipient to encrypt the backup for."`
	Keys      string `placeholder:"FILE" help:"File for the records' keys, which replaces an older one; by default FILE.keys. Backups with different names must share one keys file."`
	File      string `arg:"" help:"File for the records. An existing file is replaced once the backup is complete."`
}

// Run writes both files, or leaves the existing ones unchanged.
func (c backupCommand) Run(ctx context.Context, o output) (err error) {
	if err := c.embedded(); err != nil {
		return err
	}
	keys, err := c.dir().keyset()
	if err != nil {
		return err
	}
	if c.Keys == "" {
		c.Keys = c.File + keysSuffix
	}
	lock, err := c.dir().lockBackup()
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := c.onlyKeys(); err != nil {
		return err
	}
	records, err := newBackupFile(c.File, c.EncryptTo)
	if err != nil {
		return err
	}
	defer records.discard()
	dataKeys, err := newBackupFile(c.Keys, c.EncryptTo)
	if err != nil {
		return err
	}
	defer dataKeys.discard()
	bar := o.progress("backup", databaseSize(c.DataDir))
	mark, err := sqlite.Backup(ctx, sqlite.BackupOptions{
		Dir: c.DataDir, Keys: keys, Now: time.Now(), Records: io.MultiWriter(records, bar), DataKeys: dataKeys,
	})
	if err := errors.Join(err, bar.Finish()); err != nil {
		return err
	}
	if err := errors.Join(records.finish(), dataKeys.finish()); err != nil {
		return err
	}
	// The entry comes first, so that no copy exists without one. The renames can still fail.
	if err := c.enter(ctx, keys, mark); err != nil {
		return fmt.Errorf("record the backup in the access log: %w", err)
	}
	// The keys come first: if the machine stops in between, newer keys open the older records.
	if err := dataKeys.rename(); err != nil {
		return err
	}
	if err := records.rename(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.out, "%s holds %d records as of %s; their keys are in %s\n",
		c.File, mark.Records, mark.At.Format(time.RFC3339), c.Keys)
	return err
}

func (c backupCommand) enter(ctx context.Context, keys *sealing.Keyset, mark sqlite.Mark) error {
	e := operatorEntry()
	e.At, e.Action, e.Scope, e.Count = time.Now().UTC(), audit.ActionBackup, "all records", mark.Records
	return sqlite.Append(ctx, c.DataDir, keys, e)
}

// onlyKeys refuses a backup next to another keys file, because older keys open
// records that were erased since.
func (c backupCommand) onlyKeys() error {
	if !strings.HasSuffix(c.Keys, keysSuffix) || strings.HasSuffix(c.File, keysSuffix) {
		return fmt.Errorf("the name of the keys file must end in %s, and the name of the records file must not", keysSuffix)
	}
	for _, dir := range []string{filepath.Dir(c.File), filepath.Dir(c.Keys)} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w", dir, withoutPath(err))
		}
		for _, e := range entries {
			other := filepath.Join(dir, e.Name())
			keys, _ := strings.CutSuffix(other, unfinished(""))
			if strings.HasSuffix(keys, keysSuffix) && keys != filepath.Clean(c.Keys) {
				return fmt.Errorf("%s exists: keep only the newest keys file, because older ones open records that were erased since. "+
					"Replace it with --keys %s, or remove it", other, keys)
			}
		}
	}
	return nil
}

// embedded refuses a PostgreSQL database, which has its own tools.
func (s storage) embedded() error {
	if s.Database != "" {
		return errors.New("backup and restore are for SQLite. For PostgreSQL use its own tools: see docs/operations.md")
	}
	return nil
}

// databaseSize is roughly how many bytes there are to back up, -1 if unknown.
func databaseSize(dir string) int64 {
	info, err := os.Stat(filepath.Join(dir, sqlite.DatabaseFile))
	if err != nil {
		return -1
	}
	return info.Size()
}

// lockBackup stops two backups of one directory from mixing their files. It locks
// the directory itself, which a server does not.
func (d dataDir) lockBackup() (*os.File, error) {
	f, err := os.Open(string(d))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", d, withoutPath(err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another backup of %s is running", d)
	}
	return f, nil
}

// backupFile is an encrypted file that gets its name when it is complete.
type backupFile struct {
	io.WriteCloser // encrypts
	file           *os.File
	path           string
}

// unfinished is the name of a file that is not complete. The next backup with the
// same name replaces what a killed one left.
func unfinished(path string) string { return path + ".unfinished" }

func newBackupFile(path, recipient string) (*backupFile, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if err := os.Remove(unfinished(path)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s cannot be removed: %w", unfinished(path), withoutPath(err))
	}
	f, err := os.OpenFile(unfinished(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", path, withoutPath(err))
	}
	b := &backupFile{file: f, path: path}
	if b.WriteCloser, err = sealing.EncryptTo(f, recipient); err != nil {
		b.discard()
		return nil, fmt.Errorf("--encrypt-to: %w", err)
	}
	return b, nil
}

// finish makes the file complete and durable.
func (b *backupFile) finish() error {
	return errors.Join(b.Close(), b.file.Sync(), b.file.Close())
}

// rename gives the file its name, durably.
func (b *backupFile) rename() error {
	if err := os.Rename(unfinished(b.path), b.path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(b.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// discard removes the file, unless it has its name already.
func (b *backupFile) discard() {
	_ = b.file.Close()
	_ = os.Remove(unfinished(b.path))
}
