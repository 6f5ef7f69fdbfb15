package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pool is a pool of connections that may be unable to grow: the server has no room for more
// sessions, or the role or the database may have no more. pgx then fails whoever found no
// unused connection, although one would come free within milliseconds. This pool lets them
// wait for it, as they do when the pool has reached its own maximum.
type pool struct {
	*pgxpool.Pool
	refusals *lately
}

const (
	// roomPause is how long those who wait leave the connections to others.
	roomPause = 5 * time.Millisecond
	// fullMemory is how long the server is not asked for a connection once it has refused one:
	// a full server should not be kept busy with refusing.
	fullMemory = 100 * time.Millisecond
)

// errFull means that the server has just refused a connection.
var errFull = errors.New("the server takes no further connections")

func newPool(ctx context.Context, config *pgxpool.Config) (*pool, error) {
	p := &pool{refusals: new(lately)}
	config = config.Copy()
	config.BeforeConnect = func(context.Context, *pgx.ConnConfig) error {
		if p.refusals.any() {
			return errFull
		}
		return nil
	}
	var err error
	p.Pool, err = pgxpool.NewWithConfig(ctx, config)
	return p, err
}

// withRoom repeats what found no connection until it finds one, or the context ends, or the
// pool has none that could come free.
func (p *pool) withRoom(ctx context.Context, use func() error) error {
	for {
		err := use()
		switch {
		case refused(err):
			p.refusals.happened(fullMemory)
		case !errors.Is(err, errFull):
			return err
		}
		if now := p.Stat(); now.AcquiredConns()+now.IdleConns() == 0 || !sleep(ctx, roomPause) {
			return err
		}
	}
}

// refused reports whether the server refused a connection because it has too many.
func refused(err error) bool { return code(err) == tooManyConnections }

// Acquire is pgxpool's, with room; as are the others.
func (p *pool) Acquire(ctx context.Context) (conn *pgxpool.Conn, err error) {
	err = p.withRoom(ctx, func() (err error) { conn, err = p.Pool.Acquire(ctx); return err })
	return conn, err
}

func (p *pool) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = p.withRoom(ctx, func() (err error) { tag, err = p.Pool.Exec(ctx, sql, args...); return err })
	return tag, err
}

func (p *pool) Query(ctx context.Context, sql string, args ...any) (rows pgx.Rows, err error) {
	err = p.withRoom(ctx, func() (err error) { rows, err = p.Pool.Query(ctx, sql, args...); return err })
	return rows, err
}

// QueryRow queries when the row is scanned.
func (p *pool) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return scanned(func(dest ...any) error {
		return p.withRoom(ctx, func() error { return p.Pool.QueryRow(ctx, sql, args...).Scan(dest...) })
	})
}

type scanned func(dest ...any) error

func (s scanned) Scan(dest ...any) error { return s(dest...) }

// SendBatch sends a batch whose results go to its own functions, and waits for all of them.
func (p *pool) SendBatch(ctx context.Context, b *pgx.Batch) error {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return conn.SendBatch(ctx, b).Close()
}

func (p *pool) Begin(ctx context.Context) (pgx.Tx, error) { return p.BeginTx(ctx, pgx.TxOptions{}) }

func (p *pool) BeginTx(ctx context.Context, options pgx.TxOptions) (tx pgx.Tx, err error) {
	err = p.withRoom(ctx, func() (err error) { tx, err = p.Pool.BeginTx(ctx, options); return err })
	return tx, err
}
