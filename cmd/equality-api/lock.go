package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"equality-information-api/internal/store/sqlite"
)

// A dirLock is this process's only right to write in a data directory, until the process
// ends.
type dirLock struct {
	file *os.File
	info os.FileInfo
}

func (d dataDir) lockPath() string { return filepath.Join(string(d), "lock") }

// lock gives this process the only right to write in the directory, until it ends.
func (d dataDir) lock() (*dirLock, error) {
	if err := d.closedToOthers(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(d.lockPath(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written to: %w", d, withoutPath(err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s is in use by another equality-api: stop it first", d)
		}
		return nil, fmt.Errorf("%s cannot be locked: %w", d, err)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s cannot be locked: %w", d, withoutPath(err))
	}
	return &dirLock{f, info}, nil
}

// Close ends the right. A process that needs none has a nil lock.
func (l *dirLock) Close() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

// held checks that the lock is still the directory's: another process could lock the file
// that took its place, and write too.
func (l *dirLock) held() error {
	if l == nil {
		return nil
	}
	if info, err := os.Stat(l.file.Name()); err != nil || !os.SameFile(info, l.info) {
		return sqlite.ErrLockLost
	}
	return nil
}

// served reports whether a process has the right to write in the directory.
func (d dataDir) served() (bool, error) {
	f, err := os.Open(d.lockPath())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s cannot be read: %w", d.lockPath(), withoutPath(err))
	}
	defer f.Close() // and with it the lock
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s cannot be locked: %w", d, err)
	}
	return false, nil
}

// closedToOthers refuses a directory in which others could replace files.
func (d dataDir) closedToOthers() error {
	info, err := os.Stat(string(d))
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", d, withoutPath(err))
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("%s can be written to by group or others (mode %04o), who could replace the database and its keys: "+
			"run chmod go-w %s, and check who has used it", d, mode, d)
	}
	return nil
}
