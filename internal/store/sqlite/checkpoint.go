package sqlite

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// checkpointPause is how long changes gather in the WAL before they are copied
// into the database.
const checkpointPause = 50 * time.Millisecond

// checkpointer copies the WAL into the database beside the writer. The writer
// would do it within a commit, all at once, and everybody would wait; so it
// finds little left to do.
type checkpointer struct {
	db      *sql.DB
	changed chan struct{}
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

func startCheckpointer(path string, report func(what string, err error)) (*checkpointer, error) {
	db, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithCancel(context.Background())
	c := &checkpointer{db: db, changed: make(chan struct{}, 1), cancel: cancel}
	c.done.Go(func() {
		failed := false
		for {
			select {
			case <-ctx.Done():
				return
			case <-c.changed:
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(checkpointPause):
			}
			_, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
			if err != nil && !failed && ctx.Err() == nil {
				report("the WAL cannot be copied into the database", err)
			}
			failed = err != nil
		}
	})
	return c, nil
}

// note tells that a transaction was committed.
func (c *checkpointer) note() {
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
