package e2e

import (
	"bytes"
	"context"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store/pgtest"
)

// TestPostgresMarkers puts a marker in everything a caller can send. It finds none in
// PostgreSQL's files, in its log and in the program's output, although PostgreSQL logs
// every statement with its parameters, and every row that it refuses.
func TestPostgresMarkers(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t, "log_statement = all", "log_parameter_max_length = -1", "log_parameter_max_length_on_error = -1",
		"log_error_verbosity = verbose", "log_min_error_statement = error", "log_min_duration_statement = 0")
	dir := homeOn(t, c)
	p := plantEverywhere(t, dir)
	p.files = dataDirectory(t, dir)
	const found = "what a search of the files finds"
	execute(t, dir, pgtest.Superuser, "COMMENT ON TABLE record IS '"+found+"'", "CHECKPOINT")
	p.cleanFiles("running")
	if !inFiles(t, filepath.Join(p.files, "base"), found) {
		t.Error("the files do not have what was written, so the test shows nothing")
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d", status)
	}
	p.cleanOutput()
	log := c.Log()
	p.clean("PostgreSQL's log", []byte(log))
	if !strings.Contains(log, "parameters: ") || !strings.Contains(log, "DETAIL: ") {
		t.Error("PostgreSQL has not logged parameters and details, so the test shows little")
	}
}

// TestPostgresLogNamesNobody has PostgreSQL log without details, parameters and statements,
// as recommended. Its refusals then name neither the caller nor the person whose record was
// requested.
func TestPostgresLogNamesNobody(t *testing.T) {
	t.Parallel()
	dir, c := home(t), pgtest.Shared(t) // its log is set up like this
	p := startIn(t, dir)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"disabled":true`)
	p.do(t, "POST", records, request{token: officer, body: body(m.target, "")}).want(t, 409)
	p.do(t, "POST", records, keyed(officer, "a key", body(m.target, ""))).want(t, 409)
	together(20, func(int) response {
		return p.do(t, "PATCH", m.path(), request{token: officer, body: []byte(`{"disabled":false}`), headers: map[string]string{"If-Match": m.etag}})
	})
	execute(t, dir, pgtest.Owner, "ALTER TABLE audit RENAME TO elsewhere") // nothing can be written
	p.do(t, "GET", m.path(), request{token: officer}).want(t, 503)
	execute(t, dir, pgtest.Owner, "ALTER TABLE elsewhere RENAME TO audit")
	p.do(t, "GET", m.path(), request{token: officer}).want(t, 200)
	var log string
	for line := range strings.Lines(c.Log()) {
		if strings.Contains(line, database(dir)) {
			log += line
		}
	}
	if !strings.Contains(log, "violates") || !strings.Contains(log, "does not exist") {
		t.Errorf("PostgreSQL has refused nothing, so the test shows nothing: %s", log)
	}
	for _, secret := range []string{m.id, m.target, "council.example", strings.ReplaceAll(m.id, "-", ""), strings.ReplaceAll(m.target, "-", "")} {
		if strings.Contains(log, secret) {
			t.Errorf("PostgreSQL's log has %s", secret)
		}
	}
}

// dataDirectory returns the folder of PostgreSQL's files.
func dataDirectory(t *testing.T, dir string) (path string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, asRole(dir, pgtest.Superuser))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, "SHOW data_directory").Scan(&path); err != nil {
		t.Fatal(err)
	}
	return path
}

// inFiles reports whether a file in a directory contains a text.
func inFiles(t *testing.T, dir, text string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		found = found || bytes.Contains(content, []byte(text))
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

// database is the name of a directory's database.
func database(dir string) string {
	u, err := url.Parse(dsnOf(dir))
	if err != nil {
		panic(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}
