package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// checkpointPause is how long changes gather in the WAL before they are copied
// into the database.
const checkpointPause = 50 * time.Millisecond

// truncatePause is how long to wait before trying again to truncate the WAL, if a reader
// was in the way. Writers wait during the attempt, so it takes at most truncatePatience, in
// milliseconds.
const (
	truncatePause    = time.Second
	truncatePatience = "100"
)

// checkpointer copies the WAL into the database while the writer works. Otherwise the
// writer would copy everything at once within a commit, and everybody would wait.
type checkpointer struct {
	db      *sql.DB
	changed chan struct{}
	cancel  context.CancelFunc
	done    sync.WaitGroup
	// destroyed means that the WAL may contain a key that was destroyed since, as one that a
	// crash left may.
	destroyed atomic.Bool
}

func startCheckpointer(path string, report func(what string, err error)) (*checkpointer, error) {
	db, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("PRAGMA busy_timeout(" + truncatePatience + ")"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &checkpointer{db: db, changed: make(chan struct{}, 1), cancel: cancel}
	c.destroyed.Store(true)
	c.done.Go(func() {
		failed := false
		for {
			var again <-chan time.Time
			if c.destroyed.Load() {
				again = time.After(truncatePause)
			}
			select {
			case <-ctx.Done():
				return
			case <-again:
			case <-c.changed:
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(checkpointPause):
			}
			err := c.checkpoint(ctx)
			if err != nil && !failed && ctx.Err() == nil {
				report("the WAL cannot be copied into the database", err)
			}
			failed = err != nil
		}
	})
	return c, nil
}

// checkpoint copies the WAL without waiting for anybody. If the WAL contains a key that was
// destroyed since, it truncates the WAL as soon as no reader is in the way.
func (c *checkpointer) checkpoint(ctx context.Context) error {
	if !c.destroyed.Swap(false) {
		_, err := c.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
		return err
	}
	var busy, pages, copied int64
	err := c.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &copied)
	if err != nil || busy != 0 {
		c.destroyed.Store(true)
	}
	return err
}

// note records that a transaction was committed, and whether it destroyed a key.
func (c *checkpointer) note(destroyed bool) {
	if destroyed {
		c.destroyed.Store(true)
	}
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *checkpointer) close() error {
	c.cancel()
	c.done.Wait()
	return c.db.Close()
}
