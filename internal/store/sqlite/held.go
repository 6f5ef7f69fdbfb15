package sqlite

import (
	"fmt"
	"time"

	"equality-information-api/internal/store"
)

// ErrLockLost means that the lock of the data directory was removed or replaced, so that
// another process may be writing.
var ErrLockLost error = store.Cause("The file lock in the data directory was removed or replaced, so another server may be writing. Stop every server, then start one.")

// heldFor is how long the lock counts as held before the writer looks again.
const heldFor = 200 * time.Millisecond

// held returns an error once the directory's lock has been lost, and ever after: what this
// process remembers of the database may no longer be true.
// Error: store.ErrUnavailable, with ErrLockLost.
func (s *Store) held() error {
	if s.Held == nil {
		return nil
	}
	if !s.lost.Load() {
		err := s.Held()
		if err == nil {
			return nil
		}
		if !s.lost.Swap(true) {
			s.Report("the data directory is no longer locked: nothing more is written", err)
		}
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, ErrLockLost)
}

// stillHeld is held for the writer, which asks before every transaction.
func (w *writer) stillHeld() error {
	select {
	case <-w.heldFor.C:
		w.isHeld = w.held()
	default:
	}
	return w.isHeld
}
