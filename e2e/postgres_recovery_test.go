package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store/pgtest"
)

// The two dumps of docs/operations.md: the records, and their keys.
var (
	recordsOfDump = []string{"--exclude-table-data=data_key", "--exclude-table-data=owner_key", "--exclude-table-data=tombstone"}
	keysOfDump    = []string{"--data-only", "--table=data_key", "--table=owner_key", "--table=tombstone", "--rows-per-insert=1000", "--on-conflict-do-nothing"}
)

// site is a data directory with a keyset, and its data in PostgreSQL.
type site struct {
	dir, passfile string
	cluster       *pgtest.Cluster
	database      string
	identity      *age.X25519Identity // opens its dumps
}

// newSite is a site with an empty database.
func newSite(t *testing.T, c *pgtest.Cluster) site {
	t.Helper()
	s := site{dir: newDir(t), cluster: c, database: c.Create(t, ""), identity: newIdentity(t)}
	u, err := url.Parse(c.DSN(s.database, pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	s.passfile = write(t, "pgpass", "*:*:*:*:"+password+"\n")
	s.command(t, 0, "migrate", "--app-role", pgtest.App)
	return s
}

// dsn is the connection string of a role, in an operator's form.
func (s site) dsn(role string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable&passfile=%s", role, s.cluster.Port, s.database, s.passfile)
}

func (s site) start(t *testing.T) *program {
	t.Helper()
	return startIn(t, s.dir, "--database", s.dsn(pgtest.App))
}

// command runs a command of the binary as the owner of the tables.
func (s site) command(t *testing.T, want int, name string, args ...string) (output string) {
	t.Helper()
	args = append([]string{name, "--data-dir", s.dir, "--database", s.dsn(pgtest.Owner)}, args...)
	out, errs, status := runCommand(t, args...)
	if status != want {
		t.Fatalf("%s: status %d\n%s%s", name, status, out, errs)
	}
	return out + errs
}

// dump writes a file with pg_dump, encrypted.
func (s site) dump(t *testing.T, path string, args ...string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := age.Encrypt(f, s.identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	cmd := pgTool(t, s.cluster, "pg_dump", append(append([]string{"-Fc"}, args...), s.dsn(pgtest.Owner))...)
	var errs strings.Builder
	cmd.Stdout, cmd.Stderr = w, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, &errs)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// restore puts the files of dumps into the database with pg_restore.
func (s site) restore(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd := pgTool(t, s.cluster, "pg_restore", "--exit-on-error", "-d", s.dsn(pgtest.Owner))
		if cmd.Stdin, err = age.Decrypt(f, s.identity); err != nil {
			t.Fatal(err)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("pg_restore %s: %v\n%s", filepath.Base(path), err, out)
		}
	}
}

// sql runs statements as the superuser, each with the same arguments.
func (s site) sql(t *testing.T, args []any, statements ...string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.cluster.DSN(s.database, pgtest.Superuser))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// toErase imports a record that no other part of the test knows, not even the feed.
func (s site) toErase(t *testing.T) uuid.UUID {
	t.Helper()
	id := uuid.New()
	file := write(t, "gone.ndjson", fmt.Sprintf(`{"id": %q, "targetId": %q}`+"\n", id, uuid.New()))
	s.command(t, 0, "import", "--no-events", "--rejects-dir", t.TempDir(), file)
	s.sql(t, nil, "DELETE FROM outbox") // the event of the completed import
	return id
}

// finish runs finish-restore, whose output must be right.
func (s site) finish(t *testing.T, erased int) {
	t.Helper()
	out := s.command(t, 0, "finish-restore")
	if !strings.Contains(out, fmt.Sprintf(" records restored; %d records and 0 entries of people erased since the backup left out; ", erased)) || strings.Contains(out, "WRONG") {
		t.Errorf("finish-restore says %s", out)
	}
	if out, status := auditVerify(t, s.dir, "--records", "--database", s.dsn(pgtest.App)); status != 0 {
		t.Errorf("what was restored does not verify: %s", out)
	}
}

// shows checks that a server on the restored database shows what was acknowledged, and
// continues.
func (s site) shows(t *testing.T, l *ledger, promised map[string]map[int64]string, gone uuid.UUID, cursor string) *program {
	t.Helper()
	p := s.start(t)
	officer, service := p.token(t, "officer"), p.token(t, "service")
	r := p.do(t, "GET", "/events?after="+url.QueryEscape(cursor), request{token: service}).want(t, 410)
	if !strings.Contains(string(r.body), "cursor-expired") {
		t.Errorf("a cursor of before is answered %s", r.body)
	}
	p.do(t, "GET", "/equality-information/"+gone.String(), request{token: officer}).want(t, 410)
	versions := 0
	for _, texts := range promised {
		versions += len(texts)
	}
	t.Logf("%d versions of %d people were acknowledged before", versions, len(promised))
	if versions < 100 {
		t.Error("that is too few")
	}
	own := l.asOf(promised)
	own.check(t, p, officer)
	own.checkFeed(t, p, service)
	if _, err := own.create(p, officer); err != nil {
		t.Error(err)
	}
	refused(t, "stop every one first", "finish-restore", "--data-dir", s.dir, "--database", s.dsn(pgtest.Owner))
	return p
}

// TestPostgresDumpUnderLoad dumps a server's database while it writes, and restores it as
// described in docs/operations.md. A record erased between the dump of the records and that
// of the keys is gone, and everything acknowledged before is there.
func TestPostgresDumpUnderLoad(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t, pgtest.Volatile...)
	s := newSite(t, c)
	gone := s.toErase(t)
	p := s.start(t)
	officer, cursor := p.token(t, "officer"), p.feed(t, "").Next
	kept := t.TempDir()
	records, newest := filepath.Join(kept, "records.age"), filepath.Join(kept, "newest.keys")
	var l ledger
	var promised map[string]map[int64]string
	l.writeUntil(t, p, officer, 200, func() {
		promised = l.acknowledged()
		s.dump(t, records, recordsOfDump...)
		p.erase(t, gone.String())
		s.dump(t, newest, keysOfDump...)
		if status := p.stop(t); status != 0 {
			t.Errorf("stopped with status %d\n%s", status, p.log())
		}
	})
	from := s
	s.database = c.Create(t, "")
	s.restore(t, records, newest)
	s.sql(t, []any{gone[:]}, // otherwise the dump proves nothing
		"SELECT 1 / count(*) FROM record WHERE id = $1",
		"SELECT 1 / (1 - count(*)) FROM record r JOIN data_key k ON k.record = r.number WHERE r.id = $1")
	s.finish(t, 1)
	if status := s.shows(t, &l, promised, gone, cursor).stop(t); status != 0 {
		t.Errorf("stopped with status %d", status)
	}
	s.finish(t, 0) // once more

	// No record counts as erased if the keys are simply too old.
	from.sql(t, nil, "DELETE FROM tombstone")
	from.dump(t, newest, keysOfDump...)
	s.database = c.Create(t, "")
	s.restore(t, records, newest)
	refused(t, "1 records or people have neither a key nor a tombstone", "finish-restore", "--data-dir", s.dir, "--database", s.dsn(pgtest.Owner))
}

// TestPostgresPointInTime recovers a base backup and its WAL to a point in time. Everything
// from before is there, and nothing from after, except erasures.
func TestPostgresPointInTime(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t, append(pgtest.Archiving, pgtest.Volatile...)...)
	s := newSite(t, c)
	gone := s.toErase(t)
	p := s.start(t)
	officer, cursor := p.token(t, "officer"), p.feed(t, "").Next
	newest, base := filepath.Join(t.TempDir(), "newest.keys"), c.BaseBackup(t)
	var l ledger
	var promised map[string]map[int64]string
	l.writeUntil(t, p, officer, 100, func() {
		promised = l.acknowledged()
		s.sql(t, nil, "SELECT pg_create_restore_point('before_the_mistake')")
		if status := p.stop(t); status != 0 {
			t.Errorf("stopped with status %d\n%s", status, p.log())
		}
	})
	p = s.start(t)
	late := p.create(t, officer, "")
	p.erase(t, gone.String())
	s.dump(t, newest, keysOfDump...)
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	if err := c.Stop(pgtest.Fast); err != nil { // archives the rest of the WAL
		t.Fatal(err)
	}

	base.Recover(t, c, "recovery_target_name = 'before_the_mistake'")
	s.cluster = base
	s.sql(t, []any{gone[:]}, "SELECT 1 / count(*) FROM record r JOIN data_key k ON k.record = r.number WHERE r.id = $1") // it came back
	s.restore(t, newest)
	s.finish(t, 1)
	p = s.shows(t, &l, promised, gone, cursor)
	p.do(t, "GET", late.path(), request{token: officer}).want(t, 404)
}

// The flags of the dumps are those of the documentation.
func TestOperationsTellsOfTheDumps(t *testing.T) {
	t.Parallel()
	text := string(readFile(t, "../docs/operations.md"))
	for _, flags := range [][]string{recordsOfDump, keysOfDump} {
		if line := "pg_dump -Fc " + strings.Join(flags, " "); !strings.Contains(text, line) {
			t.Errorf("docs/operations.md does not mention %s", line)
		}
	}
}

// pgTool runs one of PostgreSQL's own programs.
func pgTool(t *testing.T, c *pgtest.Cluster, name string, args ...string) *exec.Cmd {
	t.Helper()
	return exec.Command(c.Tool(t, name), args...)
}
