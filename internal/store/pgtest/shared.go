package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// shared is the cluster that this test process shares.
var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
}

// Main runs a package's tests, then removes the cluster they shared. If they failed, it
// shows the end of the server's log. It is for TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
func Main(m *testing.M) int {
	status := m.Run()
	c := shared.cluster
	if c == nil {
		return status
	}
	if status != 0 {
		fmt.Fprintf(os.Stderr, "PostgreSQL %s logged at last:\n%s", c.Version, c.tail())
	}
	if err := c.Remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(status, 1)
	}
	return status
}

// Shared is a cluster for all tests of this process, with [Volatile] settings, to make
// databases in. Do not stop it. Without PostgreSQL the test is skipped, or fails if
// CI=true.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	shared.once.Do(func() { shared.cluster, shared.err = Start(Volatile...) })
	need(t, shared.err)
	return shared.cluster
}

// New is a cluster for one test, which may stop and start it, with lines of
// postgresql.conf. Like [Shared], it skips or fails the test without PostgreSQL.
func New(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	c, err := Start(settings...)
	need(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("PostgreSQL %s logged at last:\n%s", c.Version, c.tail())
		}
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func need(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Tool returns the path of a program that belongs to the server: psql, pg_dump, pgbench. If
// it is missing, the test is skipped with the named binaries ([BinVariable]), and fails
// with an installed PostgreSQL.
func (c *Cluster) Tool(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(c.BinDir, name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv(BinVariable) != "" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	return path
}
