package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"equality-information-api/internal/identity"
	"equality-information-api/internal/sealing"
)

// modes checks that only the owner can access everything in a directory.
func modes(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		} else {
			files = append(files, e.Name())
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", e.Name(), got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestKeysInitMakesAKeysetAndReplacesNone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "data")
	if out := succeeds(t, "keys", "init", "--data-dir", dir); out != "" {
		t.Errorf("printed %q", out)
	}
	before, err := os.ReadFile(dataDir(dir).keysetPath())
	if err != nil {
		t.Fatal(err)
	}
	if files := modes(t, dir); len(files) != 2 {
		t.Errorf("made %v", files)
	}
	fails(t, []string{"is never overwritten: file already exists"}, "keys", "init", "--data-dir", dir)
	if after, err := os.ReadFile(dataDir(dir).keysetPath()); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the keyset is another: %v", err)
	}
}

// A lost keyset must be restored: a new one would only get in its way.
func TestKeysInitMakesNoKeysetForADatabase(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	serving(t, dir).stop(t)
	if err := os.Remove(dataDir(dir).keysetPath()); err != nil {
		t.Fatal(err)
	}
	fails(t, []string{"has a database"}, "keys", "init", "--data-dir", dir)
	for _, args := range [][]string{{"serve", "--telemetry-listen=none", "--listen=127.0.0.1:0"}, {"audit", "verify"}} {
		fails(t, []string{"keyset.json is missing"}, append(args, "--data-dir", dir)...)
	}
	if err := func() error { _, err := os.Stat(dataDir(dir).keysetPath()); return err }(); !os.IsNotExist(err) {
		t.Errorf("a keyset was made: %v", err)
	}
}

func TestAnotherKeysetIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	serving(t, dir).stop(t)
	if err := os.Remove(dataDir(dir).keysetPath()); err != nil {
		t.Fatal(err)
	}
	if _, err := dataDir(dir).newKeyset(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--telemetry-listen=none", "--listen=127.0.0.1:0"}, {"audit", "verify"}} {
		fails(t, []string{"keyset"}, append(args, "--data-dir", dir)...)
	}
}

func TestKeysExportOpensWithTheRecipientsIdentity(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	succeeds(t, "keys", "init", "--data-dir", dir)
	recipient, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	exported := succeeds(t, "keys", "export", "--data-dir", dir, "--to", recipient.Recipient().String())
	opened, err := age.Decrypt(strings.NewReader(exported), recipient)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(opened)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keyset.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	exportedKeys, err := sealing.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := dataDir(dir).keyset()
	if err != nil {
		t.Fatal(err)
	}
	if err := exportedKeys.VerifyCheckValue(keys.CheckValue()); err != nil || len(exportedKeys.Missing()) > 0 {
		t.Errorf("the export lacks %v: %v", exportedKeys.Missing(), err)
	}

	fails(t, []string{"not an age recipient"}, "keys", "export", "--data-dir", dir, "--to", "age1nonsense")
	fails(t, []string{"keyset.json is missing"}, "keys", "export", "--data-dir", t.TempDir(), "--to", recipient.Recipient().String())
	// A secret key pasted by mistake is not repeated.
	if r := command(t, "keys", "export", "--data-dir", dir, "--to", recipient.String()); r.status != 2 || strings.Contains(r.err, recipient.String()) {
		t.Errorf("status %d: %s", r.status, r.err)
	}
}

// earlyKeyset puts a keyset that was made before there were all keys into a new data directory.
func earlyKeyset(t *testing.T) (dir string) {
	t.Helper()
	content, err := os.ReadFile("../../internal/sealing/testdata/keyset-2026-11.json")
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "data")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(dataDir(dir).keysetPath(), content, 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Runs the example of docs/operations.md.
func TestKeysAddIsAsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "\n$ equality-api keys add --data-dir data\n")
	want, _, found := strings.Cut(example, "```")
	if !found {
		t.Fatal("docs/operations.md has no example of keys add")
	}
	dir := earlyKeyset(t)
	if out := succeeds(t, "keys", "add", "--data-dir", dir); out != strings.ReplaceAll(want, "data/keyset.json", dataDir(dir).keysetPath()) {
		t.Errorf("printed\n%s, and docs/operations.md shows\n%s", out, want)
	}
	before, err := os.ReadFile(dataDir(dir).keysetPath())
	if err != nil {
		t.Fatal(err)
	}
	if out := succeeds(t, "keys", "add", "--data-dir", dir); out != dataDir(dir).keysetPath()+" has every key already; nothing was added\n" {
		t.Errorf("the second time: %s", out)
	}
	if after, err := os.ReadFile(dataDir(dir).keysetPath()); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the second time the file is another: %v", err)
	}
	modes(t, dir)
	fails(t, []string{"keyset.json is missing"}, "keys", "add", "--data-dir", t.TempDir())
}

func TestKeysAreAddedInLocalModeAndDemandedElsewhere(t *testing.T) {
	t.Parallel()
	dir, secret := earlyKeyset(t), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, bytes.Repeat([]byte("s"), 32), 0o600); err != nil {
		t.Fatal(err)
	}
	demand := dataDir(dir).keysetPath() + " lacks these keys: tombstone, api-key, record-key. Add them with: equality-api keys add --data-dir " + dir
	serve := []string{"serve", "--telemetry-listen=none", "--listen=127.0.0.1:0", "--data-dir", dir}
	fails(t, []string{demand}, append(serve, "--jwt-secret-file", secret)...)
	fails(t, []string{demand}, append(serve, "--database", "postgres://user@127.0.0.1:1/none?sslmode=disable")...)

	s := serving(t, dir)
	if !strings.Contains(s.err.String(), `"msg":"added keys to the keyset","keys":"tombstone, api-key, record-key"`) {
		t.Errorf("logged %s", s.err)
	}
	s.stop(t)
	modes(t, dir)
	s = serving(t, dir, "--jwt-secret-file", secret)
	if strings.Contains(s.err.String(), "added keys") {
		t.Errorf("logged %s", s.err)
	}
	s.stop(t)
}

func TestKeysetThatOthersMayReadIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	succeeds(t, "keys", "init", "--data-dir", dir)
	if err := os.Chmod(dataDir(dir).keysetPath(), 0o640); err != nil {
		t.Fatal(err)
	}
	fails(t, []string{"0600"}, "serve", "--telemetry-listen=none", "--listen=127.0.0.1:0", "--data-dir", dir)
}

func TestTokenIsAloneAndAuthenticates(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	succeeds(t, "keys", "init", "--data-dir", dir)
	fails(t, []string{"start the server once"}, "token", "--data-dir", dir, "--role", "officer")
	key, err := dataDir(dir).signingKeyOrNew()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := dataDir(dir).signingKeyOrNew(); err != nil || !bytes.Equal(key, again) {
		t.Errorf("the key is another: %v", err)
	}
	modes(t, dir)
	authenticator, err := identity.NewTokenVerifier(identity.Config{Secret: key, Groups: localGroups()}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for role, permissions := range identity.Roles() {
		text := succeeds(t, "token", "--data-dir", dir, "--role", role, "--role", "analyst", "--name", "Somebody Else")
		token, rest, _ := strings.Cut(text, "\n")
		caller, err := authenticator.Authenticate(t.Context(), identity.Credentials{Authorization: "Bearer " + token})
		if err != nil || rest != "" || caller.Subject != "local.user@council.example" || caller.Name != "Somebody Else" {
			t.Fatalf("%s: %+v %q %v", role, caller, rest, err)
		}
		for _, p := range append(permissions, identity.ReportingAggregate) {
			if !caller.May(p) {
				t.Errorf("%s may not %s", role, p)
			}
		}
		if role != "admin" && caller.May(identity.Admin) {
			t.Errorf("%s may %s", role, identity.Admin)
		}
	}
	fails(t, []string{"unknown role \"mayor\""}, "token", "--data-dir", dir, "--role", "mayor")
	fails(t, []string{"unknown role \"mayor\""}, "token", "--data-dir", dir, "--role", "officer,mayor")
	fails(t, []string{"--ttl must be more than 0"}, "token", "--data-dir", dir, "--role", "officer", "--ttl", "0s")
	fails(t, []string{"--email"}, "token", "--data-dir", dir, "--role", "officer", "--email", "")
	expired, err := tokenCommand{DataDir: dir, Role: []string{"officer"}, Email: "a@council.example", TTL: time.Minute}.sign(time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authenticator.Authenticate(t.Context(), identity.Credentials{Authorization: expired}); identity.Reason(err) != "expired" {
		t.Errorf("an old token: %v", err)
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	fails(t, []string{"has no database"}, "migrate", "--data-dir", dir)
	fails(t, []string{"--app-role is for PostgreSQL"}, "migrate", "--data-dir", dir, "--app-role", "equality_app")
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory was made: %v", err)
	}
	serving(t, dir).stop(t)
	if out := succeeds(t, "migrate", "--data-dir", dir); !strings.HasPrefix(out, "The schema was up to date, at version ") {
		t.Errorf("printed %q", out)
	}
	modes(t, dir)
}

func TestDirectoryThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, []string{"not a directory"}, "serve", "--telemetry-listen=none", "--listen=127.0.0.1:0", "--data-dir", file)
	fails(t, []string{"not a directory"}, "keys", "init", "--data-dir", filepath.Join(file, "below"))
}
