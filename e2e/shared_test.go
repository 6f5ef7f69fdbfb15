package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// servers are the servers that tests share, by their flags.
var servers struct {
	sync.Mutex
	byFlags map[string]*program
}

// shared returns a server for all tests that ask for these flags. Such a test invents its
// people and looks at nobody else's. A test that stops its server, or reads the whole list,
// feed or log, starts its own, and so does every test on PostgreSQL.
func shared(t *testing.T, flags ...string) *program {
	t.Helper()
	if strings.HasPrefix(t.Name(), onPostgreSQL) {
		return start(t, flags...)
	}
	servers.Lock()
	defer servers.Unlock()
	key := strings.Join(flags, " ")
	if p := servers.byFlags[key]; p != nil {
		return p
	}
	dir, err := os.MkdirTemp(filepath.Dir(binary), "shared-")
	if err != nil {
		t.Fatal(err)
	}
	p, err := launch(dir, flags...)
	if err != nil {
		t.Fatal(err)
	}
	if servers.byFlags == nil {
		servers.byFlags = make(map[string]*program)
	}
	servers.byFlags[key] = p
	return p
}

// stopShared stops the servers that tests have shared. Each must end without an error, and
// its access log must verify.
func stopShared() error {
	var all error
	for flags, p := range servers.byFlags {
		err := p.end()
		if err == nil {
			if out, failed := command("audit", "verify", "--records", "--data-dir", p.dir).CombinedOutput(); failed != nil {
				err = fmt.Errorf("audit verify: %w\n%s", failed, out)
			}
		}
		if err != nil {
			all = errors.Join(all, fmt.Errorf("the server that tests shared with the flags %q: %w", flags, err))
		}
	}
	return all
}
