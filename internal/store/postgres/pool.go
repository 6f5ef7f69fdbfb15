package postgres

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// defaultConnections is the maximum number of connections of a process, unless the
// connection string has pool_max_conns.
const defaultConnections = 16

// leastConnections is the minimum, whatever the connection string says: a load holds one
// connection for its whole duration, and all other work needs another.
const leastConnections = 2

// scanConnections is the maximum number of further connections for scans, and scanTimeout
// how long each scan may take: an export is as slow as its reader.
const (
	scanConnections = 4
	scanTimeout     = "6h"
)

// runtimeDefaults are settings of every connection, unless the connection string sets them.
// Nothing waits for ever, and a lock is waited for only briefly at a time: everything else in
// the batch waits too. The server notices within half a minute, instead of two hours, that a
// client has gone without closing its connection: until then the client's transaction keeps
// its locks.
var runtimeDefaults = map[string]string{
	nameSetting:                           applicationName,
	"statement_timeout":                   "10s",
	"lock_timeout":                        "200ms",
	"idle_in_transaction_session_timeout": "60s",
	"timezone":                            "UTC",
	"tcp_keepalives_idle":                 "10",
	"tcp_keepalives_interval":             "5",
	"tcp_keepalives_count":                "3",
}

// planning restricts the server to indexes, which every statement has. A plan made while a
// table was small is kept when the table has grown, until it is analysed: after an import
// each read would otherwise read the whole table. Nor is anything long enough to compile, or
// to start processes for.
var planning = map[string]string{
	"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
	"jit": "off", "max_parallel_workers_per_gather": "0",
}

// applicationName is the name of the sessions of servers and commands.
const (
	nameSetting     = "application_name"
	applicationName = "equality-api"
)

// connectTimeout is for one host of the connection string.
const connectTimeout = 3 * time.Second

// pingTimeout is how long a doubtful connection has to prove that it works: a server that
// disappears leaves a pool of dead connections.
const pingTimeout = time.Second

// poolConfig has all settings of a connection.
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
	const options = "options" // which may also set them
	for name, value := range runtimeDefaults {
		_, set := config.ConnConfig.RuntimeParams[name]
		if !set && !strings.Contains(config.ConnConfig.RuntimeParams[options], name) {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	maps.Copy(config.ConnConfig.RuntimeParams, planning)
	config.PingTimeout = pingTimeout
	config.AfterConnect = durable
	return config, nil
}

// scanConfig is the configuration of the pool for scans: few connections, made when needed.
// Their statements may take long, and the server plans them freely.
func scanConfig(config *pgxpool.Config) *pgxpool.Config {
	config = config.Copy()
	unhurried(config.ConnConfig, scanTimeout)
	config.MaxConns, config.MinConns, config.MinIdleConns = scanConnections, 0, 0
	return config
}

// scan reads the database as it is at one moment, through the pool for scans. Every query
// that reads many rows must use it. All others find their rows by an index and use the
// other pool, which restricts the server to indexes. Errors: store.ErrUnavailable, or the
// error of read.
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

// reset closes every connection, because they lead to a server that is no longer the
// primary.
func (s *Store) reset() {
	s.pool.Reset()
	s.scans.Reset()
}

// Pool says how the connections of a pool are used.
type Pool struct {
	Name             string // requests, or scans
	InUse, Idle, Max int32
	Waits            int64 // how often somebody had to wait for a connection
}

// Pools returns both pools.
func (s *Store) Pools() (all []Pool) {
	for name, pool := range map[string]*pool{"requests": s.pool, "scans": s.scans} {
		now := pool.Stat()
		all = append(all, Pool{Name: name, InUse: now.AcquiredConns(), Idle: now.IdleConns(), Max: now.MaxConns(), Waits: now.EmptyAcquireCount()})
	}
	return all
}

// doubts apply to every connection once one was lost: a server that restarts, or ends its
// sessions, loses all of them, so each is tested before its next use.
type doubts struct{ losses lately }

// doubtful is how long a loss makes the other connections doubtful. An unused connection
// becomes doubtful after idle.
const (
	doubtful = 5 * time.Second
	idle     = time.Second
)

// lost notes that a connection was lost.
func (d *doubts) lost() { d.losses.happened(doubtful) }

func (d *doubts) ping(_ context.Context, p pgxpool.ShouldPingParams) bool {
	return p.IdleDuration > idle || d.losses.any()
}

// lately counts what happened not long ago.
type lately struct{ n atomic.Int64 }

// happened counts something until it is forgotten.
func (l *lately) happened(forgotten time.Duration) {
	l.n.Add(1)
	time.AfterFunc(forgotten, func() { l.n.Add(-1) })
}

func (l *lately) any() bool { return l.n.Load() > 0 }

// durable makes commits wait for the disk, whatever the server's default is or becomes.
func durable(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SELECT set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), false)")
	return err
}

// passwordSetting finds a password in either form of a connection string. It prefers a
// false alarm: the text before it may be the end of a quoted value.
var passwordSetting = regexp.MustCompile(`(?i)password[\s\v]*=|^postgres(ql)?://[^/@]*:[^/@]+@`)

// CheckDSN checks that a connection string can be parsed, and that it contains no password,
// which belongs in a file. Its errors repeat nothing from the string.
func CheckDSN(dsn string) error {
	plain, err := url.PathUnescape(dsn) // a URL may escape it
	if err != nil {
		plain = dsn
	}
	if passwordSetting.MatchString(dsn) || passwordSetting.MatchString(plain) {
		return errors.New("a connection string must not contain a password: put the password in a file with mode 0600 and name the file with passfile=")
	}
	_, err = poolConfig(dsn)
	return err
}
