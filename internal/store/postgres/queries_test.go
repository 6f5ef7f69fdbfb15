package postgres

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// plan is PostgreSQL's plan for a query with the values of its sample, after enough
// executions to choose between a plan for these values and a generic one. For queries with
// a limit the first is better: the server knows the number of rows.
func plan(ctx context.Context, conn *pgx.Conn, q *queries.Query) (steps []string, err error) {
	execute := "EXPLAIN (COSTS OFF) EXECUTE asked"
	if len(q.Sample) > 0 {
		execute += "(" + strings.Join(q.Sample, ", ") + ")"
	}
	if _, err := conn.Exec(ctx, "PREPARE asked AS "+q.SQL, pgx.QueryExecModeSimpleProtocol); err != nil {
		return nil, err
	}
	defer func() { _, _ = conn.Exec(ctx, "DEALLOCATE asked") }()
	const times = 8 // the server makes five before it may choose a generic one
	for range times {
		rows, err := conn.Query(ctx, execute, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return nil, err
		}
		if steps, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// fill adds a hundred thousand people, so that no plan is chosen because there are few
// rows.
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
		`INSERT INTO tombstone (id, version, at, reason, by) SELECT gen_random_uuid(), 0, n, '', '' FROM generate_series(1, 5000) AS n`,
		`INSERT INTO document SELECT 2, target, 3, '', 0, number, '' FROM record`,
		`INSERT INTO owner_key SELECT owner_kind, owner, '' FROM document`,
		`INSERT INTO meta SELECT 'mark:' || n, '' FROM generate_series(1, 5000) AS n`)()
	d.exec(t, "ANALYZE record, identifier, data_key, history, nino_index, audit, audit_target, outbox, idempotency, tombstone, document, owner_key, meta")()
}

func TestNoQueryReadsAWholeTable(t *testing.T) {
	t.Parallel()
	d := ownDatabase(t)
	d.fill(t)
	// Queries that are meant to: verification and counting, whether there is any entry or tombstone,
	// and finishing a restore.
	meant := map[*queries.Query][]string{
		queries.VerifyDocuments:        {"audit"},
		queries.VerifyRecords:          {"history h", "record r", "data_key k", "identifier own", "identifier person"},
		queries.VerifyIdentifiers:      {"identifier i", "record r"},
		queries.VerifyHidden:           {"record", "identifier", "document", "document l", "document l_1", "document d", "identifier i", "record r"},
		queries.VerifyHistory:          {"history h", "record r", "data_key k"},
		queries.VerifyEvents:           {"outbox o", "record r", "tombstone t", "identifier i"},
		queries.VerifyKeys:             {"data_key k", "record r", "owner_key o", "document d"},
		queries.VerifyNumbers:          {"nino_index"},
		queries.VerifyOutcomes:         {"idempotency"},
		queries.VerifyValues:           {"meta"},
		queries.VerifyTombstones:       {"tombstone"},
		queries.VerifyDocumentVersions: {"document", "document_history h", "document d", "owner_key own", "identifier i", "data_key record"},
		queries.RecordCount:            {"record"},
		queries.EntryCount:             {"document"},
		queries.EntryWalk:              {"document d", "owner_key k"},
		queries.RestoreLost:            {"record r", "data_key", "document d", "owner_key k"},
		queries.PostgresEntered:        {"audit"},
		queries.PostgresIDsTaken:       {"tombstone first"},
		queries.SchemaVersion:          {"goose_db_version"},
		queries.PostgresSchema:         {"goose_db_version"},

		queries.RestoreErased:      {"record r", "tombstone t", "audit", "audit audit_1", "audit ended", "audit lanes"},
		queries.EraseNumbers:       {"nino_index"},
		queries.PostgresKeysAstray: {"record r", "data_key k"},

		queries.PostgresOwnerKeysAstray: {"document d", "owner_key k"},

		queries.PostgresRestoreSessions: {"pg_database d"},
	}
	// Queries that sort a page, or events without a position.
	sorts := []*queries.Query{queries.VerifyEvents, queries.EntryWalk, queries.RestoreLost, queries.RestoreErased, queries.OutboxRead, queries.AuditTargetWalk, queries.PostgresFeedNumber}
	scan := regexp.MustCompile(`Seq Scan on (\w+(?: \w+)?)`)
	d.query(t, func(ctx context.Context, conn *pgx.Conn) error {
		for _, q := range queries.Of("postgres") {
			if slices.Contains([]*queries.Query{queries.PostgresRestoreAlone, queries.PostgresEraseLock, queries.PostgresImportLock, queries.PostgresImportPeopleLock,
				queries.PostgresLockUsual}, q) {
				continue // a lock has no plan, nor has a setting
			}
			steps, err := plan(ctx, conn, q)
			if err != nil {
				return fmt.Errorf("%s: %w", q.Name, err)
			}
			for _, step := range steps {
				if found := scan.FindStringSubmatch(step); found != nil && !slices.Contains(meant[q], found[1]) {
					t.Errorf("%s reads the whole of %s:\n%s", q.Name, found[1], strings.Join(steps, "\n"))
				}
				if strings.Contains(step, "Sort Key") && !slices.Contains(sorts, q) {
					t.Errorf("%s sorts:\n%s", q.Name, strings.Join(steps, "\n"))
				}
			}
		}
		return nil
	})
	d.readsByIndex(t)
}

// readsByIndex reads different numbers of records by their ids, with a plan for these and
// with a generic one.
func (d database) readsByIndex(t *testing.T) {
	t.Helper()
	for _, mode := range []string{"force_generic_plan", "force_custom_plan"} {
		d.query(t, func(ctx context.Context, conn *pgx.Conn) error {
			if _, err := conn.Exec(ctx, "SET plan_cache_mode = "+mode); err != nil {
				return err
			}
			for _, n := range []int{1, 2, 10, findTogether} {
				for query, tables := range map[*queries.Query]int{queries.PostgresRecordsRead: 3, queries.PostgresRecordsEntriesRead: 5} {
					rows, err := conn.Query(ctx, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "+query.SQL, some(ctx, t, d, n))
					if err != nil {
						return err
					}
					steps, err := pgx.CollectRows(rows, pgx.RowTo[string])
					if err != nil {
						return err
					}
					text := strings.Join(steps, "\n")
					if strings.Contains(text, "Seq Scan") || strings.Count(text, "Index Scan") != tables {
						t.Errorf("%s of %d, %s:\n%s", query.Name, n, mode, text)
					}
				}
			}
			return nil
		})
	}
}

// The statements for any number of rows share one plan: the number changes with every
// batch, and planning costs the server more than reading.
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
		ok(t, readRowsWithEntries(t.Context(), conn, make([]uuid.UUID, 1+n%7), func(uuid.UUID, *store.Row) {}))
		several := entry("list")
		for range n % 7 {
			several.Touched = several.Touched.AppendID(r.ID)
		}
		b := newBatch(f.Store, head, entered(slices.Repeat([]audit.Entry{several}, 1+n%7)), false)
		ok(t, conn.SendBatch(t.Context(), &b.batch).Close())
		head = b.head
	}
	for _, q := range []*queries.Query{queries.PostgresRecordsRead, queries.PostgresRecordsEntriesRead, queries.PostgresAuditAppend} {
		var generic, custom int
		ok(t, conn.QueryRow(t.Context(), "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1",
			q.SQL).Scan(&generic, &custom))
		if custom > 5 || generic < times/2 { // the server makes five before it may choose a generic one
			t.Errorf("%s was planned anew %d times, and %d times not", q.Name, custom, generic)
		}
	}
}

// some returns ids of records.
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
