package sealing

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// maxFileSize stops a wrong path from filling the memory: a keyset is a few kilobytes.
const maxFileSize = 1 << 20

// Load reads a keyset file. It refuses a file that group or others can access, and anything
// that is not a regular file or a link to one. If there is no file, the error is
// [fs.ErrNotExist]. Errors name the path and the rule, and never contain anything from the
// file.
func Load(path string) (*Keyset, error) {
	// Non-blocking, because opening a named pipe would otherwise wait for a writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("keyset file: %w", err)
	}
	defer func() { _ = f.Close() }()

	// Check the open file: the path could lead to another file by now.
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("keyset file: %w", err)
	}
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return nil, fmt.Errorf("keyset file %s is not a regular file", path)
	case mode.Perm()&0o077 != 0:
		return nil, fmt.Errorf("keyset file %s is open to group or others (mode %04o); it must be 0600", path, mode.Perm())
	case info.Size() > maxFileSize:
		return nil, fmt.Errorf("keyset file %s is too large for a keyset", path)
	}
	content, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("keyset file: %w", err)
	}
	k, err := decode(content)
	if err != nil {
		return nil, fmt.Errorf("keyset file %s is not a valid keyset: %w", path, err)
	}
	return k, nil
}

// Save writes the keyset to a new file of mode 0600, and returns when it is durable. It
// never overwrites: if the file exists, the error is [fs.ErrExist]. The file appears
// complete or not at all. The file system must support hard links.
func (k *Keyset) Save(path string) error {
	err := k.write(filepath.Dir(path), func(unnamed *os.File) error {
		// A link, because a rename would replace an existing file.
		return errors.Join(os.Link(unnamed.Name(), path), os.Remove(unnamed.Name()))
	})
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keyset file %s is never overwritten: %w", path, fs.ErrExist)
	}
	return err
}

// Replace replaces the file that the keyset was loaded from, after keys were added, and
// returns when this is durable. At every moment the file is either the old or the new one,
// and complete; on a full disk it remains the old one. Mode and owner stay the same, and a
// link remains a link.
func (k *Keyset) Replace(path string) error {
	// Not the link itself, which a rename would replace.
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("save keyset: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("save keyset: %w", err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	return k.write(filepath.Dir(path), func(unnamed *os.File) error {
		// Root may add keys, but the server's user reads them.
		err := errors.Join(unnamed.Chown(int(owner.Uid), int(owner.Gid)), unnamed.Chmod(info.Mode().Perm()), unnamed.Sync())
		if err != nil {
			return err
		}
		return os.Rename(unnamed.Name(), path)
	})
}

// write writes the keyset to a file of mode 0600 in dir and makes its content durable. It
// then calls name to give the file its name, and makes that durable too. After an error
// nothing is left in dir.
func (k *Keyset) write(dir string, name func(unnamed *os.File) error) (err error) {
	content, err := k.encode()
	if err != nil {
		return err
	}
	unnamed, err := os.CreateTemp(dir, ".keyset-*") // mode 0600, exclusive
	if err != nil {
		return fmt.Errorf("save keyset: %w", err)
	}
	_, err = unnamed.Write(content)
	if err == nil {
		err = unnamed.Sync()
	}
	if err == nil {
		err = name(unnamed)
	}
	err = errors.Join(err, unnamed.Close())
	if err != nil {
		_ = os.Remove(unnamed.Name()) // fails if name has removed it
		return fmt.Errorf("save keyset: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("save keyset: %w", err)
	}
	return nil
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
