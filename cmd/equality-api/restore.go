package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/sqlite"
)

type restoreCommand struct {
	storage
	Identity   string `required:"" placeholder:"FILE" help:"File with the age identity that opens the backup (mode 0600)."`
	Keys       string `placeholder:"FILE" help:"The newest keys file; by default FILE.keys. What was erased before it was written is not restored."`
	Regardless bool   `help:"Restore a database even if it fails verification, and print what is wrong."`
	File       string `arg:"" help:"The records file of the backup."`
}

// Run restores the directory's database from a backup, or leaves the directory unchanged.
func (c restoreCommand) Run(ctx context.Context, o output) error {
	if err := c.embedded(); err != nil {
		return err
	}
	if c.Keys == "" {
		c.Keys = c.File + keysSuffix
	}
	identity, err := sealing.LoadIdentity(c.Identity)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--identity: %s: %w", c.Identity, withoutPath(err))
	}
	if err != nil {
		return fmt.Errorf("--identity: %w", err)
	}
	keys, err := c.dir().keyset()
	if err != nil {
		return err
	}
	lock, err := c.dir().lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	files, size, err := openAll(c.File, c.Keys)
	if err != nil {
		return err
	}
	defer files[0].Close()
	defer files[1].Close()
	bar := o.progress("restore", 2*size)
	restored, err := sqlite.Restore(ctx, sqlite.RestoreOptions{
		Dir: c.DataDir, Keys: keys, Now: time.Now(), Entry: operatorEntry(), Regardless: c.Regardless,
		Records: decrypted(files[0], identity, bar), DataKeys: decrypted(files[1], identity, bar),
	})
	if finishing := bar.Finish(); err == nil {
		err = finishing
	}
	if restored.Report != nil {
		printFindings(o, restored.Report)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.out, "%d records restored as of %s; %d records and %d entries of people erased since the backup left out\n"+
		"Tell everyone who reads /events to start again: earlier cursors are refused\n",
		restored.Records-restored.Erased.Records, restored.At.Format(time.RFC3339), restored.Erased.Records, restored.Erased.People)
	return err
}

// openAll opens both files of a backup.
func openAll(paths ...string) (files []*os.File, size int64, err error) {
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			for _, f := range files {
				_ = f.Close()
			}
			return nil, 0, fmt.Errorf("%s cannot be read: %w", path, withoutPath(err))
		}
		files = append(files, f)
		if info, err := f.Stat(); err == nil {
			size += info.Size()
		}
	}
	return files, size, nil
}

// decrypted decrypts a file, each time from its beginning.
func decrypted(f *os.File, identity *sealing.Identity, bar *progressbar.ProgressBar) sqlite.Source {
	return sqlite.Source{Name: f.Name(), Open: func() (io.Reader, error) {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, errors.New("the file cannot be read twice")
		}
		return identity.Decrypt(counted(f, bar))
	}}
}
