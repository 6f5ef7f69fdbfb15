// Package pgtest runs a private PostgreSQL for tests: a cluster in its own folder, on a
// free port of the loopback address, with the binaries on this machine. It owns the server
// process, the roles and the databases of the tests. It leaves neither a process nor a file
// behind, even if the test process is killed. The tests own the contents of their
// databases.
package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// BinVariable names a folder of binaries to use instead of the newest ones that Debian's
// packages installed.
const BinVariable = "EQUALITY_TEST_POSTGRES_BIN"

// ErrMissing means that there is no PostgreSQL on this machine.
var ErrMissing = errors.New("PostgreSQL is not installed (initdb and postgres)")

// findBinaries returns the folder of initdb and postgres. The error is [ErrMissing], unless
// a folder was named, which must have both.
func findBinaries() (string, error) {
	if dir := os.Getenv(BinVariable); dir != "" {
		dir, err := filepath.Abs(dir)
		if err == nil && !hasServer(dir) {
			err = fmt.Errorf("%s: no initdb and postgres in %s", BinVariable, dir)
		}
		return dir, err
	}
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	newest, found := 0, ""
	for _, dir := range dirs {
		major, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err == nil && major > newest && hasServer(dir) {
			newest, found = major, dir
		}
	}
	if found == "" {
		if initdb, err := exec.LookPath("initdb"); err == nil && hasServer(filepath.Dir(initdb)) {
			found = filepath.Dir(initdb)
		}
	}
	if found == "" {
		return "", ErrMissing
	}
	return found, nil
}

func hasServer(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}
