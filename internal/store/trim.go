package store

import (
	"context"
	"sync"
	"time"
)

// trimInterval is how often what is past its retention is dropped.
const trimInterval = time.Minute

// TrimBatch is how many rows are dropped together, so that no write waits long behind one.
const TrimBatch = 1000

// Regularly drops what is past its retention with trim, which reports whether
// there is more. What fails is reported.
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

// TrimAll trims until nothing more is past its retention.
func TrimAll(ctx context.Context, trim func(context.Context) (more bool, err error)) error {
	for {
		more, err := trim(ctx)
		if err != nil || !more {
			return err
		}
	}
}
