package postgres

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store/pgtest"
)

// tampering is a database with people, changes, reads, list pages and an import, in several
// lanes, and the last entries of its lanes. Each test changes a copy.
var tampering struct {
	once  sync.Once
	name  string
	heads []audit.Head
}

func original(t *testing.T) (template string, heads []audit.Head) {
	t.Helper()
	c := pgtest.Shared(t)
	tampering.once.Do(func() {
		const name = "tampering"
		ok(t, c.Template(name, func(name string) error {
			return Migrate(context.Background(), c.DSN(name, pgtest.Owner), pgtest.App)
		}))
		d := database{app: c.DSN(name, pgtest.App), owner: c.DSN(name, pgtest.Owner)}
		stores := []*fixture{open(t, d, ""), open(t, d, "")}
		for i, versions := range []int{1, 3, 4, 2} {
			f := stores[i%2]
			r := f.written(versions)
			f.list()
			for range 5 * laneCount() { // some in every lane, as the last entries
				_, err := f.read(r.TargetID)
				ok(t, err)
			}
		}
		stores[0].load(7, 8)
		for range 5 * laneCount() {
			_, err := stores[0].read(uuid.New())
			ok(t, err)
		}
		for _, f := range stores {
			tampering.heads = append(tampering.heads, f.Heads()...)
			ok(t, f.Close())
		}
		quiet(t, d)
		d.sound(t, tampering.heads...)
		tampering.name = name
	})
	if tampering.name == "" {
		t.Fatal("there is nothing to tamper with")
	}
	return tampering.name, tampering.heads
}

// bySQL is a change of some statements, each of which changes something.
func bySQL(statements ...string) func(context.Context, *pgx.Conn) error {
	return func(ctx context.Context, conn *pgx.Conn) error {
		for _, text := range statements {
			if tag, err := conn.Exec(ctx, text); err != nil || tag.RowsAffected() == 0 {
				return fmt.Errorf("%s changes nothing: %w", text, err)
			}
		}
		return nil
	}
}

// swap exchanges a column of two rows of a table.
func swap(table, column, a, b string) string {
	return fmt.Sprintf(`UPDATE %[1]s SET %[2]s = CASE WHEN %[3]s THEN (SELECT %[2]s FROM %[1]s WHERE %[4]s)
		ELSE (SELECT %[2]s FROM %[1]s WHERE %[3]s) END WHERE %[3]s OR %[4]s`, table, column, a, b)
}

// Parts of statements.
const (
	three = `(SELECT number FROM record WHERE version = 3)`
	lane0 = `lane = (SELECT min(lane) FROM audit)`
	back  = `UPDATE record SET (version, modified, sealed) =
		(SELECT version, modified, sealed FROM history WHERE record = number AND version = 2) WHERE version = 3`
	columns = `id, at, subject, name, kind, permission, purpose, action, target, record, version, members, outcome, status,
		correlation, address, document, hash, scope, count, format, object, object_name, roles, previous, touched`
	page  = `id = (SELECT id FROM audit WHERE action = 'list' AND length(touched) > 33 ORDER BY lane, seq LIMIT 1)`
	seven = `(SELECT number FROM record WHERE version = 7)`
)

var tamperings = []struct {
	name   string
	change func(context.Context, *pgx.Conn) error
	// chain: the access log itself shows it; heads: only a logged head shows it; records:
	// the comparison with the records shows it.
	chain, heads, records bool
}{
	{"the first entry of a lane is gone", bySQL(`DELETE FROM audit WHERE seq = 1 AND ` + lane0), true, true, false},
	{"an entry in the middle is gone", bySQL(`DELETE FROM audit WHERE seq = 3 AND ` + lane0), true, true, false},
	{"an entry is gone and the others moved up", bySQL(`DELETE FROM audit WHERE seq = 3 AND `+lane0,
		`UPDATE audit SET seq = -seq WHERE seq > 3 AND `+lane0, `UPDATE audit SET seq = -seq - 1 WHERE seq < 0`), true, true, false},
	{"two entries have changed places", bySQL(`UPDATE audit SET seq = -1 WHERE seq = 2 AND `+lane0,
		`UPDATE audit SET seq = 2 WHERE seq = 3 AND `+lane0, `UPDATE audit SET seq = 3 WHERE seq = -1`), true, true, false},
	{"an entry comes twice", bySQL(`INSERT INTO audit (lane, seq, ` + columns + `) SELECT lane, (SELECT max(seq) + 1 FROM audit b WHERE b.lane = a.lane), ` +
		columns + ` FROM audit a WHERE seq = 2 AND ` + lane0), true, true, false},
	{"an entry stands in a lane without any", bySQL(`UPDATE audit SET lane = 63, seq = 1 WHERE seq = 1 AND ` + lane0), true, true, false},
	{"the first entries of two lanes are exchanged", bySQL(`UPDATE audit SET seq = -lane - 1 WHERE seq = 1`,
		`UPDATE audit SET lane = (SELECT min(lane) + max(lane) FROM audit WHERE seq < 0) - lane, seq = 1 WHERE seq < 0
			AND lane IN ((SELECT min(lane) FROM audit WHERE seq < 0), (SELECT max(lane) FROM audit WHERE seq < 0))`,
		`UPDATE audit SET seq = seq WHERE seq = 1`), true, true, false},
	{"an entry stands in a lane that there is not", bySQL(`INSERT INTO audit (lane, seq, ` + columns + `) SELECT 64, 1, ` + columns +
		` FROM audit WHERE seq = 1 AND ` + lane0), true, true, false},
	{"a whole lane is gone", bySQL(`DELETE FROM audit WHERE ` + lane0), false, true, true},
	{"the last entry of a lane is cut off", bySQL(`DELETE FROM audit a WHERE action = 'read' AND seq = (SELECT max(seq) FROM audit b WHERE a.lane = b.lane)`), false, true, false},
	{"the whole log is gone", bySQL(`DELETE FROM audit`), false, true, true},
	{"an entry has another subject", bySQL(`UPDATE audit SET subject = 'officer-2' WHERE seq = 2 AND ` + lane0), true, true, false},
	{"an entry has a backslash that says the same", bySQL(`UPDATE audit SET subject = '\6f' || substr(subject, 2) WHERE seq = 2 AND ` + lane0), false, false, false},
	{"an entry has a backslash that says nothing", bySQL(`UPDATE audit SET name = name || '\x' WHERE seq = 2 AND ` + lane0), true, true, false},
	{"an entry is a microsecond later", bySQL(`UPDATE audit SET at = at + 1 WHERE seq = 2 AND ` + lane0), true, true, false},
	{"an entry counts more", bySQL(`UPDATE audit SET count = 1 WHERE seq = 2 AND ` + lane0), true, true, false},
	{"a record of a page is gone", bySQL(`UPDATE audit SET touched = substr(touched, 1, length(touched) - 16) WHERE ` + page), true, true, false},
	{"two records of a page have changed places", bySQL(`UPDATE audit SET touched = substr(touched, 1, 1) || substr(touched, 18, 16) ||
		substr(touched, 2, 16) || substr(touched, 34) WHERE ` + page), true, true, false},
	{"a page has no records", bySQL(`UPDATE audit SET touched = '' WHERE ` + page), true, true, false},
	{"a read has a record", bySQL(`UPDATE audit SET touched = (SELECT touched FROM audit WHERE ` + page + `) WHERE seq = 2 AND ` + lane0), true, true, false},
	{"an entry has a row of an older format", bySQL(`INSERT INTO audit_target SELECT lane, seq, 0, id FROM audit WHERE seq = 2 AND ` + lane0), true, true, false},
	{"rows are left of an entry that is not there", bySQL(`INSERT INTO audit_target SELECT lane, 9999, 0, id FROM audit WHERE seq = 2 AND ` + lane0), true, true, false},
	{"an entry is said to be of an older format", bySQL(`UPDATE audit SET format = 0 WHERE seq = 2 AND ` + lane0), true, true, false},
	{"an entry is of a format that there is not", bySQL(`UPDATE audit SET format = 5 WHERE seq = 2 AND ` + lane0), true, true, false},
	{"an entry is about another kind of object", bySQL(`UPDATE audit SET object = 'person' WHERE seq = 2 AND ` + lane0), true, true, false},
	{"an entry is about another area", bySQL(`UPDATE audit SET object_name = 'an area' WHERE seq = 2 AND ` + lane0), true, true, false},
	{"an entry has another role", bySQL(`UPDATE audit SET roles = 'admin' WHERE seq = 2 AND ` + lane0), true, true, false},
	{"an entry has a previous document", bySQL(`UPDATE audit SET previous = '\x01' WHERE seq = 2 AND ` + lane0), true, true, false},

	{"an imported record is gone with all its rows", bySQL(`DELETE FROM identifier WHERE record = `+seven, `DELETE FROM data_key WHERE record = `+seven,
		`DELETE FROM record WHERE version = 7`), false, false, true},
	{"two imported records have exchanged documents", bySQL(swap("record", "sealed", "version = 7", "version = 8")), false, false, true},
	{"an imported record has another version", bySQL(`UPDATE record SET version = 9 WHERE version = 7`), false, false, true},
	{"an imported record has another id", bySQL(`UPDATE record SET id = gen_random_uuid() WHERE version = 7`), false, false, true},

	{"a byte of a document has changed", bySQL(`UPDATE record SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE version = 3`), false, false, true},
	{"two records have exchanged documents", bySQL(swap("record", "sealed", "version = 3", "version = 2")), false, false, true},
	{"two records have exchanged ids", bySQL(swap("record", "id", "version = 3", "version = 2")), false, false, true},
	{"two past versions have exchanged documents", bySQL(swap("history", "sealed", "(record = "+three+" AND version = 0)",
		"(record = "+three+" AND version = 1)")), false, false, true},
	{"a record is at its past version again", bySQL(back, `DELETE FROM history WHERE version = 2`), false, false, true},
	{"a record is at its past version, which stays", bySQL(back), false, false, true},
	{"a record has changed places with its past version", bySQL(
		`INSERT INTO history SELECT number, version, modified, sealed FROM record WHERE version = 3`, back, `DELETE FROM history WHERE version = 2`), false, false, true},
	{"a record is gone with all its rows", bySQL(`DELETE FROM history WHERE record = `+three, `DELETE FROM identifier WHERE record = `+three,
		`DELETE FROM data_key WHERE record = `+three, `DELETE FROM record WHERE version = 3`), false, false, true},
	{"a record is gone as if it had been erased", bySQL(`INSERT INTO tombstone (id, version, at, reason, by) SELECT id, version, 0, '', '' FROM record WHERE version = 3`,
		`DELETE FROM history WHERE record = `+three, `DELETE FROM identifier WHERE record = `+three,
		`DELETE FROM data_key WHERE record = `+three, `DELETE FROM record WHERE version = 3`), false, false, true},
	{"a person's id leads to another's record", bySQL(`UPDATE identifier SET record = ` + three + `
		WHERE uuid = (SELECT target FROM record WHERE version = 2)`), false, false, true},
	{"a record and its ids have another's target", bySQL(swap("record", "target", "version = 3", "version = 2"),
		swap("identifier", "record", "uuid = (SELECT target FROM record WHERE version = 3)",
			"uuid = (SELECT target FROM record WHERE version = 2)")), false, false, true},
	{"an id leads to a record that does not have it", bySQL(`INSERT INTO identifier SELECT gen_random_uuid(), number FROM record WHERE version = 3`), false, false, true},
	{"a data key is gone", bySQL(`DELETE FROM data_key WHERE record = ` + three), false, false, true},
	{"a past version is gone", bySQL(`DELETE FROM history WHERE version = 2`), false, false, true},
	{"a past version nobody wrote is there", bySQL(`INSERT INTO history SELECT record, 77, modified, sealed FROM history WHERE version = 2`), false, false, true},
	{"a record nobody wrote is there", bySQL(`INSERT INTO record SELECT 1000, gen_random_uuid(), target, version, modified, sealed FROM record WHERE version = 3`), false, false, true},
}

// A log from before format 3 has its records in rows of their own.
func TestTamperingWithAnOlderLogIsFound(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(context.Context, *pgx.Conn) error{
		"a record of a page is gone":         bySQL(`DELETE FROM audit_target WHERE place = 1`),
		"an entry has roles":                 bySQL(`UPDATE audit SET roles = 'officer' WHERE seq = 1`),
		"an entry has a list":                bySQL(`UPDATE audit SET touched = '\x01' WHERE seq = 1`),
		"an entry is said to be of format 3": bySQL(`UPDATE audit SET format = 3 WHERE seq = 1`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, keys := released(t, 2)
			d.query(t, change)
			if findings, _ := d.findings(t, keys); len(findings) == 0 {
				t.Error("nothing was found")
			}
		})
	}
}

func TestTamperingWithRowsIsFound(t *testing.T) {
	t.Parallel()
	template, heads := original(t)
	c := pgtest.Shared(t)
	var copying sync.Mutex // a database can only be copied once at a time
	for _, test := range tamperings {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			copying.Lock()
			name := c.Create(t, template)
			copying.Unlock()
			d := database{app: c.DSN(name, pgtest.App), owner: c.DSN(name, pgtest.Owner)}
			d.query(t, test.change)
			found := func(what string, findings []string, want bool) {
				t.Helper()
				if got := len(findings) > 0; got != want {
					t.Errorf("%s: found %q", what, findings)
				}
			}
			chain, records := d.findings(t, testKeys())
			found("without heads", chain, test.chain)
			withHeads, _ := d.findings(t, testKeys(), heads...)
			found("with heads", withHeads, test.heads)
			if test.records {
				found("records", records, true)
			}
		})
	}
}
