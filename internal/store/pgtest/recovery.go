package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// archive is the folder, beside its data, where a cluster of [Archiving] keeps its WAL.
const archive = "archive"

// Archiving are settings that make a cluster keep all its WAL, for [Cluster.Recover].
var Archiving = []string{
	"archive_mode = on",
	"archive_command = 'mkdir -p ../" + archive + " && cp %p ../" + archive + "/%f'", // the server runs it in its data folder
}

// BaseBackup returns a cluster that is a copy of this one at this moment, without its WAL
// and not started. It has the same roles and passwords. The server may continue to run.
func (c *Cluster) BaseBackup(t testing.TB) *Cluster {
	t.Helper()
	program := c.Tool(t, "pg_basebackup")
	b := &Cluster{BinDir: c.BinDir, Version: c.Version, password: c.password, account: c.account}
	var err error
	if b.dir, err = os.MkdirTemp("", "equality-postgres-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the recovered PostgreSQL %s logged at last:\n%s", b.Version, b.tail())
		}
		if err := b.Remove(); err != nil {
			t.Error(err)
		}
	})
	if b.watchdog, err = watch(b.dir); err != nil {
		t.Fatal(err)
	}
	if err := b.account.own(b.dir); err != nil {
		t.Fatal(err)
	}
	cmd := b.account.command(b.dir, program, "-D", b.data(), "-h", "127.0.0.1", "-p", strconv.Itoa(c.Port), "-U", Superuser,
		"--wal-method=none", "--checkpoint=fast", "--no-sync")
	cmd.Env = append(cmd.Env, "PGPASSWORD="+c.password)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	return b
}

// Recover starts a base backup. It recovers from the WAL of another cluster up to a target,
// for example "recovery_target_name = 'noon'", and is then a server of its own.
func (c *Cluster) Recover(t testing.TB, from *Cluster, target string) {
	t.Helper()
	conf, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conf, "restore_command = 'cp %s/%%f %%p'\n%s\nrecovery_target_action = 'promote'\n",
		filepath.Join(from.dir, archive), target)
	signal := filepath.Join(c.data(), "recovery.signal")
	if err := errors.Join(err, conf.Close(), os.WriteFile(signal, nil, 0o600), c.account.own(signal)); err != nil {
		t.Fatal(err)
	}
	if err := c.startOnFreePort(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(startTimeout); ; time.Sleep(20 * time.Millisecond) {
		recovers, err := c.recovers()
		if err == nil && !recovers {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("PostgreSQL does not recover: %v\n%s", err, c.tail())
		}
	}
}

// recovers reports whether the server has yet to reach its target.
func (c *Cluster) recovers() (recovers bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.DSN("postgres", Superuser))
	if err != nil {
		return false, err
	}
	err = conn.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&recovers)
	return recovers, errors.Join(err, conn.Close(ctx))
}
