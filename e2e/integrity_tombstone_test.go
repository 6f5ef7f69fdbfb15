package e2e

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store/pgtest"
)

const forgery = `INSERT INTO tombstone (id, target, version, at, reason, by, mac) SELECT id, target, version, modified + 1000000, 'unlawful', 'somebody', `

// A row is no reason to remove a record, or to say that somebody erased it.
func TestAForgedTombstoneRemovesNobody(t *testing.T) {
	t.Parallel()
	f, b := fillDirectory(t), newBackups(t)
	dir := f.copied(t)
	tamper(t, dir, statements(forgery+"randomblob(32) FROM record WHERE number = $1"))
	refutes(t, "its tombstone was not written with this keyset", dir, "--records")
	p := startIn(t, dir)
	for _, target := range f.people {
		p.do(t, "GET", "/equality-information/"+target, request{token: p.token(t, "officer")}).want(t, 200)
	}
	p.stop(t)
	b.take(t, dir, "forged.age")
	refused(t, "a tombstone was not written with this keyset", "restore", "--data-dir", emptyCopy(t, dir), "--identity", b.identity,
		filepath.Join(b.dir, "forged.age"))
}

func TestPostgresAForgedTombstoneRemovesNobody(t *testing.T) {
	t.Parallel()
	c := pgtest.Shared(t)
	s := newSite(t, c)
	p := s.start(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	p.stop(t)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.DSN(s.database, pgtest.App)) // which may do no more than add one
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, forgery+"sha256('') FROM record"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(ctx); err != nil {
		t.Fatal(err)
	}
	refutes(t, "its tombstone was not written with this keyset", s.dir, "--records", "--database", s.dsn(pgtest.App))
	refused(t, m.id+": a tombstone was not written with this keyset", "finish-restore", "--data-dir", s.dir, "--database", s.dsn(pgtest.Owner))
	p = s.start(t)
	p.do(t, "GET", m.path(), request{token: p.token(t, "officer")}).want(t, 200)
}
