package postgres

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// defaultConnections is how many connections a process has at most, unless the
// connection string says pool_max_conns.
const defaultConnections = 16

// leastConnections is how many it has at least, whatever the connection string
// says: a load holds one for as long as it takes, and all other work needs another.
const leastConnections = 2

// scanConnections is how many further ones a process has at most for scans, and
// scanTimeout how long each of those may take: an export is as slow as whoever
// takes it.
const (
	scanConnections = 4
	scanTimeout     = "6h"
)

// runtimeDefaults are the settings of every connection that the connection
// string does not set: nothing waits without an end. The server looks for who
// has gone without a word within half a minute, and not in two hours: half a
// transaction of theirs would keep its locks as long.
var runtimeDefaults = map[string]string{
	nameSetting:                           applicationName,
	"statement_timeout":                   "10s",
	"lock_timeout":                        "5s",
	"idle_in_transaction_session_timeout": "60s",
	"timezone":                            "UTC",
	"tcp_keepalives_idle":                 "10",
	"tcp_keepalives_interval":             "5",
	"tcp_keepalives_count":                "3",
}

// planning keeps the server to the indexes, which every statement has. A plan
// that was made while a table was small is kept when it has grown, until the
// table is analysed: after an import each read would go through all of it.
var planning = []string{"enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "jit"}

// applicationName is what the sessions of servers and commands are called.
const (
	nameSetting     = "application_name"
	applicationName = "equality-api"
)

// connectTimeout is for one host of the connection string.
const connectTimeout = 3 * time.Second

// pingTimeout is how long a doubtful connection has to show that it leads
// anywhere: a server that has gone without a word leaves a pool of such.
const pingTimeout = time.Second

// poolConfig is the one place where a connection's settings stand.
func poolConfig(dsn string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("not a valid PostgreSQL connection string, or a file that it names cannot be read")
	}
	if !strings.Contains(dsn, "pool_max_conns") {
		config.MaxConns = defaultConnections
	}
	config.MaxConns = max(config.MaxConns, leastConnections)
	if !strings.Contains(dsn, "target_session_attrs") {
		config.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if !strings.Contains(dsn, "connect_timeout") {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	const options = "options" // which may set them too
	for name, value := range runtimeDefaults {
		_, set := config.ConnConfig.RuntimeParams[name]
		if !set && !strings.Contains(config.ConnConfig.RuntimeParams[options], name) {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	for _, name := range planning {
		config.ConnConfig.RuntimeParams[name] = "off"
	}
	config.PingTimeout = pingTimeout
	config.AfterConnect = durable
	return config, nil
}

// scanConfig is that of the pool for scans: few connections, none before it is
// needed. They have time, and the server plans their statements as it likes.
func scanConfig(config *pgxpool.Config) *pgxpool.Config {
	config = config.Copy()
	unhurried(config.ConnConfig, scanTimeout)
	config.MaxConns, config.MinConns, config.MinIdleConns = scanConnections, 0, 0
	return config
}

// scan reads the database as it is at one moment, through the pool for scans.
// Every query that sees many rows goes through here. All others find their rows
// by an index and use the other pool, which keeps the server to the indexes.
// Errors: store.ErrUnavailable, or that of read.
func (s *Store) scan(ctx context.Context, read func(ctx context.Context, tx pgx.Tx) error) error {
	ctx, release := s.whileOpen(ctx)
	defer release()
	err := s.check(ctx)
	if err == nil {
		moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		err = pgx.BeginTxFunc(ctx, s.scans, moment, func(tx pgx.Tx) error { return read(ctx, tx) })
	}
	return s.givenUp(classify(err))
}

// reset gives up every connection, because they lead to a server that is no
// longer the primary.
func (s *Store) reset() {
	s.pool.Reset()
	s.scans.Reset()
}

// doubts are had of every connection when one was lost: a server that comes
// back, or ends its sessions, takes all of them, and then each is tried before
// it is used.
type doubts struct{ losses atomic.Int64 } // that are not long past

// doubtful is how long a loss makes the other connections doubtful, and idle
// how long one may be unused before it is doubtful by itself.
const (
	doubtful = 5 * time.Second
	idle     = time.Second
)

// lost notes that a connection was lost.
func (d *doubts) lost() {
	d.losses.Add(1)
	time.AfterFunc(doubtful, func() { d.losses.Add(-1) })
}

func (d *doubts) ping(_ context.Context, p pgxpool.ShouldPingParams) bool {
	return p.IdleDuration > idle || d.losses.Load() > 0
}

// durable makes a commit wait for the disk, whatever the server's default is
// or becomes.
func durable(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SELECT set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), false)")
	return err
}

// passwordSetting finds a password in either form of a connection string, and
// rather one too many: what stands before it may be the end of a quoted value.
var passwordSetting = regexp.MustCompile(`(?i)password[\s\v]*=|^postgres(ql)?://[^/@]*:[^/@]+@`)

// CheckDSN checks a connection string: that it can be parsed, and that it holds
// no password, which belongs into a file. Its errors repeat nothing of it.
func CheckDSN(dsn string) error {
	plain, err := url.PathUnescape(dsn) // a URL's may be written otherwise
	if err != nil {
		plain = dsn
	}
	if passwordSetting.MatchString(dsn) || passwordSetting.MatchString(plain) {
		return errors.New("a connection string must not contain a password: put the password in a file with mode 0600 and name the file with passfile=")
	}
	_, err = poolConfig(dsn)
	return err
}
