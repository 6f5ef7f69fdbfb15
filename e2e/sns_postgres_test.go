package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"equality-information-api/internal/store/pgtest"
)

// onPostgres makes a new, migrated database, and a directory with its keyset. It returns
// the flags of a server.
func onPostgres(t *testing.T) (dir string, flags []string) {
	t.Helper()
	c := pgtest.New(t, pgtest.Volatile...)
	name := c.Create(t, "")
	dir = t.TempDir()
	owner, app := passfile(t, c.DSN(name, pgtest.Owner)), passfile(t, c.DSN(name, pgtest.App))
	for _, args := range [][]string{{"keys", "init"}, {"migrate", "--database", owner, "--app-role", pgtest.App}} {
		if _, errs, status := runCommand(t, append(args, "--data-dir", dir)...); status != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
	}
	return dir, []string{"--database", app}
}

// passfile returns a connection string with the password in a file, as the program
// requires.
func passfile(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	path := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(path, fmt.Appendf(nil, "*:*:*:*:%s\n", password), 0o600); err != nil {
		t.Fatal(err)
	}
	u.User = url.User(u.User.Username())
	query := u.Query()
	query.Set("passfile", path)
	u.RawQuery = query.Encode()
	return u.String()
}

// Two processes share a database; the one that publishes is killed.
func TestOneOfTwoProcessesPublishes(t *testing.T) {
	t.Parallel()
	dir, flags := onPostgres(t)
	s := newTopic(t)
	one := startIn(t, dir, s.flags(flags...)...)
	people := []made{one.create(t, one.token(t, "officer"), "")}
	s.messages(t, 1) // the first publishes
	two := startIn(t, dir, s.flags(flags...)...)
	for range 4 {
		people = append(people, two.create(t, two.token(t, "officer"), ""))
	}
	write := func(servers ...*program) {
		t.Helper()
		var writing sync.WaitGroup
		for i, p := range servers {
			token := p.token(t, "officer")
			writing.Go(func() {
				for n := range 10 {
					for _, m := range people {
						p.patch(t, token, m, fmt.Sprintf(`{"nationality":%q,"disabled":%t}`, []string{"british", "irish"}[i], n%2 == 0)).want(t, 200)
					}
				}
			})
		}
		writing.Wait()
	}
	write(one, two)
	if s.agree(t, two); s.again > 0 {
		t.Errorf("%d messages were sent again, with nobody killed", s.again)
	}
	one.kill(t)
	write(two)
	s.agree(t, two)
	t.Logf("%d messages were sent again", s.again)

	// Held events are listed and dropped while a server is running.
	s.refuse(func(m published) bool { return m.EntityID == people[0].target && m.has("disabled") })
	officer := two.token(t, "officer")
	two.patch(t, officer, people[0], `{"disabled":null}`).want(t, 200)
	two.patch(t, officer, people[0], `{"armedForces":"reservist"}`).want(t, 200)
	lines := two.held(t, 2, "InvalidParameter", "waits behind")
	before := len(s.messages(t, two.changes(t)-2))
	if _, errs, status := runCommand(t, append([]string{"events", "drop", idOf(lines[0])}, two.data()...)...); status != 0 {
		t.Fatal(errs)
	}
	if last := s.messages(t, before+1)[before]; last.ID != idOf(lines[1]) {
		t.Errorf("behind what was dropped comes %s", last.Text)
	}
	two.held(t, 0)
	if out, errs, status := runCommand(t, append([]string{"audit", "verify", "--records"}, two.data()...)...); status != 0 {
		t.Errorf("the access log failed verification: %s %s", out, errs)
	}
}

// changes counts the events of the feed.
func (p *program) changes(t *testing.T) int { t.Helper(); return len(p.allEvents(t, "1000")) }
