package e2e

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

// refused runs a command that must refuse: status 2, nothing on standard output and one
// line with the reason.
func refused(t *testing.T, want string, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() }) // in case the server does not refuse
	defer timer.Stop()
	_ = cmd.Wait() // the status is checked below
	line := strings.TrimSuffix(errs.String(), "\n")
	if cmd.ProcessState.ExitCode() != 2 || out.Len() > 0 || !strings.HasPrefix(line, "equality-api: ") ||
		strings.Contains(line, "\n") || !strings.Contains(line, want) {
		t.Errorf("%v: status %d, want 2 and one line with %q\n%s%s", args, cmd.ProcessState.ExitCode(), want, &out, &errs)
	}
}

// serveArgs are the flags of a server that should refuse.
func serveArgs(dir string) []string {
	return []string{"serve", "--data-dir", dir, "--listen", "127.0.0.1:0", "--telemetry-listen", "none"}
}

// TestKeyset removes a database's keyset, replaces it with another database's, and restores
// it from an export.
func TestKeyset(t *testing.T) {
	t.Parallel()
	f := fillDirectory(t)
	t.Run("missing", func(t *testing.T) {
		t.Parallel()
		dir := f.copied(t)
		removeFile(t, keysetOf(dir))
		refused(t, "keyset.json is missing, and no record can be read without it", serveArgs(dir)...)
		refused(t, "keyset.json is missing", "audit", "verify", "--data-dir", dir)
		refused(t, "keyset.json is missing", "keys", "export", "--data-dir", dir, "--to", newIdentity(t).Recipient().String())
		if _, err := os.Stat(keysetOf(dir)); !os.IsNotExist(err) {
			t.Errorf("a keyset was made for a database that has one: %v", err)
		}
	})
	t.Run("another database's", func(t *testing.T) {
		t.Parallel()
		dir, other := f.copied(t), t.TempDir()
		if _, errs, status := runCommand(t, "keys", "init", "--data-dir", other); status != 0 {
			t.Fatalf("keys init: status %d: %s", status, errs)
		}
		writeFile(t, keysetOf(dir), readFile(t, keysetOf(other)))
		refused(t, "keyset", serveArgs(dir)...)
		refused(t, "keyset", "audit", "verify", "--data-dir", dir)
		refused(t, "keyset", "audit", "verify", "--data-dir", dir, "--heads", f.log)
	})
	t.Run("open to others", func(t *testing.T) {
		t.Parallel()
		dir := f.copied(t)
		if err := os.Chmod(keysetOf(dir), 0o640); err != nil {
			t.Fatal(err)
		}
		refused(t, "must be 0600", serveArgs(dir)...)
	})
	t.Run("damaged", func(t *testing.T) {
		t.Parallel()
		dir := f.copied(t)
		text := readFile(t, keysetOf(dir))
		writeFile(t, keysetOf(dir), text[:len(text)/2])
		refused(t, "is not a valid keyset", serveArgs(dir)...)
	})
	t.Run("exported", func(t *testing.T) {
		t.Parallel()
		dir, mine := f.copied(t), newIdentity(t)
		out, errs, status := runCommand(t, "keys", "export", "--data-dir", dir, "--to", mine.Recipient().String())
		if status != 0 {
			t.Fatalf("keys export: status %d: %s", status, errs)
		}
		if _, err := age.Decrypt(strings.NewReader(out), newIdentity(t)); err == nil {
			t.Error("another identity opens the export")
		}
		opened, err := age.Decrypt(strings.NewReader(out), mine)
		if err != nil {
			t.Fatal(err)
		}
		keyset, err := io.ReadAll(opened)
		if err != nil {
			t.Fatal(err)
		}
		removeFile(t, keysetOf(dir))
		writeFile(t, keysetOf(dir), keyset)
		p := startIn(t, dir)
		for _, target := range f.people {
			p.do(t, "GET", "/equality-information/"+target, request{token: p.token(t, "officer")}).want(t, 200)
		}
	})
	refused(t, "not an age recipient", "keys", "export", "--data-dir", f.dir, "--to", "age1nobody")
	refused(t, "already has a database, which only opens with the keyset it was made with", "keys", "init", "--data-dir", f.dir)
}

// TestSecondServer runs other commands while a server is running. Those that write must
// wait.
func TestSecondServer(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	var l ledger
	target, err := l.create(p, officer)
	if err != nil {
		t.Fatal(err)
	}
	inUse := p.dir + " is in use by another equality-api: stop it first"
	refused(t, inUse, serveArgs(p.dir)...)
	refused(t, inUse, "migrate", "--data-dir", p.dir)
	refused(t, inUse, "keys", "init", "--data-dir", p.dir)
	for _, args := range [][]string{
		{"token", "--data-dir", p.dir, "--role", "officer"},
		{"audit", "verify", "--data-dir", p.dir, "--records"},
		{"keys", "export", "--data-dir", p.dir, "--to", newIdentity(t).Recipient().String()},
		{"openapi"}, {"version"},
	} {
		out, errs, status := runCommand(t, args...)
		if status != 0 || out == "" || errs != "" {
			t.Errorf("%v beside a server: status %d\n%s%s", args, status, out, errs)
		}
	}
	if err := l.change(p, officer, target); err != nil {
		t.Errorf("the first server does not go on: %v", err)
	}
	l.check(t, p, officer)
	p.kill(t)
	if _, errs, status := runCommand(t, "migrate", "--data-dir", p.dir); status != 0 {
		t.Errorf("migrate after a server was killed: status %d: %s", status, errs)
	}
	l.checkAudit(t, p.dir)
	p = p.restart(t)
	l.check(t, p, officer)
}

func keysetOf(dir string) string { return filepath.Join(dir, "keyset.json") }

func newIdentity(t *testing.T) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func removeFile(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
