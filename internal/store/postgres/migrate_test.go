package postgres

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store/pgtest"
)

// rights are all rights of the application's role, by table.
var rights = map[string]string{
	"meta":             "SELECT INSERT UPDATE",
	"record":           "SELECT INSERT UPDATE DELETE",
	"identifier":       "SELECT INSERT DELETE",
	"history":          "SELECT INSERT DELETE",
	"data_key":         "SELECT INSERT DELETE",
	"nino_index":       "SELECT INSERT DELETE",
	"audit":            "SELECT INSERT",
	"audit_target":     "SELECT INSERT",
	"outbox":           "SELECT INSERT UPDATE DELETE",
	"idempotency":      "SELECT INSERT UPDATE DELETE",
	"tombstone":        "SELECT INSERT",
	"document":         "SELECT INSERT UPDATE DELETE",
	"document_history": "SELECT INSERT DELETE",
	"owner_key":        "SELECT INSERT DELETE",
	"goose_db_version": "SELECT",
}

// granted returns the rights of a role in the tables of a database.
func granted(t *testing.T, d database, role string) map[string]string {
	t.Helper()
	got := make(map[string]string)
	d.query(t, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT tablename::text, coalesce((SELECT string_agg(p, ' ' ORDER BY n)
			FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) WITH ORDINALITY AS rights (p, n)
			WHERE has_table_privilege($1, quote_ident(tablename), p) OR n < 4 AND has_any_column_privilege($1, quote_ident(tablename), p)), '')
			FROM pg_tables WHERE schemaname = 'public'`, role)
		if err != nil {
			return err
		}
		var table, has string
		_, err = pgx.ForEachRow(rows, []any{&table, &has}, func() error { got[table] = has; return nil })
		return err
	})
	return got
}

func TestTheApplicationsRoleHasItsRightsAndNoMore(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	if diff := cmp.Diff(rights, granted(t, d, pgtest.App)); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
	ok(t, open(t, d, "").Close()) // the database gets its check value
	app := database{owner: d.app}
	for _, refused := range []string{"CREATE TABLE public.mine ()", "TRUNCATE outbox", "DELETE FROM audit", "UPDATE audit SET seq = 0",
		"UPDATE audit_target SET place = 0", "UPDATE history SET version = 0", "DELETE FROM tombstone", "DROP TABLE record",
		"ALTER TABLE audit DISABLE TRIGGER ALL", "SELECT setval('outbox_position_seq', 1)", "UPDATE goose_db_version SET version_id = 99",
		"UPDATE data_key SET wrapped = ''", "UPDATE owner_key SET wrapped = ''", "UPDATE meta SET name = 'other'",
		"UPDATE meta SET value = '' WHERE name = 'keyset-check'",
		"INSERT INTO meta VALUES ('keyset-check', '') ON CONFLICT (name) DO UPDATE SET value = excluded.value"} {
		app.query(t, func(ctx context.Context, conn *pgx.Conn) error {
			if _, err := conn.Exec(ctx, refused); code(err) != "42501" {
				t.Errorf("%s: %v", refused, err)
			}
			return nil
		})
	}
}

func TestManyMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	c := pgtest.Shared(t)
	name := c.Create(t, "")
	d := database{app: c.DSN(name, pgtest.App), owner: c.DSN(name, pgtest.Owner)}
	for round := range 2 { // on an empty database, and when there is nothing left to do
		for i, err := range together(4, func(int) error { return Migrate(t.Context(), d.owner, pgtest.App) }) {
			if err != nil {
				t.Errorf("round %d, %d: %v", round, i, err)
			}
		}
	}
	if n := value[int64](t, d, "SELECT count(*) FROM goose_db_version WHERE version_id > 0"); n != schemaVersion() {
		t.Errorf("%d migrations are noted, of %d", n, schemaVersion())
	}
	if diff := cmp.Diff(rights, granted(t, d, pgtest.App)); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
	f := open(t, d, "")
	f.written(2)
	ok(t, f.Close())
	d.sound(t)
}

// Processes write while the schema is migrated again.
func TestMigratingTakesNoRightAwayForAMoment(t *testing.T) {
	t.Parallel()
	c := pgtest.Shared(t)
	name := c.Create(t, "")
	d := database{app: c.DSN(name, pgtest.App), owner: c.DSN(name, pgtest.Owner)}
	ok(t, Migrate(t.Context(), d.owner, pgtest.App))
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, d.app)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(ctx)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := conn.Exec(ctx, "SELECT FROM audit LIMIT 1"); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for range 5 {
		ok(t, Migrate(t.Context(), d.owner, pgtest.App))
	}
	close(stop)
	<-done
}

func TestARoleMayHaveAnyName(t *testing.T) {
	t.Parallel()
	c := pgtest.Shared(t)
	name := c.Create(t, "")
	d := database{owner: c.DSN(name, pgtest.Owner)}
	const role = `Council's "app_role"; DROP TABLE audit`
	asSuperuser(t, c, "CREATE ROLE "+pgx.Identifier{role}.Sanitize())
	ok(t, Migrate(t.Context(), d.owner, ""))
	for table, has := range granted(t, d, role) {
		if has != "" {
			t.Errorf("a role that was not named has %s on %s", has, table)
		}
	}
	ok(t, Migrate(t.Context(), d.owner, role))
	if diff := cmp.Diff(rights, granted(t, d, role)); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
	if err := Migrate(t.Context(), d.owner, "nobody_at_all"); err == nil {
		t.Error("a role that is not there has its rights")
	}
}

// schemaOf describes every column and index of a database.
func schemaOf(t *testing.T, d database) string {
	t.Helper()
	return value[string](t, d, `SELECT string_agg(line, E'\n' ORDER BY line) FROM (
		SELECT format('%s.%s %s %s %s %s', table_name, column_name, data_type, is_nullable, column_default, collation_name) AS line
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%'
		UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'goose%') AS lines`)
}

func TestMigratingStepByStepIsTheSame(t *testing.T) {
	t.Parallel()
	c := pgtest.Shared(t)
	at, steps := c.Create(t, ""), c.Create(t, "")
	once := database{owner: c.DSN(at, pgtest.Owner)}
	ok(t, Migrate(t.Context(), once.owner, ""))
	stepped := database{owner: c.DSN(steps, pgtest.Owner)}
	db, err := openSQL(stepped.owner)
	ok(t, err)
	defer func() { ok(t, db.Close()) }()
	for version := int64(1); version <= schemaVersion(); version++ {
		ok(t, migrateTo(t.Context(), db, "", version))
	}
	if diff := cmp.Diff(schemaOf(t, once), schemaOf(t, stepped)); diff != "" {
		t.Errorf("schema (-at once +step by step):\n%s", diff)
	}
}
