package sqlite

import (
	"errors"
	"sync"
	"testing"

	"equality-information-api/internal/sealing"
)

// Another process's entry takes the position that a server's writer was about to use.
func TestAWriterGoesOnBehindAnothersEntry(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(2)
	for range 3 {
		e := entry("backup")
		e.Scope, e.Count, e.Touched = "everything", 1, e.Touched.AppendID(r.ID)
		ok(t, Append(t.Context(), f.db.dir, testKeys(), e))
		_, err := f.read(r.ID)
		ok(t, err)
	}
	ok(t, Append(t.Context(), f.db.dir, testKeys(), entry("backup")))
	f.written(3)
	head := f.Heads()[0]
	if n := f.db.value(t, "SELECT count(*) FROM audit"); n != 2+3*2+1+3 || head.Seq != n {
		t.Errorf("%d entries, and a head at %d", n, head.Seq)
	}
	f.db.sound(t, testKeys(), head)
	ok(t, f.Close())
	ok(t, Append(t.Context(), f.db.dir, testKeys(), entry("backup"))) // without a server
	f.db.sound(t, testKeys(), head)
	f.open()
	f.written(1)
	f.db.sound(t, testKeys(), head)
}

func TestEntriesOfAnotherProcessComeUnderLoad(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const writers, writes, appended = 8, 40, 20
	var load sync.WaitGroup
	for range writers {
		load.Go(func() {
			for range writes {
				if err := f.write(person()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range appended {
		if err := Append(t.Context(), f.db.dir, testKeys(), entry("backup")); err != nil {
			t.Error(err)
		}
	}
	load.Wait()
	if n := f.db.value(t, "SELECT count(*) FROM audit"); n != writers*writes+appended {
		t.Errorf("%d entries", n)
	}
	if n := f.db.value(t, "SELECT count(*) FROM record"); n != writers*writes {
		t.Errorf("%d records", n)
	}
	f.db.sound(t, testKeys(), f.Heads()...)
}

func TestNoEntryIsAppendedUnderAnotherKeyset(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.written(1)
	other, err := sealing.Generate()
	ok(t, err)
	if err := Append(t.Context(), f.db.dir, other, entry("backup")); !errors.Is(err, sealing.ErrWrongKeyset) {
		t.Error(err)
	}
	f.written(1)
	f.db.sound(t, testKeys())
}
