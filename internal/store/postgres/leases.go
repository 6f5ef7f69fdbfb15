package postgres

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store"
)

const (
	// lanesOfLog is how many lanes the access log has. It never changes:
	// verification expects every one of them.
	lanesOfLog = 64
	noLane     = -1

	// The classes of this program's advisory locks.
	laneLock  = 0x65717561 // "equa"
	feedLock  = 0x65717566 // "equf"
	grantLock = 0x65717567 // "equg"
)

// leases are the lanes that this process has to itself, as advisory locks of
// one connection. They only keep processes out of each other's way: where two
// have the same lane for want of the connection, they collide on its key, and
// one tries again.
type leases struct {
	mu     sync.Mutex
	config *pgx.ConnConfig
	conn   *pgx.Conn
	held   []int32
	closed bool
}

func newLeases(config *pgx.ConnConfig) *leases {
	return &leases{config: config.Copy(), held: []int32{}}
}

// take leases one more lane. Where every lane is leased it shares one.
func (l *leases) take(ctx context.Context) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.connect(ctx); err != nil {
		return noLane, err
	}
	var lane int32
	err := l.conn.QueryRow(ctx, store.Query("postgres/lane-lease"), lanesOfLog, l.held, laneLock).Scan(&lane)
	if err == pgx.ErrNoRows { //nolint:errorlint // pgx gives it as it is
		return rand.IntN(lanesOfLog), nil
	}
	if err != nil {
		return noLane, classify(err)
	}
	l.held = append(l.held, lane)
	return int(lane), nil
}

// takeAll leases every lane. It is false where another process has one.
func (l *leases) takeAll(ctx context.Context) (bool, error) {
	for before := -1; len(l.held) > before; {
		before = len(l.held)
		if _, err := l.take(ctx); err != nil {
			return false, err
		}
	}
	return len(l.held) == lanesOfLog, nil
}

// has says whether this process has a lane to itself. Nobody else can say so
// while the server is away.
func (l *leases) has(ctx context.Context, lane int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.connect(ctx) != nil || slices.Contains(l.held, int32(lane))
}

// connect sees that there is a connection. The lanes that were leased on one
// that was lost are leased again, but for those that another process has now.
func (l *leases) connect(ctx context.Context) error {
	if l.closed {
		return store.ErrUnavailable
	}
	if l.conn != nil {
		if l.conn.Ping(ctx) == nil {
			return nil
		}
		_ = l.conn.Close(ctx)
	}
	conn, err := pgx.ConnectConfig(ctx, l.config)
	if err != nil {
		return classify(err)
	}
	l.conn = conn
	rows, err := conn.Query(ctx, store.Query("postgres/lanes-keep"), l.held, laneLock)
	if err != nil {
		return classify(err)
	}
	kept, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return classify(err)
	}
	l.held = append([]int32{}, kept...) // not nil, which is no list to PostgreSQL
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
	_ = l.conn.Close(ctx) // the server ends the leases with it, however it goes
	return nil
}
