package pgtest

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The roles of a cluster. All of them can log in.
const (
	Superuser = "postgres"
	Owner     = "equality_owner" // owns the databases
	App       = "equality_app"   // has only what it is granted
)

// objectInUse is the SQLSTATE of a database that has sessions.
const objectInUse = "55006"

// queryTimeout is for one statement of the test harness.
const queryTimeout = time.Minute

// templates are the template databases made so far.
type templates struct {
	mu   sync.Mutex
	done map[string]error
}

// Create makes a database with a name of its own, and drops it when the test ends. It is a
// copy of the template, or empty if template is "". A session that is still open at the end
// fails the test.
func (c *Cluster) Create(t testing.TB, template string) (database string) {
	t.Helper()
	if template == "" {
		template = "template0"
	}
	database = "test_" + strings.ToLower(rand.Text())
	if err := c.execute(createDatabase(database, template)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !c.running() {
			return // its databases are gone, too
		}
		drop := "DROP DATABASE IF EXISTS " + identifier(database)
		err := c.execute(drop)
		if failed, ok := errors.AsType[*pgconn.PgError](err); ok && failed.Code == objectInUse {
			t.Errorf("a session is still open at the end of the test: %v %s", err, failed.Detail)
			err = c.execute(drop + " WITH (FORCE)")
		}
		if err != nil {
			t.Error(err)
		}
	})
	return database
}

// Template makes a database to copy, at the first call with its name. prepare gets it
// empty, connects with any role, and disconnects.
func (c *Cluster) Template(name string, prepare func(database string) error) error {
	c.templates.mu.Lock()
	defer c.templates.mu.Unlock()
	if err, ok := c.templates.done[name]; ok {
		return err
	}
	err := c.execute(createDatabase(name, "template0"))
	if err == nil {
		err = prepare(name)
	}
	if c.templates.done == nil {
		c.templates.done = make(map[string]error)
	}
	c.templates.done[name] = err
	return err
}

func createDatabase(name, template string) string {
	return fmt.Sprintf("CREATE DATABASE %s OWNER %s TEMPLATE %s", identifier(name), Owner, identifier(template))
}

func (c *Cluster) createRoles() error {
	for _, role := range []string{Owner, App} {
		secret, err := c.secret()
		if err != nil {
			return err
		}
		if err := c.execute(fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", role, secret)); err != nil {
			return err
		}
	}
	return nil
}

// secret is the password as the server keeps it, after one round of hashing: the tests log in
// a thousand times, and 4,096 rounds for each, which only keep somebody from guessing a
// password, took a seventh of their time.
func (c *Cluster) secret() (string, error) {
	salt := []byte(rand.Text())
	salted, err := pbkdf2.Key(sha256.New, c.password, salt, 1, sha256.Size)
	if err != nil {
		return "", err
	}
	sign := func(message string) []byte {
		mac := hmac.New(sha256.New, salted)
		mac.Write([]byte(message))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(sign("Client Key"))
	text := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$1:%s$%s:%s", text(salt), text(stored[:]), text(sign("Server Key"))), nil
}

// execute runs one statement as the superuser.
func (c *Cluster) execute(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.DSN("postgres", Superuser))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// ping reports whether the server accepts connections.
func (c *Cluster) ping() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.DSN("postgres", Superuser))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }
