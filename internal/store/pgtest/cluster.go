package pgtest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// How long a server may take to start, including recovery, and to stop.
const (
	startTimeout = 60 * time.Second
	stopTimeout  = 60 * time.Second
)

// Mode is how a server stops.
type Mode syscall.Signal

const (
	// Fast ends the sessions and writes everything to disk.
	Fast = Mode(syscall.SIGINT)
	// Immediate stops at once: the next start must recover.
	Immediate = Mode(syscall.SIGQUIT)
	// Kill gives the server no chance to do anything.
	Kill = Mode(syscall.SIGKILL)
)

// Cluster is a PostgreSQL server with its databases. It is not for use by
// several goroutines while it is stopped or started.
type Cluster struct {
	BinDir  string // of the server; psql, pg_dump and pgbench may be missing
	Version string // for example 15.18
	Port    int    // on 127.0.0.1; StartAgain keeps it

	dir       string
	password  string
	account   account
	watchdog  *watchdog
	server    *exec.Cmd
	done      chan struct{} // closed when the server has ended
	templates templates
}

// defaults are settings like a council's server rather than a developer's: texts are not
// sorted by their bytes, and the time zone is not UTC. Queries that assume either will
// fail.
var defaults = []string{
	"listen_addresses = '127.0.0.1'",
	"unix_socket_directories = ''",
	"max_connections = 200",
	"timezone = 'Europe/London'",
	"log_timezone = 'UTC'",
	"log_line_prefix = '%m [%p] %q%u@%d '",
	"log_checkpoints = off",
	"log_error_verbosity = terse",     // a DETAIL contains keys
	"log_min_error_statement = panic", // the text of a statement adds nothing
}

// Volatile are settings for tests in which data need not survive a power cut.
var Volatile = []string{"fsync = off", "synchronous_commit = off", "full_page_writes = off"}

// Start makes a cluster and starts its server. Settings are lines of postgresql.conf;
// without any, commits are durable. The caller ends it with [Cluster.Remove]. The error is
// [ErrMissing] if there is no PostgreSQL.
func Start(settings ...string) (_ *Cluster, err error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	c := &Cluster{password: rand.Text()}
	if c.account, err = serverAccount(); err != nil {
		return nil, err
	}
	if c.dir, err = os.MkdirTemp("", "equality-postgres-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Remove())
		}
	}()
	if c.watchdog, err = watch(c.dir); err != nil {
		return nil, err
	}
	if err := c.account.own(c.dir); err != nil {
		return nil, err
	}
	if c.BinDir, err = c.account.reach(c.dir, bin); err != nil {
		return nil, err
	}
	if err := c.initialise(settings); err != nil {
		return nil, err
	}
	if err := c.startOnFreePort(); err != nil {
		return nil, err
	}
	return c, c.createRoles()
}

func (c *Cluster) initialise(settings []string) error {
	password := filepath.Join(c.dir, "password")
	secret, err := c.secret()
	if err != nil {
		return err
	}
	if err := os.WriteFile(password, []byte(secret), 0o600); err != nil {
		return err
	}
	if err := c.account.own(password); err != nil {
		return err
	}
	out, err := c.account.command(c.dir, filepath.Join(c.BinDir, "initdb"), "--pgdata", c.data(), "--no-sync", "--no-instructions",
		"--username", Superuser, "--pwfile", password, "--auth", "scram-sha-256",
		"--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-GB").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	conf, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	for _, line := range append(defaults[:len(defaults):len(defaults)], settings...) {
		if _, err := fmt.Fprintln(conf, line); err != nil {
			return errors.Join(err, conf.Close())
		}
	}
	if err := conf.Close(); err != nil {
		return err
	}
	version, err := c.account.command(c.dir, filepath.Join(c.BinDir, "postgres"), "--version").Output()
	if words := strings.Fields(string(version)); len(words) > 2 { // postgres (PostgreSQL) 15.18
		c.Version = words[2]
	}
	return err
}

// startOnFreePort tries again if another process took the port first: PostgreSQL cannot
// choose a free port itself.
func (c *Cluster) startOnFreePort() (err error) {
	for range 5 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		c.Port = listener.Addr().(*net.TCPAddr).Port
		if err := listener.Close(); err != nil {
			return err
		}
		if err = c.StartAgain(); err == nil || !strings.Contains(c.Log(), "Address already in use") {
			return err
		}
	}
	return err
}

// StartAgain starts a server that was stopped, and waits until it accepts connections.
func (c *Cluster) StartAgain() error {
	if c.running() {
		return errors.New("the server is already running")
	}
	for end := time.Now().Add(startTimeout); ; time.Sleep(50 * time.Millisecond) {
		before := len(c.Log())
		err := c.startOnce(end)
		// A killed server takes a moment to disappear.
		if err == nil || time.Now().After(end) || !strings.Contains(c.Log()[before:], "is still in use") {
			return err
		}
	}
}

func (c *Cluster) startOnce(end time.Time) error {
	log, err := os.OpenFile(c.logFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	server := c.account.command(c.dir, filepath.Join(c.BinDir, "postgres"), "-D", c.data(), "-p", strconv.Itoa(c.Port))
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	c.server, c.done = server, done
	go func() {
		_ = server.Wait() // the status is in ProcessState
		close(done)
	}()
	for {
		err := c.ping()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("PostgreSQL takes no connections: %w\n%s", errors.Join(err, c.Stop(Immediate)), c.Log())
		}
		select {
		case <-done:
			return fmt.Errorf("PostgreSQL has ended: %v\n%s", server.ProcessState, c.Log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Stop stops the server and waits until it has ended; its data remain.
func (c *Cluster) Stop(mode Mode) error {
	if !c.running() {
		return nil
	}
	if err := c.server.Process.Signal(syscall.Signal(mode)); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.done:
		return nil
	case <-time.After(stopTimeout):
		_ = c.server.Process.Kill()
		<-c.done
		return fmt.Errorf("PostgreSQL has not ended after %v\n%s", stopTimeout, c.Log())
	}
}

// Remove kills the server and removes its data.
func (c *Cluster) Remove() error {
	err := c.Stop(Immediate)
	if c.watchdog != nil {
		return errors.Join(err, c.watchdog.clear())
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}

func (c *Cluster) running() bool {
	if c.server == nil {
		return false
	}
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// DSN returns the connection string of a database and a role.
func (c *Cluster) DSN(database, user string) string {
	dsn := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(user, c.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return dsn.String()
}

// Log returns what the server has logged since the cluster was made.
func (c *Cluster) Log() string {
	log, err := os.ReadFile(c.logFile())
	if err != nil {
		return err.Error()
	}
	return string(log)
}

// tail returns the end of the log, to show when a test has failed.
func (c *Cluster) tail() []byte {
	const most = 32 << 10
	log := []byte(c.Log())
	if len(log) > most {
		log = log[len(log)-most:]
		_, log, _ = bytes.Cut(log, []byte("\n"))
	}
	return log
}

func (c *Cluster) data() string    { return filepath.Join(c.dir, "data") }
func (c *Cluster) logFile() string { return filepath.Join(c.dir, "log") }
