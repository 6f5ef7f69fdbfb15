package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// kept is a directory for backups, with an identity that opens them.
type kept struct{ dir, identity, recipient string }

func newKept(t *testing.T) kept {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	k := kept{t.TempDir(), filepath.Join(t.TempDir(), "identity.txt"), identity.Recipient().String()}
	if err := os.Chmod(k.dir, 0o700); err != nil { // whether or not a command has set the umask yet
		t.Fatal(err)
	}
	if err := os.WriteFile(k.identity, []byte(identity.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k kept) path(name string) string { return filepath.Join(k.dir, name) }

// files are the names and contents of the files in the directory.
func (k kept) files(t *testing.T) map[string]string {
	t.Helper()
	files := make(map[string]string)
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(k.path(e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(content)
	}
	return files
}

// emptied is a data directory with another directory's keyset and no database.
func emptied(t *testing.T, dir string) string {
	t.Helper()
	content, err := os.ReadFile(dataDir(dir).keysetPath())
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if err := os.WriteFile(dataDir(to).keysetPath(), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	dir, k := filepath.Join(t.TempDir(), "data"), newKept(t)
	s := serving(t, dir, "--demo-people=3")
	backup := []string{"backup", "--data-dir", dir, "--encrypt-to", k.recipient, k.path("night.age")}
	out := succeeds(t, backup...)
	if !strings.HasPrefix(out, k.path("night.age")+" holds 3 records as of ") || !strings.HasSuffix(out, k.path("night.age.keys")+"\n") {
		t.Errorf("printed %q", out)
	}
	if names := modes(t, k.dir); len(names) > 2 {
		t.Errorf("left %v", names)
	}
	first := k.files(t)
	succeeds(t, backup...) // in place of the first
	second := k.files(t)
	for _, name := range []string{"night.age", "night.age.keys"} {
		if first[name] == second[name] || !strings.HasPrefix(second[name], "age-encryption.org/v1\n") || len(second) != 2 {
			t.Errorf("%s was not replaced, or is not age's", name)
		}
	}
	s.stop(t)
	// The server's eight, and two of backups.
	if out := succeeds(t, "audit", "verify", "--records", "--data-dir", dir); !strings.HasPrefix(out, "10 entries, 6 changes") {
		t.Errorf("after two backups: %s", out)
	}

	to := emptied(t, dir)
	out = succeeds(t, "restore", "--data-dir", to, "--identity", k.identity, k.path("night.age"))
	if !strings.HasPrefix(out, "3 records restored as of ") || !strings.Contains(out, "; 0 records and 0 entries of people erased since the backup left out\n") {
		t.Errorf("printed %q", out)
	}
	if names := modes(t, to); len(names) != 3 {
		t.Errorf("made %v", names)
	}
	// The server's eight, that of the backup before, and the restore's.
	if out := succeeds(t, "audit", "verify", "--records", "--data-dir", to); !strings.HasPrefix(out, "10 entries, 6 changes") {
		t.Errorf("restored: %s", out)
	}
	fails(t, []string{"restore into a directory without a database"}, "restore", "--data-dir", to, "--identity", k.identity, k.path("night.age"))
	serving(t, to).stop(t)
}

func TestBackupsThatAreRefusedChangeNothing(t *testing.T) {
	t.Parallel()
	dir, k := filepath.Join(t.TempDir(), "data"), newKept(t)
	serving(t, dir, "--demo-people=1").stop(t)
	succeeds(t, "backup", "--data-dir", dir, "--encrypt-to", k.recipient, k.path("a.age"))
	before := k.files(t)
	backup := func(args ...string) []string {
		return append([]string{"backup", "--data-dir", dir, "--encrypt-to", k.recipient}, args...)
	}
	lock, err := dataDir(dir).lockBackup()
	if err != nil {
		t.Fatal(err)
	}
	fails(t, []string{"another backup of " + dir + " is running"}, backup(k.path("a.age"))...)
	lock.Close()
	fails(t, []string{"--encrypt-to: not an age recipient"}, "backup", "--data-dir", dir, "--encrypt-to", "age1nonsense", k.path("a.age"))
	fails(t, []string{"a.age.keys exists: keep only the newest keys file"}, backup(k.path("b.age"))...)
	fails(t, []string{"a.age.keys exists"}, backup("--keys", filepath.Join(t.TempDir(), "b.keys"), k.path("a.age"))...)
	fails(t, []string{"must end in .keys"}, backup("--keys", k.path("b"), k.path("b.age"))...)
	fails(t, []string{"must end in .keys"}, backup(k.path("b.keys"))...)
	fails(t, []string{"cannot be read"}, backup(k.path("none/b.age"))...)
	fails(t, []string{"is not a regular file"}, backup("--keys", k.path("a.age.keys"), k.dir)...)
	fails(t, []string{"backup and restore are for SQLite"}, backup("--database", "postgres://user@127.0.0.1/equality?sslmode=disable", k.path("a.age"))...)
	fails(t, []string{"keyset.json is missing"}, "backup", "--data-dir", t.TempDir(), "--encrypt-to", k.recipient, k.path("a.age"))
	fails(t, []string{"has no database"}, "backup", "--data-dir", emptied(t, dir), "--encrypt-to", k.recipient, k.path("a.age"))
	after := k.files(t)
	if len(after) != 2 || after["a.age"] != before["a.age"] || after["a.age.keys"] != before["a.age.keys"] {
		t.Error("what was kept has changed")
	}
	// Backups with different names share one keys file.
	succeeds(t, backup("--keys", k.path("a.age.keys"), k.path("b.age"))...)
	for _, name := range []string{"a.age", "b.age"} {
		succeeds(t, "restore", "--data-dir", emptied(t, dir), "--identity", k.identity, "--keys", k.path("a.age.keys"), k.path(name))
	}
}

func TestRestoresThatAreRefusedLeaveNothing(t *testing.T) {
	t.Parallel()
	dir, k := filepath.Join(t.TempDir(), "data"), newKept(t)
	serving(t, dir, "--demo-people=2").stop(t)
	succeeds(t, "backup", "--data-dir", dir, "--encrypt-to", k.recipient, k.path("a.age"))
	other := newKept(t)
	for name, content := range k.files(t) {
		for to, content := range map[string]string{
			"short-" + name: content[:len(content)/2], "headless-" + name: content[:20], "empty-" + name: "",
			"flipped-" + name: content[:len(content)-1] + string(content[len(content)-1]^1),
		} {
			if err := os.WriteFile(other.path(to), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	shared := filepath.Join(t.TempDir(), "identity.txt")
	secret, err := os.ReadFile(k.identity)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(shared, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shared, 0o644); err != nil {
		t.Fatal(err)
	}
	foreign := t.TempDir()
	succeeds(t, "keys", "init", "--data-dir", foreign)
	records, keys := k.path("a.age"), k.path("a.age.keys")
	for _, c := range []struct {
		says, dir, identity, records, keys string
	}{
		{"encrypted for another identity", "", other.identity, records, keys},
		{"must be 0600", "", shared, records, keys},
		{"does not hold an age identity", "", records, records, keys},
		{"--identity: none.txt: no such file", "", "none.txt", records, keys},
		{"not made with the keyset of this directory", foreign, k.identity, records, keys},
		{"keyset.json is missing", t.TempDir(), k.identity, records, keys},
		{"the two files are swapped", "", k.identity, keys, records},
		{"no such file", "", k.identity, records, k.path("none.keys")},
		{"a.age: it is damaged", "", k.identity, other.path("short-a.age"), keys},
		{"a.age: it is damaged", "", k.identity, other.path("flipped-a.age"), keys},
		{"not an age file", "", k.identity, other.path("headless-a.age"), keys},
		{"not an age file", "", k.identity, other.path("empty-a.age"), keys},
		{"a.age.keys: it is damaged", "", k.identity, records, other.path("flipped-a.age.keys")},
		{"a.age.keys: it is damaged", "", k.identity, records, other.path("short-a.age.keys")},
	} {
		to := c.dir
		if to == "" {
			to = emptied(t, dir)
		}
		fails(t, []string{c.says}, "restore", "--data-dir", to, "--identity", c.identity, "--keys", c.keys, c.records)
		for _, name := range modes(t, to) {
			if name != "keyset.json" && name != "lock" {
				t.Errorf("%s: left %s", c.says, name)
			}
		}
	}
	held := emptied(t, dir)
	lock, err := dataDir(held).lock()
	if err != nil {
		t.Fatal(err)
	}
	fails(t, []string{"in use by another"}, "restore", "--data-dir", held, "--identity", k.identity, records)
	lock.Close()
}

// A killed backup leaves incomplete files under other names.
func TestWhatAKilledBackupLeftIsReplaced(t *testing.T) {
	t.Parallel()
	dir, k := filepath.Join(t.TempDir(), "data"), newKept(t)
	serving(t, dir, "--demo-people=1").stop(t)
	for _, name := range []string{"a.age.unfinished", "a.age.keys.unfinished"} {
		if err := os.WriteFile(k.path(name), bytes.Repeat([]byte("half"), 99), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fails(t, []string{"a.age.keys.unfinished exists"}, "backup", "--data-dir", dir, "--encrypt-to", k.recipient, k.path("b.age"))
	succeeds(t, "backup", "--data-dir", dir, "--encrypt-to", k.recipient, k.path("a.age"))
	if files := k.files(t); len(files) != 2 {
		t.Errorf("%d files are left", len(files))
	}
	succeeds(t, "restore", "--data-dir", emptied(t, dir), "--identity", k.identity, k.path("a.age"))
}

func TestWhatDoesNotVerifyIsRestoredRegardlessAlone(t *testing.T) {
	t.Parallel()
	dir, k := filepath.Join(t.TempDir(), "data"), newKept(t)
	serving(t, dir, "--demo-people=2").stop(t)
	tamper(t, dir, "DELETE FROM audit WHERE seq = 1")
	succeeds(t, "backup", "--data-dir", dir, "--encrypt-to", k.recipient, k.path("a.age"))
	to := emptied(t, dir)
	args := []string{"restore", "--data-dir", to, "--identity", k.identity, k.path("a.age")}
	r := command(t, args...)
	if r.status != 2 || !strings.HasPrefix(r.out, "WRONG: ") || r.err != "equality-api: the restored database failed verification: nothing was put in place\n" {
		t.Errorf("status %d\n%s%s", r.status, r.out, r.err)
	}
	if names := modes(t, to); len(names) != 2 {
		t.Errorf("left %v", names)
	}
	r = command(t, append(args, "--regardless")...)
	if r.status != 0 || !strings.HasPrefix(r.out, "WRONG: ") || !strings.Contains(r.out, "2 records restored") {
		t.Errorf("status %d\n%s%s", r.status, r.out, r.err)
	}
}
