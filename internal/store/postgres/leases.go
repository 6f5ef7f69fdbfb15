package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"

	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

const (
	// lanesOfLog is how many lanes the access log has. It never changes, because
	// verification expects all of them.
	lanesOfLog = 64
	noLane     = -1

	// The classes of this program's advisory locks.
	laneLock  = 0x65717561 // "equa"
	feedLock  = 0x65717566 // "equf"
	grantLock = 0x65717567 // "equg"
	sendLock  = 0x65717573 // "equs"
)

// leases are the lanes that only this process uses, and the publishing of events, as
// advisory locks on one connection. They only keep processes out of each other's way: if
// two have the same lane because the connection was lost, their entries collide on a key,
// and one retries. If two publish, the topic recognises duplicates.
type leases struct {
	mu      sync.Mutex
	config  *pgx.ConnConfig
	conn    *pgx.Conn
	session int // number of the connection, from 1
	held    []int32
	leads   bool // this process publishes events
	closed  bool
}

// lease is a lane, and the session that locks it; 0 if the lane is shared.
type lease struct{ lane, session int }

var noLease = lease{lane: noLane}

// shared is a lane that others may also have.
func shared() lease { return lease{lane: rand.IntN(lanesOfLog)} }

func newLeases(config *pgx.ConnConfig) *leases { return &leases{config: config.Copy()} }

// take leases one more lane. If every lane is leased, it shares one.
func (l *leases) take(ctx context.Context) (lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lane int32
	for again := false; ; again = true {
		if err := l.connect(ctx); err != nil {
			return noLease, err
		}
		err := l.conn.QueryRow(ctx, queries.PostgresLaneLease.SQL, lanesOfLog, l.held, laneLock).Scan(&lane)
		switch {
		case err == nil:
			l.held = append(l.held, lane)
			return lease{int(lane), l.session}, nil
		case errors.Is(err, pgx.ErrNoRows):
			return shared(), nil
		case again || !l.conn.IsClosed(): // otherwise it was lost since its last use
			return noLease, classify(err)
		}
	}
}

// takeAll leases every lane. It returns false if another process has one.
func (l *leases) takeAll(ctx context.Context) (bool, error) {
	for before := -1; len(l.held) > before; {
		before = len(l.held)
		if _, err := l.take(ctx); err != nil {
			return false, err
		}
	}
	return len(l.held) == lanesOfLog, nil
}

// lead leases the publishing of events, or checks that it still has the lease.
func (l *leases) lead(ctx context.Context) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.connect(ctx); err != nil {
		return false, err
	}
	if l.leads {
		err := l.conn.Ping(ctx)
		return err == nil, classify(err)
	}
	err := l.conn.QueryRow(ctx, queries.PostgresRelayLease.SQL, sendLock).Scan(&l.leads)
	return l.leads, classify(err)
}

// holds reports whether a lane is still this process's own. A shared lane never was; a
// lease ends with its connection.
func (l *leases) holds(ctx context.Context, had lease) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return had.session == l.session && l.conn != nil && l.conn.Ping(ctx) == nil
}

func (l *leases) connect(ctx context.Context) error {
	if l.closed {
		return store.ErrUnavailable
	}
	if l.conn != nil && !l.conn.IsClosed() {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, l.config)
	if err != nil {
		return classify(err)
	}
	l.conn, l.held, l.leads = conn, []int32{}, false
	l.session++
	return nil
}

func (l *leases) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	_ = l.conn.Close(ctx) // either way the server ends the leases with it
	return nil
}
