package e2e

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	_ "modernc.org/sqlite" // to change a database directly
)

// filled is the data directory of a stopped server with two people, several versions each,
// and entries of every kind.
type filled struct {
	dir, log string
	people   [2]string // target ids, which are their records' ids too
}

func fillDirectory(t *testing.T) filled {
	t.Helper()
	p := start(t)
	officer, governance, service := p.token(t, "officer"), p.token(t, "governance"), p.token(t, "service")
	var l ledger
	f := filled{dir: p.dir}
	for i := range f.people {
		target, err := l.create(p, officer)
		if err != nil {
			t.Fatal(err)
		}
		f.people[i] = target
		for range 2 {
			if err := l.change(p, officer, target); err != nil {
				t.Fatal(err)
			}
		}
		p.do(t, "GET", "/equality-information/"+target, request{token: officer}).want(t, 200)
	}
	p.do(t, "GET", "/equality-information", request{token: governance}).want(t, 200)
	p.do(t, "GET", "/equality-information/"+uuid.NewString(), request{token: officer}).want(t, 404)
	p.do(t, "GET", "/equality-information", request{token: service}).want(t, 403)
	p.do(t, "GET", "/equality-information/"+f.people[0], request{token: officer}).want(t, 200)
	p.do(t, "GET", "/equality-information/"+f.people[1], request{token: officer}).want(t, 200)
	if status := p.stop(t); status != 0 {
		t.Fatalf("stopped with status %d", status)
	}
	f.log = headsFile(t, p.log())
	return f
}

// copied is a copy of the directory, for tampering.
func (f filled) copied(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(f.dir)); err != nil {
		t.Fatal(err)
	}
	// CopyFS makes files readable for everybody, and the program refuses such keys.
	for _, name := range []string{"keyset.json", "token.key"} {
		if err := os.Chmod(filepath.Join(dir, "data", name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "data")
}

// tamper changes the database of a directory directly, without the program.
func tamper(t *testing.T, dir string, change func(*sql.Tx) error) {
	t.Helper()
	db, err := openBehind(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := change(tx); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// statements are run with the number of one record as $1 and the other's as $2.
func statements(texts ...string) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		for _, text := range texts {
			result, err := tx.Exec(text, 1, 2)
			if err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
			if n, err := result.RowsAffected(); err != nil || n == 0 {
				return fmt.Errorf("%s: changes nothing (%w)", text, err)
			}
		}
		return nil
	}
}

// TestTamperedLog alters, removes and moves entries of the access log.
func TestTamperedLog(t *testing.T) {
	t.Parallel()
	f := fillDirectory(t)
	for _, test := range []struct {
		name string
		sql  []string
		want string
	}{
		{"an entry is removed", []string{
			"DELETE FROM audit WHERE seq = 3",
		}, "lane 0: entry 3 is missing, entry 4 follows 2"},
		{"two entries change places", []string{
			"UPDATE audit SET seq = -1 WHERE seq = 3", "UPDATE audit SET seq = 3 WHERE seq = 4",
			"UPDATE audit SET seq = 4 WHERE seq = -1",
		}, "lane 0: entry 3 does not match its hash"},
		{"the first entries are removed and the others moved up", []string{
			"DELETE FROM audit WHERE seq <= 2", "UPDATE audit SET seq = seq - 100", "UPDATE audit SET seq = seq + 98",
		}, "lane 0: entry 1 does not match its hash"},
		{"an entry is put into another lane", []string{
			"UPDATE audit SET lane = 1 WHERE seq = (SELECT max(seq) FROM audit)",
		}, "is in lane 1"},
		{"an entry is put into a lane before all others", []string{
			"UPDATE audit SET lane = -5 WHERE seq = (SELECT max(seq) FROM audit)",
		}, "is in lane -5"},
		{"a record is put into a lane behind all others", []string{
			"INSERT INTO audit_target SELECT 2147483647, 1, 0, randomblob(16)",
		}, "is in lane 2147483647"},
		{"an entry is made up", []string{
			`INSERT INTO audit SELECT lane, seq + 1, id, at, subject, name, kind, permission, purpose, action, target, record,
				version, members, outcome, status, correlation, address, document, hash, scope, count, format, object, object_name, roles, previous, touched
				FROM audit ORDER BY seq DESC LIMIT 1`,
		}, "does not match its hash"},
		{"a record is taken from a list page's entry", []string{
			"UPDATE audit SET touched = CAST(substr(touched, 1, length(touched) - 16) AS BLOB) WHERE length(touched) > 0",
		}, "does not match its hash"},
		{"the records of a list page's entry change places", []string{
			"UPDATE audit SET touched = CAST(substr(touched, 1, 1) || substr(touched, 18, 16) || substr(touched, 2, 16) AS BLOB) WHERE length(touched) > 0",
		}, "does not match its hash"},
		{"a record is put into an entry that has none", []string{
			"UPDATE audit SET touched = CAST(x'01' || randomblob(16) AS BLOB) WHERE seq = 2",
		}, "does not match its hash"},
		{"a record is put beside an entry, as before format 3", []string{
			"INSERT INTO audit_target SELECT 0, 2, 0, randomblob(16)",
		}, "does not match its hash"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := f.copied(t)
			tamper(t, dir, statements(test.sql...))
			refutes(t, test.want, dir)
			refutes(t, test.want, dir, "--records", "--heads", f.log)
		})
	}
}

// TestAlteredColumns changes each column of an entry.
func TestAlteredColumns(t *testing.T) {
	t.Parallel()
	f := fillDirectory(t)
	const entry = 2 // a change, which uses every column except an import's
	for _, column := range []string{"id", "at", "subject", "name", "kind", "permission", "purpose", "action", "target", "record",
		"version", "members", "outcome", "status", "correlation", "address", "document", "hash", "scope", "count",
		"format", "object", "object_name", "roles", "previous", "touched"} {
		t.Run(column, func(t *testing.T) {
			t.Parallel()
			dir := f.copied(t)
			tamper(t, dir, func(tx *sql.Tx) error {
				var value any
				if err := tx.QueryRow("SELECT "+column+" FROM audit WHERE seq = $1", entry).Scan(&value); err != nil {
					return err
				}
				_, err := tx.Exec("UPDATE audit SET "+column+" = $1 WHERE seq = $2", flipped(value), entry)
				return err
			})
			refutes(t, map[bool]string{true: "lane 0: entry 2 has format 5", false: "lane 0: entry 2 does not match its hash"}[column == "format"], dir)
		})
	}
	t.Run("there are no others", func(t *testing.T) {
		t.Parallel()
		tamper(t, f.copied(t), func(tx *sql.Tx) error {
			var n int
			err := tx.QueryRow("SELECT count(*) FROM pragma_table_info('audit')").Scan(&n)
			if n != 28 { // these, and lane and seq
				t.Errorf("an entry has %d columns, and this test knows of 28", n)
			}
			return err
		})
	})
}

// flipped returns a value with its first bit inverted.
func flipped(value any) any {
	switch v := value.(type) {
	case int64:
		return v ^ 1
	case string:
		if v == "" {
			return "support"
		}
		return string(v[0]^1) + v[1:]
	case []byte:
		if len(v) == 0 {
			return []byte{1}
		}
		return append([]byte{v[0] ^ 1}, v[1:]...)
	}
	panic(fmt.Sprintf("a column of type %T", value))
}

// TestTamperedRecords changes records and leaves the access log unchanged.
func TestTamperedRecords(t *testing.T) {
	t.Parallel()
	f := fillDirectory(t)
	for _, test := range []struct {
		name string
		sql  []string
		want string
	}{
		{"two sealed documents change places", []string{
			`UPDATE record SET sealed = (SELECT sealed FROM record o WHERE o.number = CASE record.number WHEN $1 THEN $2 ELSE $1 END)`,
		}, "version 2 is not what entry"},
		{"two ids change places", []string{
			"UPDATE identifier SET record = 3 - record",
		}, "its ids do not point to it"},
		{"a record is rolled back", []string{
			`UPDATE record SET (version, modified, sealed) =
				(SELECT version, modified, sealed FROM history WHERE record = $1 AND version = 1) WHERE number = $1`,
			"DELETE FROM history WHERE record = $1 AND version = 1",
		}, "version 2, written by entry"},
		{"a record is rolled back and its history left", []string{
			`UPDATE record SET (version, modified, sealed) =
				(SELECT version, modified, sealed FROM history WHERE record = $1 AND version = 1) WHERE number = $1`,
		}, "version 2, written by entry"},
		{"an older document stands in for the current", []string{
			"UPDATE record SET sealed = (SELECT sealed FROM history WHERE record = $1 AND version = 1) WHERE number = $1",
		}, "version 2 is not what entry"},
		{"a record's time is another", []string{
			"UPDATE record SET modified = modified - 25920000000000 WHERE number = $1",
		}, "version 2: its time is not the one in entry"},
		{"a past version's time is a little later", []string{
			"UPDATE history SET modified = modified + 1 WHERE record = $1 AND version = 0",
		}, "version 0: its time is not the one in entry"},
		{"a past version has another number", []string{
			"UPDATE history SET version = -1 WHERE record = $1 AND version = 0",
		}, "version -1 is stored, but the log has no entry for it"},
		{"an event says something else", []string{
			"UPDATE outbox SET members = 'ageGroup' WHERE version = 1",
		}, "version 1 does not tell what the log does"},
		{"the feed has no position left", []string{
			"UPDATE outbox SET position = 9223372036854775807 WHERE position = (SELECT max(position) FROM outbox)",
		}, "does not tell what the log does"},
		{"a retry would be shown another record", []string{
			"INSERT INTO idempotency SELECT zeroblob(32), zeroblob(32), modified, 201, '', randomblob(16), 0 FROM record WHERE number = $1",
		}, "the log does not tell of that write"},
		{"a number leads to a record that does not have it", []string{
			"INSERT INTO nino_index SELECT zeroblob(32), $1",
		}, "the index of National Insurance numbers has 1 rows"},
		{"a value of the whole database is added", []string{
			"INSERT INTO meta SELECT 'something', zeroblob(1)",
		}, "is not one that this program stores"},
		{"a past version is altered", []string{
			"UPDATE history SET sealed = zeroblob(length(sealed)) WHERE record = $1 AND version = 0",
		}, "version 0 is not what entry"},
		{"a past version is removed", []string{
			"DELETE FROM history WHERE record = $1 AND version = 0",
		}, "version 0, written by entry"},
		{"a record is removed", []string{
			"DELETE FROM history WHERE record = $1", "DELETE FROM data_key WHERE record = $1",
			"DELETE FROM identifier WHERE record = $1",
			"DELETE FROM record WHERE number = $1",
		}, "version 2, written by entry"},
		{"a record is added", []string{
			"INSERT INTO record (number, id, target, version, modified, sealed) SELECT 3, randomblob(16), randomblob(16), version, modified, sealed FROM record WHERE number = $1",
		}, "version 2 is stored, but the log has no entry for it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := f.copied(t)
			tamper(t, dir, statements(test.sql...))
			refutes(t, test.want, dir, "--records")
			if out, status := auditVerify(t, dir, "--heads", f.log); status != 0 {
				t.Errorf("the log itself, which was not touched: status %d\n%s", status, out)
			}
		})
	}
}

// TestCutLog removes the end of the access log, which only a head logged elsewhere can
// show.
func TestCutLog(t *testing.T) {
	t.Parallel()
	f := fillDirectory(t)
	t.Run("untouched", func(t *testing.T) {
		t.Parallel()
		dir := f.copied(t)
		for _, args := range [][]string{nil, {"--records"}, {"--heads", f.log}, {"--records", "--heads", f.log}} {
			out, status := auditVerify(t, dir, args...)
			if status != 0 || strings.Contains(out, "WRONG") {
				t.Errorf("audit verify %v: status %d\n%s", args, status, out)
			}
		}
	})
	t.Run("cut", func(t *testing.T) {
		t.Parallel()
		dir := f.copied(t)
		tamper(t, dir, statements("DELETE FROM audit WHERE seq > (SELECT max(seq) - 2 FROM audit)"))
		refutes(t, "later heads were logged: entries at its end are missing", dir, "--heads", f.log)
		out, status := auditVerify(t, dir)
		if status != 0 || !strings.Contains(out, "Without --heads this check cannot notice missing entries at the end of the log.") {
			t.Errorf("without heads: status %d\n%s", status, out)
		}
	})
	t.Run("emptied", func(t *testing.T) {
		t.Parallel()
		dir := f.copied(t)
		tamper(t, dir, statements("DELETE FROM audit"))
		refutes(t, "lane 0 ends at entry 0, but later heads were logged", dir, "--heads", f.log)
		refutes(t, "version 0 is stored, but the log has no entry for it", dir, "--records")
	})
	t.Run("the head is altered", func(t *testing.T) {
		t.Parallel()
		text, err := os.ReadFile(f.log)
		if err != nil {
			t.Fatal(err)
		}
		altered := headsFile(t, strings.Replace(string(text), `"seq":1`, `"seq":`, 1))
		refused(t, "this head was not signed with this keyset", "audit", "verify", "--data-dir", f.copied(t), "--heads", altered)
		refused(t, "the file contains no audit head", "audit", "verify", "--data-dir", f.copied(t), "--heads", headsFile(t, "{}"))
	})
}

// refutes checks that audit verify finds something wrong.
func refutes(t *testing.T, want, dir string, args ...string) {
	t.Helper()
	out, status := auditVerify(t, dir, args...)
	if status != 1 || !strings.Contains(out, "WRONG: ") || !strings.Contains(out, want) {
		t.Errorf("audit verify %v: status %d, want 1 and %q\n%s", args, status, want, out)
	}
}
