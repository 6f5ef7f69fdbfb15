package postgres

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
)

// queryNames are the names of the query files that PostgreSQL runs: its own,
// and those that its code, or what the engines share, names.
func queryNames(t *testing.T) (names []string) {
	t.Helper()
	var code strings.Builder
	for _, pattern := range []string{"*.go", "../*.go"} {
		files, err := filepath.Glob(pattern)
		ok(t, err)
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				text, err := os.ReadFile(file)
				ok(t, err)
				code.Write(text)
			}
		}
	}
	for _, pattern := range []string{"../queries/*.sql", "../queries/postgres/*.sql"} {
		files, err := filepath.Glob(pattern)
		ok(t, err)
		for _, file := range files {
			name := strings.TrimSuffix(strings.TrimPrefix(file, "../queries/"), ".sql")
			if strings.Contains(code.String(), `"`+name+`"`) {
				names = append(names, name)
			}
		}
	}
	return names
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// arguments are those that queries with a limit usually get. What such a query
// does depends on how many rows it is to give: the server learns that it has to
// plan for the number.
var arguments = map[string]string{
	"list-by-id":        "'80000000-0000-4000-8000-000000000000', 101",
	"list-by-time":      "50000, '80000000-0000-4000-8000-000000000000', 9223372036854775807, 101",
	"history-read":      "7, 9223372036854775807, 100",
	"outbox-read":       "10000, 100",
	"outbox-trim-until": "1, 1000",
	"idempotency-trim":  "1, 1000",
	"audit-walk":        "2, 1000, 1000",
	"audit-target-walk": "2, 1000, 2, 2000",
}

// plan is what PostgreSQL does for a query: for one with usual arguments when
// it has been asked often enough to choose, else whatever the arguments are.
func plan(ctx context.Context, conn *pgx.Conn, name string) (steps []string, err error) {
	query := store.Query(name)
	parameters := make(map[string]bool)
	for _, p := range parameter.FindAllString(query, -1) {
		parameters[p] = true
	}
	mode, times := "auto", 8
	execute, usual := arguments[name]
	if !usual {
		mode, times = "force_generic_plan", 1
		execute = strings.TrimSuffix(strings.Repeat("NULL, ", len(parameters)), ", ")
	}
	if execute != "" {
		execute = "(" + execute + ")"
	}
	for _, statement := range []string{"SET plan_cache_mode = " + mode, "PREPARE asked AS " + query} {
		if _, err := conn.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			return nil, err
		}
	}
	defer func() { _, _ = conn.Exec(ctx, "DEALLOCATE asked") }()
	for range times {
		rows, err := conn.Query(ctx, "EXPLAIN (COSTS OFF) EXECUTE asked"+execute, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return nil, err
		}
		if steps, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// fill makes a database of a hundred thousand people, in which a plan is not
// chosen for want of rows.
func (d database) fill(t *testing.T) {
	t.Helper()
	d.exec(t,
		`INSERT INTO record SELECT n, gen_random_uuid(), gen_random_uuid(), 0, n, '' FROM generate_series(1, 100000) AS n`,
		`INSERT INTO identifier SELECT id, number FROM record UNION ALL SELECT target, number FROM record`,
		`INSERT INTO data_key SELECT number, '' FROM record`,
		`INSERT INTO history SELECT n, v, n, '' FROM generate_series(1, 10000) AS n, generate_series(0, 1) AS v`,
		`INSERT INTO nino_index SELECT decode(md5(n::text), 'hex'), n FROM generate_series(1, 20000) AS n`,
		`INSERT INTO audit SELECT n % 8, n, gen_random_uuid(), n, '', '', '', '', '', '', gen_random_uuid(), gen_random_uuid(), 0, '', '', 0,
			gen_random_uuid(), '', '', '' FROM generate_series(1, 20000) AS n`,
		`INSERT INTO audit_target SELECT lane, seq, p, record FROM audit, generate_series(0, 1) AS p`,
		`INSERT INTO outbox SELECT nullif(n, 20000), gen_random_uuid(), n, '', gen_random_uuid(), gen_random_uuid(), 0, '', gen_random_uuid()
			FROM generate_series(1, 20000) AS n`,
		`INSERT INTO idempotency SELECT decode(md5(n::text), 'hex'), '', n, 200, '', gen_random_uuid(), 0 FROM generate_series(1, 20000) AS n`,
		`INSERT INTO tombstone SELECT gen_random_uuid(), 0, n, '', '' FROM generate_series(1, 5000) AS n`,
		`INSERT INTO meta SELECT 'mark:' || n, '' FROM generate_series(1, 5000) AS n`)()
	d.exec(t, "ANALYZE record, identifier, data_key, history, nino_index, audit, audit_target, outbox, idempotency, tombstone, meta")()
}

func TestNoQueryReadsAWholeTable(t *testing.T) {
	t.Parallel()
	d := ownDatabase(t)
	d.fill(t)
	// What is meant to: verification and counting, whether the log has any entry, and what finishes a restore.
	meant := map[string][]string{
		"verify-documents":   {"audit a", "identifier i", "record r", "history h", "tombstone t"},
		"verify-records":     {"record r", "data_key k", "identifier own", "identifier person"},
		"verify-identifiers": {"identifier i", "record r"},
		"verify-count":       {"record", "history"},
		"record-count":       {"record"},
		"restore-lost":       {"record r", "data_key"},
		"postgres/entered":   {"audit"},
		"postgres/schema":    {"goose_db_version"},

		"postgres/gone-find":   {"record r", "audit a", "tombstone t", "tombstone e"},
		"postgres/gone-tables": {"pg_class c"},
		"postgres/keys-astray": {"record r", "data_key k"},

		"postgres/restore-sessions": {"pg_database d"},
	}
	// What sorts a page, or those that have no position yet.
	sorts := []string{"verify-documents", "outbox-read", "audit-target-walk", "postgres/feed-number"}
	scan := regexp.MustCompile(`Seq Scan on (\w+(?: \w+)?)`)
	d.query(t, func(ctx context.Context, conn *pgx.Conn) error {
		names := queryNames(t)
		if len(names) < 30 {
			t.Errorf("only %d queries: %q", len(names), names)
		}
		for _, name := range names {
			if name == "postgres/restore-alone" {
				continue // a lock has no plan
			}
			steps, err := plan(ctx, conn, name)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			for _, step := range steps {
				if found := scan.FindStringSubmatch(step); found != nil && !slices.Contains(meant[name], found[1]) {
					t.Errorf("%s reads the whole of %s:\n%s", name, found[1], strings.Join(steps, "\n"))
				}
				if strings.Contains(step, "Sort Key") && !slices.Contains(sorts, name) {
					t.Errorf("%s sorts:\n%s", name, strings.Join(steps, "\n"))
				}
			}
		}
		for name := range meant {
			if !slices.Contains(names, name) {
				t.Errorf("there is no query %s", name)
			}
		}
		return nil
	})
	d.readsByIndex(t)
}

// readsByIndex reads any number of records that are asked for together by their
// ids, with a plan made for them and with one for any.
func (d database) readsByIndex(t *testing.T) {
	t.Helper()
	for _, mode := range []string{"force_generic_plan", "force_custom_plan"} {
		d.query(t, func(ctx context.Context, conn *pgx.Conn) error {
			if _, err := conn.Exec(ctx, "SET plan_cache_mode = "+mode); err != nil {
				return err
			}
			for _, n := range []int{1, 2, 10, findTogether} {
				rows, err := conn.Query(ctx, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "+store.Query("postgres/records-read"), some(ctx, t, d, n))
				if err != nil {
					return err
				}
				steps, err := pgx.CollectRows(rows, pgx.RowTo[string])
				if err != nil {
					return err
				}
				text := strings.Join(steps, "\n")
				if strings.Contains(text, "Seq Scan") || strings.Count(text, "Index Scan") != 3 {
					t.Errorf("%d records, %s:\n%s", n, mode, text)
				}
			}
			return nil
		})
	}
}

// The statements for any number of rows have one plan: the number changes with
// every batch, and to plan costs the server more than to read.
func TestStatementsForManyArePlannedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(1)
	conn, err := f.pool.Acquire(t.Context())
	ok(t, err)
	defer conn.Release()
	const times = 20
	head := audit.Head{Lane: 1000}
	for n := range times {
		ok(t, readRows(t.Context(), conn, make([]uuid.UUID, 1+n%7), func(uuid.UUID, *store.Row) {}))
		several := entry("list")
		for range n % 7 {
			several.Records = append(several.Records, r.ID)
		}
		b := newBatch(f.Store, head, entered(slices.Repeat([]audit.Entry{several}, 1+n%7)))
		ok(t, conn.SendBatch(t.Context(), &b.batch).Close())
		head = b.head
	}
	for _, name := range []string{"postgres/records-read", "postgres/audit-append", "postgres/audit-target-append"} {
		var generic, custom int
		ok(t, conn.QueryRow(t.Context(), "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1",
			store.Query(name)).Scan(&generic, &custom))
		if custom > 5 || generic < times/2 { // the server tries five before it takes one for all
			t.Errorf("%s was planned anew %d times, and %d times not", name, custom, generic)
		}
	}
}

// some are ids of records.
func some(ctx context.Context, t *testing.T, d database, n int) (ids [][16]byte) {
	t.Helper()
	d.query(t, func(_ context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, "SELECT uuid FROM identifier LIMIT $1", n)
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[[16]byte])
		return err
	})
	return ids
}
