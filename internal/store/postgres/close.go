package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"equality-information-api/internal/store"
)

const (
	// closeTimeout is how long Close waits for running and queued jobs.
	closeTimeout = 10 * time.Second
	// closeGrace is how long it then waits for the jobs it has given up to end.
	closeGrace = 2 * time.Second
)

// errGivenUp is the error of jobs that Close has given up.
var errGivenUp = fmt.Errorf("%w: it was closed before this was done", store.ErrUnavailable)

// Close does the waiting writes and closes the connections. It returns within closeTimeout
// plus closeGrace: it gives up jobs that a silent database has not done in time, and their
// callers learn that the store is unavailable. Error: store.ErrUnavailable if it gave up a
// job.
func (s *Store) Close() error {
	if s.closing.Swap(true) {
		return nil
	}
	ended := make(chan error, 1)
	go func() { ended <- s.end() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(closeTimeout):
	}
	s.giveUp()
	select {
	case err := <-ended:
		return errors.Join(errGivenUp, err)
	case <-time.After(closeGrace): // dead connections end by themselves
		return errGivenUp
	}
}

func (s *Store) end() error {
	s.jobs.Close() // waits for callers that wait for room in the queue
	s.alone.Close()
	s.waiting.Close()
	s.stop()
	s.feed.close()
	s.working.Wait()
	s.rows.waiting.Close()
	s.entries.waiting.Close()
	s.rowsWithEntries.waiting.Close()
	s.numbering.Close()
	s.finders.Wait()
	err := s.leases.close()
	s.closePools()
	return err
}

// closePools waits for the connections in use.
func (s *Store) closePools() {
	s.scans.Close()
	s.pool.Close()
}

// whileOpen returns a context that ends with ctx, and when Close gives up.
func (s *Store) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.life, cancel)
	return ctx, func() { stop(); cancel() }
}

// givenUp returns errGivenUp instead of the error of a context that Close has ended.
func (s *Store) givenUp(err error) error {
	if s.life.Err() != nil && errors.Is(err, context.Canceled) {
		return errGivenUp
	}
	return err
}
