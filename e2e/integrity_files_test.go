package e2e

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/store/pgtest"
)

// crashed is the data directory of a server that was killed just after it had acknowledged
// records, which are only in its write-ahead log.
func crashed(t *testing.T) (dir string, people []made) {
	t.Helper()
	p := start(t)
	officer := p.token(t, "officer")
	for range 3 {
		m := p.create(t, officer, "")
		p.patch(t, officer, m, `{"disabled":"yes"}`).want(t, 200)
		people = append(people, m)
	}
	p.kill(t)
	if info, err := os.Stat(filepath.Join(p.dir, "equality.db-wal")); err != nil || info.Size() == 0 {
		t.Fatalf("the crash left no write-ahead log: %v", err)
	}
	return p.dir, people
}

// contents are the files of a directory, with their times.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		files[path] = info.ModTime().Format(time.RFC3339Nano)
		if !e.IsDir() {
			files[path] += string(readFile(t, path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func unchanged(t *testing.T, dir string, do func()) {
	t.Helper()
	before := contents(t, dir)
	do()
	after := contents(t, dir)
	for path, content := range before {
		if after[path] != content {
			t.Errorf("%s is another", filepath.Base(path))
		}
	}
	if len(after) != len(before) {
		t.Errorf("there are %v", slices.Sorted(maps.Keys(after)))
	}
}

// Whoever verifies what a crash has left must leave it as it is, and see what is only in the
// write-ahead log.
func TestVerificationChangesNothing(t *testing.T) {
	t.Parallel()
	crash, _ := crashed(t)
	stopped := fillDirectory(t).dir
	for name, dir := range map[string]string{"after a crash": crash, "after a stop": stopped} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			unchanged(t, dir, func() {
				out, status := auditVerify(t, dir, "--records")
				if status != 0 || !strings.Contains(out, "6 changes checked") {
					t.Errorf("status %d\n%s", status, out)
				}
			})
			if err := os.Remove(filepath.Join(dir, "lock")); err != nil {
				t.Fatal(err)
			}
			if out, status := auditVerify(t, dir, "--records"); status != 0 {
				t.Errorf("without a lock: status %d\n%s", status, out)
			}
			if _, err := os.Stat(filepath.Join(dir, "lock")); err == nil {
				t.Error("verification made a lock")
			}
		})
	}
}

func TestVerificationWorksOnAReadOnlyMount(t *testing.T) {
	t.Parallel()
	dir, _ := crashed(t)
	at := mounted(t, "--bind", "-o", "ro", dir)
	if at == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(at, "file"), nil, 0o600); err == nil {
		t.Fatal("the mount can be written to")
	}
	if out, status := auditVerify(t, at, "--records"); status != 0 || !strings.Contains(out, "6 changes checked") {
		t.Errorf("status %d\n%s", status, out)
	}
}

// A server must not begin an empty database where one is gone, nor overwrite what is left.
func TestADatabaseThatIsGoneIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	dir, people := crashed(t)
	for name, test := range map[string]struct {
		lose func(t *testing.T, dir string)
		sees string
	}{
		"missing, with its write-ahead log": {func(t *testing.T, dir string) {
			removeFile(t, filepath.Join(dir, "equality.db"))
		}, "equality.db is missing, and equality.db-wal, which holds its latest changes, is still there"},
		"missing": {func(t *testing.T, dir string) {
			for _, name := range []string{"equality.db", "equality.db-wal", "equality.db-shm"} {
				removeFile(t, filepath.Join(dir, name))
			}
		}, "equality.db is missing."},
		"emptied": {func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, "equality.db"), nil)
		}, "equality.db is empty, and equality.db-wal"},
		"overwritten": {func(t *testing.T, dir string) {
			path := filepath.Join(dir, "equality.db")
			damaged := readFile(t, path)
			copy(damaged, make([]byte, 4096))
			writeFile(t, path, damaged)
		}, "equality.db is not a database, and equality.db-wal"},
		"another file, shorter than any database": {func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, "equality.db"), []byte("moved"))
		}, "equality.db is not a database, and equality.db-wal"},
		"missing, as is all but the keyset": {func(t *testing.T, dir string) {
			for _, name := range []string{"equality.db", "equality.db-wal", "equality.db-shm", "lock", "token.key"} {
				removeFile(t, filepath.Join(dir, name))
			}
		}, "equality.db is missing."},
		"another, which is new": {func(t *testing.T, dir string) {
			other := start(t)
			other.stop(t)
			writeFile(t, filepath.Join(dir, "equality.db"), readFile(t, filepath.Join(other.dir, "equality.db")))
			removeFile(t, filepath.Join(dir, "equality.db-wal"))
			tamper(t, dir, statements("DELETE FROM meta"))
		}, "equality.db has never held a record"},
		"without its keyset": {func(t *testing.T, dir string) {
			removeFile(t, filepath.Join(dir, "equality.db"))
			removeFile(t, keysetOf(dir))
		}, "keyset.json is missing"},
	} {
		lost := filled{dir: dir}.copied(t) // before a server uses the directory again
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.lose(t, lost)
			wal, _ := os.ReadFile(filepath.Join(lost, "equality.db-wal"))
			refused(t, test.sees, serveArgs(lost)...)
			refused(t, "", "audit", "verify", "--data-dir", lost)
			if after, _ := os.ReadFile(filepath.Join(lost, "equality.db-wal")); !bytes.Equal(after, wal) {
				t.Error("the write-ahead log is another")
			}
		})
	}
	// Put back, everything is there.
	p := startIn(t, dir)
	for _, m := range people {
		p.do(t, "GET", m.path(), request{token: p.token(t, "officer")}).want(t, 200)
	}
	// A new keyset begins a new database.
	anew := t.TempDir()
	if _, errs, status := runCommand(t, "keys", "init", "--data-dir", anew); status != 0 {
		t.Fatal(errs)
	}
	startIn(t, anew).stop(t)
	startIn(t, anew)
}

func TestPostgresADatabaseThatIsGoneIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	c := pgtest.Shared(t)
	s := newSite(t, c)
	p := s.start(t)
	p.create(t, p.token(t, "officer"), "")
	p.stop(t)
	s.database = c.Create(t, "")
	s.command(t, 0, "migrate", "--app-role", pgtest.App)
	refused(t, "has had a database, but the database is empty", append(serveArgs(s.dir), "--database", s.dsn(pgtest.App))...)
}

// Who may write in the directory could put another database there.
func TestADirectoryThatOthersMayWriteToIsRefused(t *testing.T) {
	t.Parallel()
	dir := fillDirectory(t).dir
	for _, mode := range []fs.FileMode{0o777, 0o770, 0o1777, 0o720} {
		if err := os.Chmod(dir, mode&fs.ModePerm); err != nil {
			t.Fatal(err)
		}
		refused(t, "can be written to by group or others", serveArgs(dir)...)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	startIn(t, dir)
}

// A second server could lock the file that takes a removed lock's place.
func TestALockThatIsLostStopsWrites(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(t *testing.T, lock string){
		"removed": removeFile,
		"replaced": func(t *testing.T, lock string) {
			other := lock + ".new"
			writeFile(t, other, nil)
			if err := os.Rename(other, lock); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			officer := p.token(t, "officer")
			m := p.create(t, officer, "")
			lose(t, filepath.Join(p.dir, "lock"))
			r := p.health(t, "/readyz", 503)
			if !strings.Contains(string(r.body), "The file lock in the data directory was removed or replaced") {
				t.Errorf("/readyz answers %s", r.body)
			}
			answers, tries := []string{"yes", "no"}, 0
			for end := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
				tries++
				r, err := p.try("PATCH", m.path(), request{token: officer, body: []byte(`{"disabled":"` + answers[tries%2] + `"}`)})
				if err == nil && r.status == 503 {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("five seconds later a change is answered %d", r.status)
				}
			}
			p.do(t, "GET", m.path(), request{token: officer}).want(t, 503)
			p.do(t, "GET", "/equality-information/"+uuid.NewString(), request{token: officer}).want(t, 503)
			if !strings.Contains(p.log(), "no longer locked") {
				t.Errorf("logged %s", p.log())
			}
		})
	}
}
