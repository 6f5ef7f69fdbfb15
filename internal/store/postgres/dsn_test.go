package postgres

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestAConnectionStringHoldsNoPassword(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{
		"postgres://someone:hunter2@localhost/db", "postgresql://someone:hunter2@localhost,other/db", "postgres://:hunter2@localhost/db",
		"postgres://someone:hunt@er2@localhost/db", "postgres://localhost/db?password=hunter2", "postgres://localhost/db?sslmode=disable&password=hunter2",
		"postgres://localhost/db?p%61ssword=hunter2", "postgres://localhost/db?%70%61%73%73%77%6f%72%64=hunter2",
		"password=hunter2", "host=localhost password=hunter2", "host=localhost\tpassword = 'hunter2'", "host=localhost password\v=hunter2",
		"host='localhost'password=hunter2", "host=localhost PASSWORD=hunter2", "host=localhost sslpassword=hunter2",
		"postgres://localhost/db?sslpassword=hunter2",
	} {
		err := CheckDSN(dsn)
		if err == nil {
			t.Errorf("%q is taken", dsn)
		} else if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "localhost") {
			t.Errorf("%q is repeated: %v", dsn, err)
		}
	}
	for _, dsn := range []string{
		"", "host=localhost dbname=equality user=equality_app", "postgres://equality_app@db1,db2:6432/equality?sslmode=verify-full",
		"host=localhost passfile=" + filepath.Join(t.TempDir(), "passfile"), "postgres:///db?host=/run/postgresql",
	} {
		if err := CheckDSN(dsn); err != nil {
			t.Errorf("%q: %v", dsn, err)
		}
	}
	for _, dsn := range []string{"hunter2", "postgres://hunter2:x:y/z", "host=localhost port=hunter2", "postgres://localhost/db?connect_timeout=hunter2",
		"host=localhost sslrootcert=/hunter2", "host=localhost pool_max_conns=hunter2"} {
		err := CheckDSN(dsn)
		if err == nil {
			t.Errorf("%q is taken", dsn)
		} else if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "localhost") {
			t.Errorf("%q is repeated: %v", dsn, err)
		}
	}
}

func TestAPasswordComesFromAFile(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	config, err := pgconn.ParseConfig(d.app)
	ok(t, err)
	passfile := filepath.Join(t.TempDir(), "passfile")
	ok(t, os.WriteFile(passfile, []byte("*:*:*:"+config.User+":"+config.Password+"\n"), 0o600))
	for _, dsn := range []string{
		fmt.Sprintf("host=%s port=%d dbname=%s user=%s sslmode=disable passfile=%s", config.Host, config.Port, config.Database, config.User, passfile),
		with(fmt.Sprintf("postgres://%s@%s:%d/%s", config.User, config.Host, config.Port, config.Database), "sslmode", "disable", "passfile", passfile),
	} {
		ok(t, CheckDSN(dsn))
		f := open(t, d, dsn)
		f.written(1)
		ok(t, f.Close())
	}
}

// A string in which the library finds a password is refused, and no error contains any part
// of the string.
func FuzzCheckDSN(f *testing.F) {
	for _, seed := range []string{"host=a password=b", "postgres://a:b@c/d", "postgres://a/b?password=c", "host='a'password='b'", "user=a", "x"} {
		f.Add(seed)
	}
	none := filepath.Join(f.TempDir(), "passfile")
	known := make(map[string]bool)
	for _, dsn := range []string{"password=x", "x"} { // parts of the errors' own text
		known[CheckDSN(dsn).Error()] = true
	}
	f.Fuzz(func(t *testing.T, dsn string) {
		err := CheckDSN(dsn)
		if err != nil {
			if !known[err.Error()] {
				t.Errorf("%q: %v", dsn, err)
			}
			return
		}
		if strings.Contains(dsn, "passfile") || strings.Contains(dsn, "service") || os.Getenv("PGPASSWORD") != "" {
			return
		}
		t.Setenv("PGPASSFILE", none)
		if config, err := pgconn.ParseConfig(dsn); err == nil && config.Password != "" {
			t.Errorf("%q has a password", dsn)
		}
	})
}
