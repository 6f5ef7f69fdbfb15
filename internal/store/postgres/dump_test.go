package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/pgtest"
	"equality-information-api/internal/store/storetest"
)

// documented is the SQL of a block of docs/operations.md, by the comment before it.
func documented(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/operations.md")
	ok(t, err)
	_, block, found := strings.Cut(string(text), "<!-- "+name+" -->\n```sql\n")
	sql, _, closed := strings.Cut(block, "```")
	if !found || !closed {
		t.Fatalf("docs/operations.md has no block %s", name)
	}
	return sql
}

// A record that was erased before the newest keys were dumped is not restored
// from older records, as docs/operations.md tells to restore them.
func TestPostgreSQLsOwnToolsRestore(t *testing.T) {
	t.Parallel()
	c := pgtest.Shared(t)
	tool := func(name string, args ...string) {
		t.Helper()
		path := filepath.Join(c.BinDir, name)
		if _, err := os.Stat(path); err != nil {
			t.Skip(err)
		}
		if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	keys, err := sealing.Generate()
	ok(t, err)
	open := func(d database) storetest.Engine {
		return d.Open(t, storetest.Options{Keys: keys, Now: time.Now, KeyRetention: time.Hour, EventRetention: time.Hour,
			Report: func(what string, err error) { t.Errorf("%s: %v", what, err) }})
	}
	entry := func(action string) audit.Entry {
		return audit.Entry{ID: uuid.New(), At: time.Now().UTC(), Subject: "officer-1", Action: action, Outcome: audit.Done}
	}
	read := func(s storetest.Engine, id uuid.UUID) store.State {
		t.Helper()
		found, err := s.Read(t.Context(), id, func(store.Current) audit.Entry { return entry("read") })
		ok(t, err)
		return found.State
	}
	d := newDatabase(t)
	s := open(d)
	created := func() uuid.UUID {
		t.Helper()
		r := equality.Record{ID: uuid.New(), TargetID: uuid.New(), NationalInsuranceNumber: "QQ123456C"}
		_, err := s.Write(t.Context(), store.Command{ID: r.ID, Target: r.TargetID, EventID: uuid.New()},
			func(store.Current) (store.Decision, error) {
				return store.Decision{Next: &r, Entry: entry("create"), Event: "test.written"}, nil
			})
		ok(t, err)
		return r.ID
	}
	kept, gone := created(), created()
	records, newest := filepath.Join(t.TempDir(), "records"), filepath.Join(t.TempDir(), "keys")
	tool("pg_dump", "-Fc", "--exclude-table-data=data_key", "--exclude-table-data=tombstone", "-f", records, d.owner)
	d.Erase(t, gone)
	later := created()
	tool("pg_dump", "-Fc", "--data-only", "--table=data_key", "--table=tombstone", "-f", newest, d.owner)
	epoch, err := s.(*Store).FeedEpoch(t.Context())
	ok(t, err)
	ok(t, s.Close())

	name := c.Create(t, "")
	to := database{app: c.DSN(name, pgtest.App), owner: c.DSN(name, pgtest.Owner)}
	tool("pg_restore", "--exit-on-error", "-d", to.owner, records)
	tool("pg_restore", "--exit-on-error", "-d", to.owner, newest)
	to.query(t, func(ctx context.Context, conn *pgx.Conn) error {
		results, err := conn.PgConn().Exec(ctx, documented(t, "restore-postgres")).ReadAll()
		if err != nil {
			return err
		}
		if lost := string(results[len(results)-1].Rows[0][0]); lost != "0" {
			t.Errorf("%s records are without keys", lost)
		}
		return nil
	})
	s = open(to)
	defer func() { ok(t, s.Close()) }()
	for id, want := range map[uuid.UUID]store.State{kept: store.Present, gone: store.Erased, later: store.Absent} {
		if state := read(s, id); state != want {
			t.Errorf("a record is %v, want %v", state, want)
		}
	}
	if again, err := s.(*Store).FeedEpoch(t.Context()); err != nil || again == epoch {
		t.Errorf("the feed is the old one: %v", err)
	}
	to.Log(t, keys, func(log audit.Log) {
		report, err := audit.Verify(t.Context(), keys, log, nil)
		ok(t, err)
		if !report.OK() {
			t.Errorf("the access log: %v", report.Findings)
		}
		ok(t, audit.VerifyRecords(t.Context(), log, report))
		want := fmt.Sprintf("record %v: version 0", gone)
		if len(report.Findings) != 1 || !strings.HasPrefix(report.Findings[0], want) {
			t.Errorf("found %q, want that the erased record is not there", report.Findings)
		}
	})
}
