package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"equality-information-api/internal/store/pgtest"
)

// emptyHome returns a data directory whose database is empty, without even a schema, and
// the directory of the role that migrates it.
func emptyHome(t *testing.T) (dir, owner string) {
	t.Helper()
	c := pgtest.Shared(t)
	database := c.Create(t, "")
	return homeOf(t, c.DSN(database, pgtest.App)), homeOf(t, c.DSN(database, pgtest.Owner))
}

func migrate(owner string) (output string, status int) {
	cmd := command(append([]string{"migrate", "--app-role", pgtest.App}, at(owner)...)...)
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

// Processes that migrate a schema at once take turns, and a server under load does not
// notice.
func TestPostgresIsMigratedOnce(t *testing.T) {
	t.Parallel()
	dir, owner := emptyHome(t)
	together := func(n int) {
		var starters sync.WaitGroup
		for range n {
			starters.Go(func() {
				if out, status := migrate(owner); status != 0 {
					t.Errorf("status %d: %s", status, out)
				}
			})
		}
		starters.Wait()
	}
	together(3)
	p := startIn(t, dir)
	var l ledger
	l.writeUntil(t, p, p.token(t, "officer"), 50, func() {
		together(2)
		together(2)
		if status := p.stop(t); status != 0 {
			t.Errorf("stopped with status %d", status)
		}
	})
	l.checkAudit(t, dir, p.log())
}

// A program runs with three states of the schema: the one before it, its own, and the next
// one. Nothing is stopped for that.
func TestPostgresUpgradesInThreeStates(t *testing.T) {
	t.Parallel()
	const newest = 6 // the number of the last migration, which undone undoes
	undone := []string{
		"ALTER TABLE tombstone DROP CONSTRAINT tombstone_pkey", "ALTER TABLE tombstone DROP COLUMN kind", "ALTER TABLE tombstone ADD PRIMARY KEY (id)",
		"ALTER TABLE record DROP COLUMN merged", "ALTER TABLE outbox DROP COLUMN merged_into", "ALTER TABLE document DROP COLUMN merged",
	}
	dir, owner := emptyHome(t)
	p := startIn(t, dir)
	token := p.token(t, "officer")
	red := func(state string) {
		t.Helper()
		p.health(t, "/readyz", 503)
		for method, path := range map[string]string{"GET": records + "/" + seedID, "POST": records, "PATCH": records + "/" + seedID} {
			o := request{token: token}
			if method != "GET" {
				o.body = body(seedTarget, "")
			}
			if r := p.do(t, method, path, o); r.status != 503 || r.header.Get("Retry-After") == "" {
				t.Errorf("%s: %s is answered %d", state, method, r.status)
			}
		}
	}
	red("no schema")
	if out, status := migrate(owner); status != 0 {
		t.Fatalf("status %d: %s", status, out)
	}
	p.health(t, "/readyz", 200)
	m := p.create(t, token, "")
	if status := p.stop(t); status != 0 {
		t.Fatal(status)
	}

	// The schema as it was before its last migration.
	execute(t, dir, pgtest.Owner, append(undone, fmt.Sprintf("DELETE FROM goose_db_version WHERE version_id = %d", newest))...)
	p = p.restart(t)
	red("an older schema")
	if log := p.log(); !strings.Contains(log, "run equality-api migrate") {
		t.Errorf("the log does not say what to do: %s", log)
	}
	if out, status := migrate(owner); status != 0 {
		t.Fatalf("status %d: %s", status, out)
	}
	p.health(t, "/readyz", 200)
	p.patch(t, token, m, `{"disabled":true}`).want(t, 200)

	// The next program's schema is installed while this one runs, under load.
	var l ledger
	l.writeUntil(t, p, token, 60, func() {
		execute(t, dir, pgtest.Owner,
			"ALTER TABLE record ADD COLUMN later TEXT NOT NULL DEFAULT 'later'", "ALTER TABLE audit ADD COLUMN later BIGINT NOT NULL DEFAULT 7",
			"ALTER TABLE outbox ADD COLUMN later BIGINT", "CREATE TABLE later (id UUID PRIMARY KEY)", "CREATE INDEX later_at ON audit (at)",
			fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, true)", newest+1))
		time.Sleep(200 * time.Millisecond)
		p.health(t, "/readyz", 200)
		if status := p.stop(t); status != 0 {
			t.Errorf("stopped with status %d", status)
		}
	})
	if out, status := migrate(owner); status != 0 {
		t.Errorf("an older program's migrate: status %d: %s", status, out)
	}
	p = p.restart(t)
	p.health(t, "/readyz", 200)
	p.patch(t, token, m, `{"disabled":false}`).want(t, 200)
	l.check(t, p, token)
	sound(t, dir)
}

// The application's role adds to the access log, but can neither change nor remove entries,
// nor change a table. In all other tests servers have these rights and no more.
func TestPostgresRoleOfTheApplication(t *testing.T) {
	t.Parallel()
	dir := home(t)
	p := startIn(t, dir)
	p.create(t, p.token(t, "officer"), "")
	conn, err := pgx.Connect(t.Context(), asRole(dir, pgtest.App))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var forbidden []string
	for _, table := range []string{"audit", "audit_target"} {
		for _, form := range []string{"UPDATE %s SET lane = lane", "UPDATE %s SET seq = 1 WHERE false", "DELETE FROM %s", "TRUNCATE %s",
			"ALTER TABLE %s DISABLE TRIGGER ALL", "SELECT * FROM %s FOR UPDATE"} {
			forbidden = append(forbidden, fmt.Sprintf(form, table))
		}
	}
	for _, table := range []string{"meta", "record", "identifier", "history", "data_key", "nino_index", "audit", "audit_target", "outbox",
		"idempotency", "tombstone", "goose_db_version"} {
		for _, form := range []string{"ALTER TABLE %s ADD COLUMN more TEXT", "DROP TABLE %s", "TRUNCATE %s",
			"CREATE RULE r AS ON INSERT TO %s DO INSTEAD NOTHING"} {
			forbidden = append(forbidden, fmt.Sprintf(form, table))
		}
	}
	forbidden = append(forbidden, "CREATE TABLE more (id INTEGER)", "UPDATE history SET version = 1", "DELETE FROM tombstone", "UPDATE tombstone SET by = ''",
		"DELETE FROM meta", "DELETE FROM goose_db_version", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9, true)",
		"SET ROLE "+pgtest.Owner, "ALTER SYSTEM SET fsync = off", "COPY audit TO PROGRAM 'cat'")
	for _, statement := range forbidden {
		_, err := conn.Exec(t.Context(), statement)
		if failure, ok := errors.AsType[*pgconn.PgError](err); !ok || failure.Code != "42501" {
			t.Errorf("%s: %v, want SQLSTATE 42501", statement, err)
		}
	}
	sound(t, dir)
	var granted []string
	rows, err := conn.Query(t.Context(), `SELECT DISTINCT privilege_type::text FROM information_schema.role_table_grants
		WHERE grantee = current_user AND table_name LIKE 'audit%'`)
	if err == nil {
		granted, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(granted)
	same(t, granted, []string{"INSERT", "SELECT"})
}
