package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/store/pgtest"
)

// released are folders of what the program of November 2026 wrote: data, keys, a request
// with an idempotency key, and its response. They never change. For SQLite there are also a
// backup and the identity that opens it.
const (
	releasedSQLite   = "../internal/store/sqlite/testdata/schema-2-program"
	releasedPostgres = "../internal/store/postgres/testdata/schema-2-program"

	releasedTarget = "7f2c9e4b-61d8-4a3f-8c05-2b9d6e1f4a02" // the person with three versions
	releasedMMH    = "c4d2e6f8-1b3a-4597-8e0d-6f5a4b3c2d04" // the person whose record was created on /mmh
)

// releasedRecords is how many records there are, including two that were imported.
const releasedRecords = 5

// copyReleased copies the files of a folder, readable for their owner only.
func copyReleased(t *testing.T, folder, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		writeFile(t, filepath.Join(dir, name), readFile(t, filepath.Join(folder, name)))
	}
}

func TestWhatAReleasedProgramWroteGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	copyReleased(t, releasedSQLite, dir, "equality.db", "keyset.json", "token.key")
	if out, status := auditVerify(t, dir); status != 2 || !strings.Contains(out, "older schema than this program") {
		t.Errorf("audit verify: status %d\n%s", status, out)
	}
	if _, errs, status := runCommand(t, append([]string{"migrate"}, at(dir)...)...); status != 0 {
		t.Fatal(errs)
	}
	goesOn(t, releasedSQLite, dir)
}

func TestWhatAReleasedProgramBackedUpIsRestored(t *testing.T) {
	t.Parallel()
	b, dir := newBackups(t), t.TempDir()
	copyReleased(t, releasedSQLite, b.dir, "backup.age", "backup.age.keys")
	copyReleased(t, releasedSQLite, dir, "keyset.json", "token.key", "identity.txt")
	b.identity = filepath.Join(dir, "identity.txt")
	restored, _ := b.restore(t, keysetOf(dir), "backup.age")
	copyReleased(t, releasedSQLite, restored, "token.key")
	goesOn(t, releasedSQLite, restored)
}

func TestPostgresWhatAReleasedProgramWroteGoesOn(t *testing.T) {
	t.Parallel()
	c := pgtest.Shared(t)
	database := c.Create(t, "")
	dir, owner := t.TempDir(), t.TempDir()
	for home, role := range map[string]string{dir: pgtest.App, owner: pgtest.Owner} {
		if err := inPostgreSQL(home, c.DSN(database, role)); err != nil {
			t.Fatal(err)
		}
	}
	execute(t, owner, pgtest.Owner, string(readFile(t, filepath.Join(releasedPostgres, "database.sql"))))
	if out, status := migrate(owner); status != 0 {
		t.Fatal(out)
	}
	copyReleased(t, releasedPostgres, dir, "keyset.json", "token.key")
	goesOn(t, releasedPostgres, dir)
}

// goesOn checks that today's program verifies, shows and changes the data.
func goesOn(t *testing.T, folder, dir string) {
	t.Helper()
	var answers map[string]map[string]any
	if err := json.Unmarshal(readFile(t, filepath.Join(folder, "answers.json")), &answers); err != nil {
		t.Fatal(err)
	}
	sound(t, dir)
	// With the keyset of that time. The server then adds the keys that came later.
	if dsnOf(dir) != "" {
		refused(t, "lacks these keys", append([]string{"serve", "--listen", "127.0.0.1:0", "--telemetry-listen", "none"}, at(dir)...)...)
		if _, errs, status := runCommand(t, "keys", "add", "--data-dir", dir); status != 0 {
			t.Fatal(errs)
		}
	}
	const everything = "876000h" // nothing expires until then
	p := startIn(t, dir, "--idempotency-retention", everything, "--event-retention", everything,
		"--cors-origins", "https://front.example")
	token := p.tokenOf(t, "local.user@council.example", "officer", "service", "support")
	for _, path := range slices.Sorted(maps.Keys(answers)) {
		answer := p.do(t, "GET", path, request{token: token}).want(t, 200).document(t)
		for name, then := range answers[path] {
			if name != "next" { // a cursor differs each time
				same(t, answer[name], then)
			}
		}
	}
	front := frontend{p, token}
	if r := front.ask(t, "GET", "/equality-information?targetId="+releasedMMH, "", "").want(t, 200); !strings.Contains(string(r.body), "Please ring twice") {
		t.Errorf("/mmh answers %s", r.body)
	}
	first := keyed(token, "first-of-2026-11", readFile(t, filepath.Join(folder, "first.json")))
	p.do(t, "POST", records, first).want(t, 201).replayed(t, true)
	p.do(t, "POST", records, request{token: token, body: first.body}).problem(t, 409, "conflict")

	m := made{id: releasedTarget, target: releasedTarget}
	p.patch(t, token, m, `{"nationalInsuranceNumber":"QQ123456A"}`).want(t, 200)
	if tag := p.do(t, "GET", m.path(), request{token: token}).want(t, 200).header.Get("ETag"); tag != `"3"` {
		t.Errorf("the next version is %s", tag)
	}
	p.create(t, token, "")
	page := p.do(t, "GET", records+"?limit=100", request{token: token}).want(t, 200).document(t)
	if n := len(page["equalityInformation"].([]any)); n != releasedRecords+1 {
		t.Errorf("%d records, want %d", n, releasedRecords+1)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	sound(t, dir)
	if _, err := os.Stat(filepath.Join(dir, "equality.db")); err == nil {
		b := newBackups(t)
		b.take(t, dir, "again.age")
		b.restore(t, keysetOf(dir), "again.age")
	}
}
