package sqlite

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// FuzzArchive checks that only the keyset makes a backup that is whole: a file that is read to
// its end and verifies is one of ours.
func FuzzArchive(f *testing.F) {
	var made bytes.Buffer
	w, err := newArchiveWriter(&made, Mark{Kind: kindRecords, At: time.Unix(1, 0).UTC()})
	ok(f, err)
	w.table("record", []string{"id", "document", "version", "nothing"})
	ok(f, w.row([]any{"id", []byte{1, 2}, int64(-1), nil}))
	ok(f, w.close(testKeys()))
	good := made.Bytes()
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte(archiveMagic))
	f.Add([]byte(archiveMagic + "\xff\xff\xff\x7f"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := newArchiveReader(bytes.NewReader(file))
		if err == nil {
			err = r.tables(func(string, []string) (func([]any) error, error) { return func([]any) error { return nil }, nil })
		}
		if err == nil {
			err = r.verify(testKeys())
		}
		switch {
		case err == nil && !bytes.Equal(file, good):
			t.Error("a forgery verifies")
		case err != nil && !errors.Is(err, ErrNoBackup) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign):
			t.Error(err)
		}
	})
}
