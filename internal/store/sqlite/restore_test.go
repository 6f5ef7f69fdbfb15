package sqlite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// holds lists the files of a directory.
func holds(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	ok(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	return strings.Join(names, " ")
}

func TestFilesThatDoNotGoTogetherAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.written(2)
	first := f.db.backup(t)
	f.written(1)
	second := f.db.backup(t)
	// Another database with the same keyset, whose records are not in these keys.
	g := setup(t)
	g.written(1)
	for range 9 {
		_, err := g.read(person().ID)
		ok(t, err)
	}
	stranger := g.db.backup(t)
	other, err := sealing.Generate()
	ok(t, err)
	flipped := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 1
		return b
	}
	for name, c := range map[string]struct {
		pair
		keys *sealing.Keyset
		says string
		is   error
	}{
		"swapped":                  {pair{second.keys, second.records}, nil, "RECORDS is the file of keys: the two files are swapped", nil},
		"the keys twice":           {pair{second.keys, second.keys}, nil, "are swapped", nil},
		"the records twice":        {pair{second.records, second.records}, nil, "KEYS is the file of records", nil},
		"older keys":               {pair{second.records, first.keys}, nil, "KEYS is older than RECORDS", nil},
		"another database's keys":  {pair{second.records, stranger.keys}, nil, "KEYS has neither a key nor a tombstone for 2 records or people of RECORDS", nil},
		"another keyset":           {second, other, "RECORDS: ", ErrForeign},
		"records cut short":        {pair{second.records[:len(second.records)-1], second.keys}, nil, "RECORDS: ", ErrForeign},
		"records of no length":     {pair{nil, second.keys}, nil, "RECORDS: ", nil},
		"something else":           {pair{bytes.Repeat([]byte("invented "), 99), second.keys}, nil, "RECORDS: ", ErrNoBackup},
		"keys that are a text":     {pair{second.records, bytes.Repeat([]byte("invented "), 99)}, nil, "KEYS: ", ErrNoBackup},
		"an altered mark":          {pair{flipped(second.records, len(archiveMagic)+60), second.keys}, nil, "RECORDS: ", nil},
		"an altered row":           {pair{flipped(second.records, len(second.records)-60), second.keys}, nil, "RECORDS: ", ErrForeign},
		"an altered key":           {pair{second.records, flipped(second.keys, len(second.keys)-60)}, nil, "KEYS: ", ErrForeign},
		"an altered MAC":           {pair{flipped(second.records, len(second.records)-1), second.keys}, nil, "RECORDS: ", ErrForeign},
		"a length past everything": {pair{append([]byte(archiveMagic), bytes.Repeat([]byte{0xff}, 99)...), second.keys}, nil, "RECORDS: ", ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _, err := c.restore(t, func(o *RestoreOptions) {
				if c.keys != nil {
					o.Keys = c.keys
				}
			})
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("restored with %v", err)
			}
			if left := holds(t, d.dir); left != "" {
				t.Errorf("it left %s", left)
			}
		})
	}
	// Older records with newer keys are correct.
	pair{first.records, second.keys}.restored(t, 0)
}

func TestADirectoryWithADatabaseIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.written(1)
	p := f.db.backup(t)
	for _, left := range []string{DatabaseFile, DatabaseFile + "-wal", DatabaseFile + "-shm", DatabaseFile + "-journal"} {
		dir := t.TempDir()
		ok(t, os.WriteFile(filepath.Join(dir, left), []byte("invented"), 0o600))
		if _, err := Restore(t.Context(), p.options(dir)); err == nil || !strings.Contains(err.Error(), " has "+left) {
			t.Errorf("beside %s: %v", left, err)
		}
		content, err := os.ReadFile(filepath.Join(dir, left))
		if err != nil || string(content) != "invented" || holds(t, dir) != left {
			t.Errorf("%s: %v, %s", holds(t, dir), err, content)
		}
	}
}

// interrupted cancels the context when it has been read to its end once.
type interrupted struct {
	io.Reader
	end context.CancelFunc
}

func (r interrupted) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		r.end()
	}
	return n, err
}

func TestARestoreThatIsInterruptedLeavesNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.written(3)
	p := f.db.backup(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := t.TempDir()
	// Left by an earlier restore that was killed.
	ok(t, os.MkdirAll(filepath.Join(dir, restoring), 0o700))
	ok(t, os.WriteFile(filepath.Join(dir, restoring, DatabaseFile), []byte("half a database"), 0o600))
	o := p.options(dir)
	o.DataKeys.Open = func() (io.Reader, error) { return interrupted{bytes.NewReader(p.keys), cancel}, nil }
	if _, err := Restore(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if left := holds(t, dir); left != "" {
		t.Errorf("it left %s", left)
	}
	_, err := Restore(t.Context(), p.options(dir))
	ok(t, err)
	database{dir}.sound(t, testKeys())
}

func TestWhatDoesNotVerifyIsRestoredOnlyRegardless(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(1)
	f.written(2)
	f.db.exec(t, statement{"DELETE FROM audit WHERE seq = 2", nil}, statement{"DELETE FROM data_key WHERE record = 1", nil})
	p := f.db.backup(t)
	d, _, err := p.restore(t)
	if err == nil || holds(t, d.dir) != "" {
		t.Errorf("a record without key and tombstone: %v", err)
	}
	f.db.exec(t, statement{"INSERT INTO tombstone (id, version, at, reason, by) SELECT id, 0, 0, '', '' FROM record WHERE number = 1", nil})
	p = f.db.backup(t)
	if d, _, err = p.restore(t); !errors.Is(err, store.ErrForged) || holds(t, d.dir) != "" {
		t.Errorf("a tombstone that was put in by hand: %v", err)
	}
	grave := store.Tombstone{Kind: sealing.OwnerRecord, ID: r.ID, Target: r.TargetID, At: time.UnixMicro(0)}
	mac := store.TombstoneMAC(testKeys(), grave)
	f.db.exec(t, statement{"UPDATE tombstone SET target = $1", grave.Target[:]}, statement{"UPDATE tombstone SET mac = $1", mac[:]},
		statement{"UPDATE tombstone SET reason = ''", nil})
	p = f.db.backup(t)
	if d, _, err = p.restore(t); !errors.Is(err, store.ErrNoErasure) || holds(t, d.dir) != "" {
		t.Errorf("a genuine tombstone from elsewhere: %v", err)
	}
	grave.At = time.Now().Truncate(time.Microsecond)
	mac = store.TombstoneMAC(testKeys(), grave)
	f.db.exec(t, statement{"UPDATE tombstone SET at = $1", store.Micros(grave.At)}, statement{"UPDATE tombstone SET target = $1", grave.Target[:]}, statement{"UPDATE tombstone SET mac = $1", mac[:]})
	p = f.db.backup(t)
	d, restored, err := p.restore(t)
	if !errors.Is(err, ErrUnverified) || restored.Report.OK() || holds(t, d.dir) != "" {
		t.Errorf("an entry is missing: %v, %v", err, restored.Report)
	}
	d, restored, err = p.restore(t, func(o *RestoreOptions) { o.Regardless = true })
	if err != nil || restored.Report.OK() || holds(t, d.dir) != DatabaseFile {
		t.Errorf("regardless: %v", err)
	}
}

// The keys of an erasure after a restore are newer by the clock: the access log continued
// from an earlier point.
func TestARestoredDatabasesKeysGoWithEarlierRecords(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(2)
	f.written(1)
	first := f.db.backup(t)
	restored := first.restored(t, 0)
	restored.erase(r.ID)
	second := restored.db.backup(t)
	pair{first.records, second.keys}.restored(t, 1)
	_, _, err := pair{second.records, first.keys}.restore(t, func(o *RestoreOptions) { o.Now = time.Now().Add(time.Hour) })
	if err == nil || !strings.Contains(err.Error(), "is older") {
		t.Errorf("keys of before the restore: %v", err)
	}
}

func TestADatabaseThatWasNeverServedIsNotBackedUp(t *testing.T) {
	t.Parallel()
	for dir, says := range map[string]string{newDatabase(t).dir: "never been used", t.TempDir(): "has no database"} {
		_, err := Backup(t.Context(), BackupOptions{Dir: dir, Keys: testKeys(), Now: time.Now(), Records: io.Discard, DataKeys: io.Discard})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	f := setup(t)
	other, err := sealing.Generate()
	ok(t, err)
	_, err = Backup(t.Context(), BackupOptions{Dir: f.db.dir, Keys: other, Now: time.Now(), Records: io.Discard, DataKeys: io.Discard})
	if !errors.Is(err, sealing.ErrWrongKeyset) {
		t.Errorf("another keyset: %v", err)
	}
}
