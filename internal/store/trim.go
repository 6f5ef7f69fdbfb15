package store

import (
	"context"
	"sync"
	"time"
)

// trimInterval is how often expired rows are deleted.
const trimInterval = time.Minute

// TrimBatch is how many rows are deleted at once, so that no write has to wait long.
const TrimBatch = 1000

// Regularly deletes expired rows with trim, which reports whether there are more. It
// reports failures.
func Regularly(trim func(context.Context) (more bool, err error), report func(what string, err error)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		ticker := time.NewTicker(trimInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if err := TrimAll(ctx, trim); err != nil && ctx.Err() == nil {
					report("expired rows could not be deleted", err)
				}
			}
		}
	})
	return func() { cancel(); done.Wait() }
}

// TrimAll trims until there are no more expired rows.
func TrimAll(ctx context.Context, trim func(context.Context) (more bool, err error)) error {
	for {
		more, err := trim(ctx)
		if err != nil || !more {
			return err
		}
	}
}
