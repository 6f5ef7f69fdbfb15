package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"equality-information-api/internal/store/sqlite"
)

// tamper changes the database directly, without the program.
func tamper(t *testing.T, dir string, queries ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range queries {
		result, err := db.ExecContext(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			t.Fatalf("%s: %d rows, %v", q, n, err)
		}
	}
}

func TestVerificationEndsWithItsStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		queries []string
		flags   []string // %heads% is the file of the server's log
		status  int
	}{
		{"sound", nil, nil, 0},
		{"sound, with all checks", nil, []string{"--records", "--heads", "%heads%"}, 0},
		{"altered", []string{"UPDATE audit SET subject = 'somebody else' WHERE seq = 2"}, nil, 1},
		{"removed", []string{"DELETE FROM audit WHERE seq = 2"}, nil, 1},
		{"moved", []string{"UPDATE audit SET seq = -1 WHERE seq = 2", "UPDATE audit SET seq = 2 WHERE seq = 3", "UPDATE audit SET seq = 3 WHERE seq = -1"}, nil, 1},
		{"cut short, unseen", []string{"DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)"}, nil, 0},
		{"cut short, seen", []string{"DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)"}, []string{"--heads", "%heads%"}, 1},
		{"a record swapped, unseen", []string{"UPDATE record SET sealed = x'00' WHERE id = (SELECT max(id) FROM record)"}, nil, 0},
		{"a record swapped, seen", []string{"UPDATE record SET sealed = x'00' WHERE id = (SELECT max(id) FROM record)"}, []string{"--records"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			s := serving(t, dir, "--demo-people=3")
			s.stop(t)
			heads := filepath.Join(t.TempDir(), "log")
			if err := os.WriteFile(heads, []byte(s.err.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			if c.queries != nil {
				tamper(t, dir, c.queries...)
			}
			args := []string{"audit", "verify", "--data-dir", dir}
			for _, flag := range c.flags {
				args = append(args, strings.ReplaceAll(flag, "%heads%", heads))
			}
			r := command(t, args...)
			if r.status != c.status || strings.Contains(r.out, "WRONG") != (c.status == 1) || !strings.Contains(r.out, "entries") {
				t.Errorf("status %d\n%s%s", r.status, r.out, r.err)
			}
			if c.status == 1 && r.err != "equality-api: the access log failed verification\n" {
				t.Errorf("said %q", r.err)
			}
		})
	}
}

func TestVerificationThatCannotBeDone(t *testing.T) {
	t.Parallel()
	fails(t, []string{"keyset.json is missing"}, "audit", "verify", "--data-dir", t.TempDir())
	dir := t.TempDir()
	succeeds(t, "keys", "init", "--data-dir", dir)
	fails(t, []string{"has no database"}, "audit", "verify", "--data-dir", dir)
	serving(t, dir).stop(t)

	empty, forged := filepath.Join(dir, "empty"), filepath.Join(dir, "forged")
	if err := os.WriteFile(empty, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	line := `{"msg":"audit head","lane":0,"seq":1,"hash":"00","signature":"00"}`
	if err := os.WriteFile(forged, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		filepath.Join(dir, "nothing"): "no such file", empty: "no audit head", forged: "not signed with this keyset", dir: "cannot be read",
	} {
		fails(t, []string{says}, "audit", "verify", "--data-dir", dir, "--heads", path)
	}
}
