package pgtest

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func ask(t *testing.T, dsn, query string, args ...any) (answer string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func run(t *testing.T, dsn, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	c := Shared(t)
	one, two := c.Create(t, ""), c.Create(t, "")
	run(t, c.DSN(one, Owner), "CREATE TABLE notes (text text)")
	if got := ask(t, c.DSN(one, Owner), "SELECT coalesce(to_regclass('notes')::text, 'none')"); got != "notes" {
		t.Errorf("the first database has %s", got)
	}
	if got := ask(t, c.DSN(two, App), "SELECT coalesce(to_regclass('notes')::text, 'none')"); got != "none" {
		t.Errorf("the second database has %s", got)
	}
	if got := ask(t, c.DSN(one, App), "SELECT has_table_privilege('notes', 'SELECT')::text"); got != "false" {
		t.Errorf("the application may read what it was not granted")
	}
}

func TestATemplateIsMadeOnceAndCopied(t *testing.T) {
	t.Parallel()
	c := Shared(t)
	times, name := 0, "template_"+rand.Text() // the test may run several times
	for range 2 {
		err := c.Template(name, func(database string) error {
			times++
			run(t, c.DSN(database, Owner), "CREATE TABLE notes (text text)")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if times != 1 {
		t.Errorf("prepared %d times", times)
	}
	if got := ask(t, c.DSN(c.Create(t, name), Owner), "SELECT count(*)::text FROM notes"); got != "0" {
		t.Errorf("the copy has %s rows", got)
	}
}

func TestStopAndStartKeepData(t *testing.T) {
	t.Parallel()
	c := New(t)
	for setting, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"} {
		if got := ask(t, c.DSN("postgres", Superuser), "SELECT current_setting($1)", setting); got != want {
			t.Errorf("%s is %s", setting, got)
		}
	}
	if got := ask(t, c.DSN("postgres", Superuser), "SHOW server_version"); !strings.HasPrefix(got, c.Version) {
		t.Errorf("server %s, binaries %s", got, c.Version)
	}
	dsn := c.DSN(c.Create(t, ""), Owner)
	run(t, dsn, "CREATE TABLE notes (text text)")
	for _, mode := range []Mode{Fast, Immediate, Kill} {
		run(t, dsn, "INSERT INTO notes VALUES ('kept')")
		want := ask(t, dsn, "SELECT count(*)::text FROM notes")
		if err := c.Stop(mode); err != nil {
			t.Fatal(err)
		}
		if _, err := pgx.Connect(t.Context(), dsn); err == nil {
			t.Fatal("connected to a server that was stopped")
		}
		if err := c.StartAgain(); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, dsn, "SELECT count(*)::text FROM notes"); got != want {
			t.Errorf("after %v there are %s rows, want %s", syscall.Signal(mode), got, want)
		}
	}
}

func TestASettingThatIsWrongIsTold(t *testing.T) {
	t.Parallel()
	Shared(t) // or skip
	_, err := Start("no_such_setting = 1")
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("got %v", err)
	}
}

// With childVariable set, a copy of this process starts a cluster and waits.
const childVariable = "EQUALITY_TEST_POSTGRES_CHILD"

func TestChild(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		t.Skip("for TestAKilledTestLeavesNothing")
	}
	c := New(t, Volatile...)
	os.Stdout.WriteString("\ncluster " + strconv.Itoa(c.server.Process.Pid) + " " + c.dir + "\n")
	time.Sleep(time.Minute)
}

func TestAKilledTestLeavesNothing(t *testing.T) {
	t.Parallel()
	Shared(t) // or skip
	child := exec.Command(os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childVariable+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	server, dir := 0, ""
	for lines := bufio.NewScanner(out); dir == "" && lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) == 3 && words[0] == "cluster" {
			server, err = strconv.Atoi(words[1])
			dir = words[2]
		}
	}
	if err != nil || dir == "" {
		t.Fatal("the other process has not started a cluster", err)
	}
	if err := syscall.Kill(server, 0); err != nil {
		t.Fatal("the server is not running", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, gone := os.Stat(dir)
		ended := syscall.Kill(server, 0)
		if errors.Is(gone, fs.ErrNotExist) && errors.Is(ended, syscall.ESRCH) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("left: the server (%v) or its folder (%v)", ended, gone)
		}
	}
}

func TestRecoversToAPoint(t *testing.T) {
	t.Parallel()
	c := New(t, append(Archiving, Volatile...)...)
	database := c.Create(t, "")
	dsn := c.DSN(database, Owner)
	run(t, dsn, "CREATE TABLE notes (text text)")
	b := c.BaseBackup(t)
	run(t, dsn, "INSERT INTO notes VALUES ('before')")
	run(t, c.DSN(database, Superuser), "SELECT pg_create_restore_point('noon')")
	run(t, dsn, "INSERT INTO notes VALUES ('after')")
	if err := c.Stop(Fast); err != nil { // archives the rest of the WAL
		t.Fatal(err)
	}
	b.Recover(t, c, "recovery_target_name = 'noon'")
	dsn = b.DSN(database, Owner)
	if got := ask(t, dsn, "SELECT string_agg(text, ' ') FROM notes"); got != "before" {
		t.Errorf("recovered %q", got)
	}
	run(t, dsn, "INSERT INTO notes VALUES ('a new history')")
}
