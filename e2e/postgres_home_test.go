package e2e

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // to read and change a database directly

	"equality-information-api/internal/store/pgtest"
)

// onPostgreSQL is the beginning of the names of tests with data in PostgreSQL. A test of
// SQLite runs on PostgreSQL if such a test calls it.
const onPostgreSQL = "TestPostgres"

// homeDSN is a file in a data directory with data in PostgreSQL: the connection string of
// the application's role.
const homeDSN = "database"

// home returns a new data directory: an empty one, or in a test of PostgreSQL one with data
// in its own database.
func home(t *testing.T) string {
	t.Helper()
	if !strings.HasPrefix(t.Name(), onPostgreSQL) {
		return t.TempDir()
	}
	return homeOn(t, pgtest.Shared(t))
}

// homeOn returns a new data directory with data in a database of a cluster.
func homeOn(t *testing.T, c *pgtest.Cluster) string {
	t.Helper()
	const template = "migrated"
	err := c.Template(template, func(database string) error {
		dir := t.TempDir()
		if err := inPostgreSQL(dir, c.DSN(database, pgtest.Owner)); err != nil {
			return err
		}
		if out, err := command(append([]string{"migrate", "--app-role", pgtest.App}, at(dir)...)...).CombinedOutput(); err != nil {
			return fmt.Errorf("migrate: %w: %s", err, out)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return homeOf(t, c.DSN(c.Create(t, template), pgtest.App))
}

// homeOf returns a new data directory with a keyset, with data in the database of a
// connection string.
func homeOf(t *testing.T, dsn string) string {
	t.Helper()
	dir := t.TempDir()
	if _, errs, status := runCommand(t, "keys", "init", "--data-dir", dir); status != 0 {
		t.Fatal(errs)
	}
	if err := inPostgreSQL(dir, dsn); err != nil {
		t.Fatal(err)
	}
	return dir
}

// inPostgreSQL records that the data of a directory are in a database. The password is in a
// file, as the program requires.
func inPostgreSQL(dir, dsn string) error {
	u, err := url.Parse(dsn)
	if err != nil {
		return err
	}
	password, _ := u.User.Password()
	passfile := filepath.Join(dir, "pgpass")
	u.User = url.User(u.User.Username())
	query := u.Query()
	query.Set("passfile", passfile)
	u.RawQuery = query.Encode()
	return errors.Join(os.WriteFile(passfile, fmt.Appendf(nil, "*:*:*:*:%s\n", password), 0o600),
		os.WriteFile(filepath.Join(dir, homeDSN), []byte(u.String()), 0o600))
}

// at returns the flags that say where the data of a directory are.
func at(dir string) []string {
	flags := []string{"--data-dir", dir}
	if dsn := dsnOf(dir); dsn != "" {
		flags = append(flags, "--database", dsn)
	}
	return flags
}

// dsnOf returns "" for a directory that contains its data.
func dsnOf(dir string) string {
	dsn, err := os.ReadFile(filepath.Join(dir, homeDSN))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		panic(err)
	}
	return string(dsn)
}

// asRole is the connection string of a directory's database for another role. In the tests
// all roles have one password.
func asRole(dir, role string) string {
	u, err := url.Parse(dsnOf(dir))
	if err != nil {
		panic(err)
	}
	u.User = url.User(role)
	return u.String()
}

// openBehind opens the database of a directory directly, without the program.
func openBehind(dir string) (*sql.DB, error) {
	if dsnOf(dir) == "" {
		return sql.Open("sqlite", "file:"+filepath.Join(dir, "equality.db")+"?mode=rw&_pragma=busy_timeout(1000)")
	}
	return sql.Open("pgx", asRole(dir, pgtest.Owner))
}

// execute runs statements on the database of a directory, one by one.
func execute(t *testing.T, dir, role string, statements ...string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, asRole(dir, role))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
