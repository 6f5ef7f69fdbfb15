package postgres

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"equality-information-api/internal/store/pgtest"
)

// connectionSettings are the settings of every connection.
func connectionSettings() map[string]string {
	return map[string]string{
		"application_name": "equality-api", "statement_timeout": "10s", "lock_timeout": "200ms",
		"idle_in_transaction_session_timeout": "1min", "TimeZone": "UTC", "synchronous_commit": "on",
		"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
		"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off",
		"max_parallel_workers_per_gather": "0",
	}
}

type rower interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

func readSettings(t *testing.T, conn rower, names map[string]string) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for name := range names {
		var value string
		ok(t, conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&value))
		got[name] = value
	}
	return got
}

func sameSettings(t *testing.T, what string, conn rower, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, readSettings(t, conn, want)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// acquireAll takes every connection of the pool before it returns any.
func acquireAll(t *testing.T, pool *pool) (conns []*pgxpool.Conn) {
	t.Helper()
	for range pool.Config().MaxConns {
		conn, err := pool.Acquire(t.Context())
		ok(t, err)
		t.Cleanup(conn.Release)
		conns = append(conns, conn)
	}
	return conns
}

func TestEveryConnectionHasItsSettings(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if n := f.pool.Config().MaxConns; n != defaultConnections {
		t.Errorf("%d connections", n)
	}
	f.written(1) // this leases a lane
	want := connectionSettings()
	for i, conn := range acquireAll(t, f.pool) {
		sameSettings(t, fmt.Sprintf("connection %d", i), conn, want)
		conn.Release()
	}
	scans := connectionSettings()
	for name := range planning {
		scans[name] = "on"
	}
	scans["max_parallel_workers_per_gather"] = "2" // the server's own
	scans["statement_timeout"], scans["idle_in_transaction_session_timeout"] = "6h", "6h"
	if n := f.scans.Stat().TotalConns(); n != 0 {
		t.Errorf("%d connections for scans before there was one", n)
	}
	conns := acquireAll(t, f.scans)
	if len(conns) != scanConnections {
		t.Errorf("%d connections for scans", len(conns))
	}
	for i, conn := range conns {
		sameSettings(t, fmt.Sprintf("connection %d for scans", i), conn, scans)
		conn.Release()
	}
	delete(want, "synchronous_commit") // it writes nothing
	sameSettings(t, "leases", f.leases.conn, want)
	db, err := openSQL(f.db.app)
	ok(t, err)
	defer func() { ok(t, db.Close()) }()
	want = connectionSettings()
	for name := range planning {
		want[name] = "on"
	}
	want["max_parallel_workers_per_gather"] = "2" // the server's own
	for name := range want {
		if strings.HasSuffix(name, "_timeout") {
			want[name] = "0" // its work takes long
		}
	}
	for name, value := range want {
		var got string
		ok(t, db.QueryRowContext(t.Context(), "SELECT current_setting($1)", name).Scan(&got))
		if got != value {
			t.Errorf("the log's %s is %s", name, got)
		}
	}
}

func TestWhatTheConnectionStringSaysCounts(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	f := open(t, d, with(d.app, "statement_timeout", "7s", "application_name", "another", "pool_max_conns", "3",
		"options", "-c lock_timeout=3s", "synchronous_commit", "off"))
	want := map[string]string{"statement_timeout": "7s", "application_name": "another", "lock_timeout": "3s",
		"synchronous_commit": "on"} // the caller cannot change it
	conns := acquireAll(t, f.pool)
	if len(conns) != 3 {
		t.Errorf("%d connections", len(conns))
	}
	for _, conn := range conns {
		sameSettings(t, "connection", conn, want)
		conn.Release()
	}
	for setting, wrong := range map[string]func(*pgxpool.Config) bool{
		"": func(c *pgxpool.Config) bool {
			return c.ConnConfig.ConnectTimeout != connectTimeout || c.ConnConfig.ValidateConnect == nil
		},
		"connect_timeout=9":                func(c *pgxpool.Config) bool { return c.ConnConfig.ConnectTimeout != 9*time.Second },
		"target_session_attrs=any":         func(c *pgxpool.Config) bool { return c.ConnConfig.ValidateConnect != nil },
		"target_session_attrs=primary":     func(c *pgxpool.Config) bool { return c.ConnConfig.ValidateConnect == nil },
		"pool_max_conns=7":                 func(c *pgxpool.Config) bool { return c.MaxConns != 7 },
		"idle_session_timeout=0":           func(c *pgxpool.Config) bool { return c.ConnConfig.RuntimeParams["idle_session_timeout"] != "0" },
		"lock_timeout=1s":                  func(c *pgxpool.Config) bool { return c.ConnConfig.RuntimeParams["lock_timeout"] != "1s" },
		"options='-c statement_timeout=1'": func(c *pgxpool.Config) bool { return c.ConnConfig.RuntimeParams["statement_timeout"] != "" },
	} {
		config, err := poolConfig("host=localhost user=test " + setting)
		ok(t, err)
		if wrong(config) {
			t.Errorf("%q does not count", setting)
		}
	}
}

// A test's server has synchronous_commit off. So does a server whose default changes to
// that while connections are open.
func TestACommitWaitsForTheDiskWhateverTheServersDefault(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t, "fsync = off")
	f := open(t, private(t, c), "")
	conn, err := f.pool.Acquire(t.Context())
	ok(t, err)
	defer conn.Release()
	asSuperuser(t, c, "ALTER SYSTEM SET synchronous_commit = off", "SELECT pg_reload_conf()")
	eventually(t, func() bool {
		return value[string](t, f.db, "SELECT current_setting('synchronous_commit')") == "off"
	})
	ok(t, conn.Ping(t.Context()))
	sameSettings(t, "a connection from before", conn, map[string]string{"synchronous_commit": "on"})
	asSuperuser(t, c, "ALTER SYSTEM SET synchronous_commit = remote_apply", "SELECT pg_reload_conf()")
	eventually(t, func() bool {
		return value[string](t, f.db, "SELECT current_setting('synchronous_commit')") == "remote_apply"
	})
	f.pool.Reset()
	fresh, err := f.pool.Acquire(t.Context())
	ok(t, err)
	defer fresh.Release()
	sameSettings(t, "where the server wants more", fresh, map[string]string{"synchronous_commit": "remote_apply"})
}

func TestADeadHostIsPassed(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	address := dead.Addr().String()
	ok(t, dead.Close())
	mute, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections, but says nothing
	ok(t, err)
	defer mute.Close()
	_, rest, _ := strings.Cut(d.app, "@")
	for name, host := range map[string]string{"dead": address, "mute": mute.Addr().String()} {
		way := strings.Replace(d.app, "@"+rest, "@"+host+","+rest, 1)
		if name == "mute" {
			way = with(way, "connect_timeout", "1")
		}
		f := open(t, d, way)
		ok(t, f.Ready(t.Context()))
		r := f.written(1)
		_, err := f.read(r.ID)
		ok(t, err)
		log, err := OpenLog(t.Context(), way, testKeys())
		ok(t, err)
		ok(t, log.Close())
		ok(t, f.Close())
	}
}

// private is a database in the test's own cluster.
func private(t *testing.T, c *pgtest.Cluster) database {
	t.Helper()
	name := c.Create(t, "")
	d := database{app: c.DSN(name, pgtest.App), owner: c.DSN(name, pgtest.Owner)}
	ok(t, Migrate(t.Context(), d.owner, pgtest.App))
	return d
}

// asSuperuser runs statements one by one.
func asSuperuser(t *testing.T, c *pgtest.Cluster, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.DSN("postgres", pgtest.Superuser))
	ok(t, err)
	defer func() { ok(t, conn.Close(context.Background())) }()
	for _, statement := range statements {
		_, err := conn.Exec(t.Context(), statement)
		ok(t, err)
	}
}
