package sqlite

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
)

// original is a closed database with people, changes, reads, list pages and an import, and
// the last entry of its log.
func original(t *testing.T) (content []byte, head audit.Head) {
	t.Helper()
	f := setup(t)
	f.written(1)
	f.written(3)
	last := f.written(4)
	_, err := f.read(last.ID)
	ok(t, err)
	f.list()
	f.list()
	_, err = f.read(last.TargetID)
	ok(t, err)
	f.written(2)
	f.load(7, 8)
	_, err = f.read(last.ID)
	ok(t, err)
	head = f.Heads()[0]
	ok(t, f.Close())
	f.db.sound(t, testKeys(), head)
	content, err = os.ReadFile(filepath.Join(f.db.dir, DatabaseFile))
	ok(t, err)
	return content, head
}

// tampered is a copy of a database that raw SQL has changed. Constraints do not stop an
// attacker.
func tampered(t *testing.T, content []byte, change func(db *sql.DB) error) database {
	t.Helper()
	d := database{t.TempDir()}
	ok(t, os.WriteFile(filepath.Join(d.dir, DatabaseFile), content, 0o600))
	d.query(t, func(db *sql.DB) error {
		db.SetMaxOpenConns(1)
		_, err := db.Exec("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
		ok(t, err)
		return change(db)
	})
	return d
}

// bySQL makes a change with statements, each of which must change something.
func bySQL(statements ...string) func(*sql.DB) error {
	return func(db *sql.DB) error {
		for _, text := range statements {
			result, err := db.Exec(text)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n == 0 {
				return fmt.Errorf("%s changes nothing: %w", text, err)
			}
		}
		return nil
	}
}

// alterations are changed values, by type.
func alterations(value any) map[string]any {
	flip := func(b []byte, at int) []byte {
		b = append([]byte(nil), b...)
		b[at] ^= 1
		return b
	}
	switch v := value.(type) {
	case int64:
		return map[string]any{"one bit more": v ^ 1<<40, "one more": v + 1}
	case string:
		altered := map[string]any{"a blank more": v + " ", "a NUL more": v + "\x00"}
		if v != "" {
			altered["first byte"], altered["last byte"] = string(flip([]byte(v), 0)), string(flip([]byte(v), len(v)-1))
			altered["cut"] = v[:len(v)-1]
		}
		return altered
	case []byte:
		altered := map[string]any{"a byte more": append(append([]byte(nil), v...), 0)}
		if len(v) > 0 {
			altered["first byte"], altered["last byte"] = flip(v, 0), flip(v, len(v)-1)
			altered["cut"] = v[:len(v)-1]
		}
		return altered
	}
	return nil
}

func TestAChangeOfAnyColumnOfTheAccessLogIsFound(t *testing.T) {
	t.Parallel()
	content, _ := original(t)
	old, oldKeys := olderLog(t)
	for name, log := range map[string]struct {
		content []byte
		keys    *sealing.Keyset
		table   string
		row     string
	}{
		"change":          {content, testKeys(), "audit", "length(document) > 0 AND version = 2"},
		"list":            {content, testKeys(), "audit", "action = 'list'"},
		"import":          {content, testKeys(), "audit", "action = 'import'"},
		"older change":    {old, oldKeys, "audit", "length(document) > 0"},
		"record of older": {old, oldKeys, "audit_target", "place = 0"},
	} {
		d := tampered(t, log.content, func(*sql.DB) error { return nil })
		var columns []string
		d.query(t, func(db *sql.DB) error {
			var names string
			err := db.QueryRow(`SELECT group_concat(name) FROM pragma_table_info($1)`, log.table).Scan(&names)
			columns = strings.Split(names, ",")
			return err
		})
		if len(columns) < 4 {
			t.Fatalf("%s has the columns %v", log.table, columns)
		}
		where := fmt.Sprintf("(lane, seq) = (SELECT lane, seq FROM %s WHERE %s ORDER BY seq LIMIT 1)", log.table, log.row)
		if log.table == "audit_target" {
			where += " AND " + log.row
		}
		for _, column := range columns {
			var value any
			d.query(t, func(db *sql.DB) error {
				return db.QueryRow(fmt.Sprintf("SELECT %s FROM %s WHERE %s", column, log.table, where)).Scan(&value)
			})
			altered := alterations(value)
			if len(altered) == 0 {
				t.Errorf("%s.%s holds %T", log.table, column, value)
			}
			if column == "seq" || column == "place" {
				altered = map[string]any{"after the others": int64(1000)} // the next are taken; a place only says the order
			}
			for how, to := range altered {
				t.Run(name+" "+column+" "+how, func(t *testing.T) {
					t.Parallel()
					d := tampered(t, log.content, func(db *sql.DB) error {
						_, err := db.Exec(fmt.Sprintf("UPDATE %s SET %s = $1 WHERE %s", log.table, column, where), to)
						return err
					})
					if findings, _ := d.findings(t, log.keys); len(findings) == 0 {
						t.Error("nothing was found")
					}
				})
			}
		}
	}
}

// olderLog is a database with a log from before format 3.
func olderLog(t *testing.T) ([]byte, *sealing.Keyset) {
	t.Helper()
	d := database{t.TempDir()}
	content, err := os.ReadFile(filepath.Join(releasedDir(2), DatabaseFile))
	ok(t, err)
	ok(t, os.WriteFile(filepath.Join(d.dir, DatabaseFile), content, 0o600))
	keyset, err := os.ReadFile(filepath.Join(releasedDir(2), "keyset.json"))
	ok(t, err)
	ok(t, os.WriteFile(filepath.Join(d.dir, "keyset.json"), keyset, 0o600))
	keys, err := sealing.Load(filepath.Join(d.dir, "keyset.json"))
	ok(t, err)
	d.query(t, func(db *sql.DB) error { return migrate(t.Context(), db) })
	d.sound(t, keys)
	content, err = os.ReadFile(filepath.Join(d.dir, DatabaseFile))
	ok(t, err)
	return content, keys
}

// swap exchanges a column of two rows of a table.
func swap(table, column, a, b string) string {
	return fmt.Sprintf(`UPDATE %[1]s SET %[2]s = CASE WHEN %[3]s THEN (SELECT %[2]s FROM %[1]s WHERE %[4]s)
		ELSE (SELECT %[2]s FROM %[1]s WHERE %[3]s) END WHERE %[3]s OR %[4]s`, table, column, a, b)
}

func TestTamperingWithRowsIsFound(t *testing.T) {
	t.Parallel()
	content, head := original(t)
	const (
		three = `(SELECT number FROM record WHERE version = 3)`
		seven = `(SELECT number FROM record WHERE version = 7)`
		page  = `seq = (SELECT min(seq) FROM audit WHERE action = 'list')`
	)
	tests := []struct {
		name   string
		change func(*sql.DB) error
		// chain: the access log itself shows it; heads: only a logged head shows it;
		// records: the comparison with the records shows it.
		chain, heads, records bool
	}{
		{"the first entry is gone", bySQL(`DELETE FROM audit WHERE seq = 1`), true, true, true},
		{"an entry in the middle is gone", bySQL(`DELETE FROM audit WHERE seq = 9`), true, true, false},
		{"an entry in the middle is gone and the others moved up", bySQL(`DELETE FROM audit WHERE seq = 9`,
			`UPDATE audit SET seq = seq - 1 WHERE seq > 9`), true, true, false},
		{"two entries have changed places", bySQL(`UPDATE audit SET seq = -1 WHERE seq = 3`, `UPDATE audit SET seq = 3 WHERE seq = 4`,
			`UPDATE audit SET seq = 4 WHERE seq = -1`), true, true, false},
		{"an entry comes twice", bySQL(`INSERT INTO audit SELECT lane, (SELECT max(seq) + 1 FROM audit), id, at, subject, name, kind,
			permission, purpose, action, target, record, version, members, outcome, status, correlation, address, document, hash, scope, count,
			format, object, object_name, roles, previous, touched FROM audit WHERE seq = 9`), true, true, false},
		{"an entry stands in another lane", bySQL(`UPDATE audit SET lane = 1 WHERE seq = (SELECT max(seq) FROM audit)`), true, true, false},
		{"the last entry of a read is cut off", bySQL(`DELETE FROM audit WHERE seq > 12`), false, true, true},
		{"the whole log is gone", bySQL(`DELETE FROM audit`), false, true, true},
		{"a record of a page is gone", bySQL(`UPDATE audit SET touched = CAST(substr(touched, 1, length(touched) - 16) AS BLOB) WHERE ` + page), true, true, false},
		{"two records of a page have changed places", bySQL(`UPDATE audit SET touched = CAST(substr(touched, 1, 1) || substr(touched, 18, 16) ||
			substr(touched, 2, 16) || substr(touched, 34) AS BLOB) WHERE ` + page), true, true, false},
		{"a page has no records", bySQL(`UPDATE audit SET touched = x'' WHERE ` + page), true, true, false},
		{"a read has a record", bySQL(`UPDATE audit SET touched = (SELECT touched FROM audit WHERE ` + page + `) WHERE seq = 9`), true, true, false},
		{"an entry has a row of an older format", bySQL(`INSERT INTO audit_target SELECT 0, 9, 0, record FROM audit WHERE seq = 1`), true, true, false},
		{"rows are left of an entry that is not there", bySQL(`INSERT INTO audit_target SELECT 0, (SELECT max(seq) + 1 FROM audit), 0,
			record FROM audit WHERE seq = 1`), true, true, false},
		{"an entry is said to be of an older format", bySQL(`UPDATE audit SET format = 0 WHERE seq = 9`), true, true, false},

		{"an imported record is gone with all its rows", bySQL(`DELETE FROM identifier WHERE record = `+seven, `DELETE FROM data_key WHERE record = `+seven,
			`DELETE FROM record WHERE version = 7`), false, false, true},
		{"two imported records have exchanged documents", bySQL(swap("record", "sealed", "version = 7", "version = 8")), false, false, true},
		{"an imported record has another version", bySQL(`UPDATE record SET version = 9 WHERE version = 7`), false, false, true},
		{"an imported record has another id", bySQL(`UPDATE record SET id = randomblob(16) WHERE version = 7`), false, false, true},
		{"two imported records have exchanged ids", bySQL(swap("record", "id", "version = 7", "version = 8")), false, false, true},

		{"a byte of a document has changed", bySQL(`UPDATE record SET sealed = CAST(substr(sealed, 1, 40) || x'00ff' || substr(sealed, 43) AS BLOB)
			WHERE version = 3`), false, false, true},
		{"two records have exchanged documents", bySQL(swap("record", "sealed", "version = 3", "version = 2")), false, false, true},
		{"two records have exchanged ids", bySQL(`UPDATE record SET version = version + 1000 WHERE version IN (2, 3)`,
			swap("record", "id", "version = 1003", "version = 1002"), `UPDATE record SET version = version - 1000 WHERE version > 1000`), false, false, true},
		{"two past versions have exchanged documents", bySQL(swap("history", "sealed", "(record = "+three+" AND version = 0)",
			"(record = "+three+" AND version = 1)")), false, false, true},
		{"a record is at its past version again", bySQL(`UPDATE record SET (version, modified, sealed) =
			(SELECT version, modified, sealed FROM history WHERE record = number AND version = 2) WHERE version = 3`,
			`DELETE FROM history WHERE version = 2`), false, false, true},
		{"a record is at its past version, which stays", bySQL(`UPDATE record SET (version, modified, sealed) =
			(SELECT version, modified, sealed FROM history WHERE record = number AND version = 2) WHERE version = 3`), false, false, true},
		{"a record has changed places with its past version", bySQL(
			`INSERT INTO history SELECT number, version, modified, sealed FROM record WHERE version = 3`,
			`UPDATE record SET (version, modified, sealed) =
			(SELECT version, modified, sealed FROM history WHERE record = number AND version = 2) WHERE version = 3`,
			`DELETE FROM history WHERE version = 2`), false, false, true},
		{"a record is gone", bySQL(`DELETE FROM record WHERE version = 3`), false, false, true},
		{"a record is gone and its version stands in the history", bySQL(
			`INSERT INTO history SELECT number, version, modified, sealed FROM record WHERE version = 3`,
			`DELETE FROM record WHERE version = 3`), false, false, true},
		{"a record is gone with all its rows", bySQL(`DELETE FROM history WHERE record = `+three, `DELETE FROM identifier WHERE record = `+three,
			`DELETE FROM data_key WHERE record = `+three, `DELETE FROM record WHERE version = 3`), false, false, true},
		{"a record is gone as if it had been erased", bySQL(`INSERT INTO tombstone (id, version, at, reason, by) SELECT id, version, 0, '', '' FROM record WHERE version = 3`,
			`DELETE FROM history WHERE record = `+three, `DELETE FROM identifier WHERE record = `+three,
			`DELETE FROM data_key WHERE record = `+three, `DELETE FROM record WHERE version = 3`), false, false, true},
		{"a person's id leads to another's record", bySQL(`UPDATE identifier SET record = ` + three + `
			WHERE uuid = (SELECT target FROM record WHERE version = 2)`), false, false, true},
		{"a record has another's target", bySQL(swap("record", "target", "version = 3", "version = 2")), false, false, true},
		{"a record and its ids have another's target", bySQL(swap("record", "target", "version = 3", "version = 2"),
			swap("identifier", "record", "uuid = (SELECT target FROM record WHERE version = 3)",
				"uuid = (SELECT target FROM record WHERE version = 2)")), false, false, true},
		{"an id leads to a record that does not have it", bySQL(`INSERT INTO identifier SELECT randomblob(16), number FROM record WHERE version = 3`), false, false, true},
		{"a data key is gone", bySQL(`DELETE FROM data_key WHERE record = ` + three), false, false, true},
		{"a past version is gone", bySQL(`DELETE FROM history WHERE version = 2`), false, false, true},
		{"a past version nobody wrote is there", bySQL(`INSERT INTO history SELECT record, 77, modified, sealed FROM history WHERE version = 2`), false, false, true},
		{"a record nobody wrote is there", bySQL(`INSERT INTO record (number, id, target, version, modified, sealed) SELECT 1000, randomblob(16), target, version, modified, sealed FROM record WHERE version = 3`), false, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := tampered(t, content, test.change)
			found := func(what string, findings []string, want bool) {
				t.Helper()
				if got := len(findings) > 0; got != want {
					t.Errorf("%s: found %q", what, findings)
				}
			}
			chain, records := d.findings(t, testKeys())
			found("without a head", chain, test.chain)
			withHead, _ := d.findings(t, testKeys(), head)
			found("with a head", withHead, test.heads)
			if test.records {
				found("records", records, true)
			}
		})
	}
}

func TestTamperingWithAnOlderLogIsFound(t *testing.T) {
	t.Parallel()
	content, keys := olderLog(t)
	for name, change := range map[string]func(*sql.DB) error{
		"records of a page are gone":      bySQL(`DELETE FROM audit_target WHERE place = 1`),
		"two records have changed places": bySQL(`UPDATE audit_target SET place = 100 WHERE place = 0`),
		"a page has a record more":        bySQL(`INSERT INTO audit_target SELECT lane, seq, 100, record FROM audit_target LIMIT 1`),
		"a change has a record":           bySQL(`INSERT INTO audit_target SELECT 0, 2, 0, record FROM audit_target LIMIT 1`),
		"rows are packed": bySQL(`UPDATE audit SET touched = (SELECT CAST(x'01' || group_concat(record, '') AS BLOB) FROM audit_target) WHERE action = 'list'`,
			`DELETE FROM audit_target`),
		"an entry is said to be of format 3": bySQL(`UPDATE audit SET format = 3 WHERE seq = 1`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if findings, _ := tampered(t, content, change).findings(t, keys); len(findings) == 0 {
				t.Error("nothing was found")
			}
		})
	}
}
