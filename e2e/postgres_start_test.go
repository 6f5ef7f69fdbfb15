package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"equality-information-api/internal/store/pgtest"
)

// refusedAt checks that every command that needs the keyset refuses a connection string in
// one line, and returns the server's line.
func refusedAt(t *testing.T, dir, dsn string) (line string) {
	t.Helper()
	for _, args := range [][]string{
		{"export"}, {"import", write(t, "nobody.ndjson", "")}, {"audit", "verify"}, {"serve", "--listen", "127.0.0.1:0", "--telemetry-listen", "none"},
	} {
		out, errs, status := runCommand(t, append(args, "--data-dir", dir, "--database", dsn)...)
		if status != 2 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: status %d: %s%s", args[0], status, out, errs)
		}
		line = errs
	}
	return line
}

// Every command refuses an unusable connection string in one line, and repeats nothing from
// it.
func TestPostgresConnectionStringsThatAreRefused(t *testing.T) {
	t.Parallel()
	dir := home(t)
	for name, c := range map[string]struct{ dsn, told string }{
		"a password in a URL":         {"postgres://zebra:zebra-pass@zebra.example/zebra", "password"},
		"a password in its query":     {"postgres://zebra@zebra.example/zebra?password=zebra-pass", "password"},
		"a password in words":         {"host=zebra.example user=zebra password=zebra-pass dbname=zebra", "password"},
		"a password in words, spaced": {"host=zebra.example PASSWORD = 'zebra-pass'", "password"},
		"a port that is none":         {"postgres://zebra@zebra.example:zebra/zebra", "connection string"},
		"words that are none":         {"zebra", "connection string"},
		"a setting that is wrong":     {"host=zebra.example sslmode=zebra", "connection string"},
		"a certificate not there":     {"host=zebra.example sslmode=verify-full sslrootcert=/zebra", "connection string"},
	} {
		errs := refusedAt(t, dir, c.dsn)
		if !strings.Contains(errs, c.told) || strings.Contains(errs, zebra) {
			t.Errorf("%s: %s", name, errs)
		}
		if _, errs, status := runCommand(t, "migrate", "--data-dir", dir, "--database", c.dsn); status != 2 || strings.Contains(errs, zebra) {
			t.Errorf("%s: migrate: status %d: %s", name, status, errs)
		}
	}
}

// A command does not wait for a missing database: it says so in one line. A server does
// wait.
func TestPostgresCommandsWithoutADatabase(t *testing.T) {
	t.Parallel()
	dir, c := home(t), pgtest.Shared(t)
	for name, dsn := range map[string]string{
		"no server":        "postgres://nobody@127.0.0.1:1/none",
		"no such host":     "postgres://nobody@equality.invalid/none",
		"no such database": strings.Replace(dsnOf(dir), "/test_", "/none_", 1),
		"no password":      "postgres://" + pgtest.App + "@127.0.0.1:" + strconv.Itoa(c.Port) + "/none?passfile=/none",
	} {
		for _, args := range [][]string{{"export"}, {"import", write(t, "nobody.ndjson", "")}, {"audit", "verify"}, {"migrate"}, {"finish-restore"}} {
			out, errs, status := runCommand(t, append(args, "--data-dir", dir, "--database", dsn)...)
			if status != 2 || out != "" || strings.Count(errs, "\n") != 1 {
				t.Errorf("%s: %s: status %d: %s%s", name, args[0], status, out, errs)
			}
		}
	}
}

// A keyset other than the database's is refused immediately: no record could be read with
// it.
func TestPostgresKeysetOfAnother(t *testing.T) {
	t.Parallel()
	dir := home(t)
	p := startIn(t, dir)
	m := p.create(t, p.token(t, "officer"), "")
	other := homeOf(t, "postgres://nobody@localhost/nothing")
	if errs := refusedAt(t, other, dsnOf(dir)); !strings.Contains(errs, "keyset") || strings.Contains(errs, dsnOf(dir)) {
		t.Error(errs)
	}
	if err := os.Remove(filepath.Join(other, "keyset.json")); err != nil {
		t.Fatal(err)
	}
	if _, errs, status := runCommand(t, "serve", "--listen", "127.0.0.1:0", "--telemetry-listen", "none", "--data-dir", other,
		"--database", dsnOf(dir)); status != 2 || !strings.Contains(errs, "keyset.json is missing") {
		t.Errorf("without a keyset: status %d: %s", status, errs)
	}
	p.do(t, "GET", m.path(), request{token: p.token(t, "officer")}).want(t, 200)
}

// A server that starts before its database waits for it.
func TestPostgresIsThereLater(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t, pgtest.Volatile...)
	dir := homeOn(t, c)
	if err := c.Stop(pgtest.Fast); err != nil {
		t.Fatal(err)
	}
	f := newFleet(t, dir, 1)
	p := f.slots[0].Load()
	f.readyz(503, 0)
	o := request{token: f.tokens["officer"], body: body(seedTarget, "")}
	if r := p.do(t, "POST", records, o); r.status != 503 || r.header.Get("Retry-After") == "" {
		t.Errorf("without a database it answers %d", r.status)
	}
	if err := c.StartAgain(); err != nil {
		t.Fatal(err)
	}
	f.readyz(200, 10*time.Second)
	p.do(t, "POST", records, o).want(t, 201)
}

// A keyset other than the database's is found only when the database comes: callers get 503,
// not 500, and the server is not ready.
func TestPostgresKeysetOfAnotherIsFoundLater(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t, pgtest.Volatile...)
	dir := homeOn(t, c)
	startIn(t, dir).stop(t)
	other := homeOf(t, "postgres://nobody@localhost/nothing")
	if err := os.WriteFile(filepath.Join(other, homeDSN), []byte(dsnOf(dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(pgtest.Fast); err != nil {
		t.Fatal(err)
	}
	f := newFleet(t, other, 1)
	p := f.slots[0].Load()
	o := request{token: f.tokens["officer"], body: body(seedTarget, "")}
	p.do(t, "POST", records, o).want(t, 503)
	if err := c.StartAgain(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		for method, r := range map[string]response{
			"POST": p.do(t, "POST", records, o),
			"GET":  p.do(t, "GET", records+"?targetId="+seedTarget, request{token: o.token}),
		} {
			if r.status != 503 || r.header.Get("Retry-After") == "" {
				t.Errorf("%s answers %d: %s", method, r.status, r.body)
			}
		}
		p.health(t, "/readyz", 503)
	}
	p.logged(t, "the database is not one for this keyset")
}
