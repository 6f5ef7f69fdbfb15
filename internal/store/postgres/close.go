package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"equality-information-api/internal/store"
)

const (
	// closeTimeout is how long Close lets what is under way take, and what waits.
	closeTimeout = 10 * time.Second
	// closeGrace is how long it then waits for the end of what it has given up.
	closeGrace = 2 * time.Second
)

// errGivenUp is the error of what Close has given up.
var errGivenUp = fmt.Errorf("%w: it was closed before this was done", store.ErrUnavailable)

// Close finishes what waits to be written and closes the database's connections.
// It returns within closeTimeout and closeGrace: what a silent database has not
// done in time is given up, and its callers learn that the store is unavailable.
// Error: store.ErrUnavailable where something was given up.
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
	case <-time.After(closeGrace): // connections that lead nowhere end by themselves
		return errGivenUp
	}
}

func (s *Store) end() error {
	s.jobs.Close() // which waits for those that wait for room in the queue
	s.alone.Close()
	s.stop()
	s.feed.close()
	s.working.Wait()
	s.finding.Close()
	s.finders.Wait()
	err := s.leases.close()
	s.closePools()
	return err
}

// closePools waits for the connections that are in use.
func (s *Store) closePools() {
	s.scans.Close()
	s.pool.Close()
}

// whileOpen is a context that ends with another, and when Close gives up.
func (s *Store) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.life, cancel)
	return ctx, func() { stop(); cancel() }
}

// givenUp is errGivenUp in place of the error of a context that Close has ended.
func (s *Store) givenUp(err error) error {
	if s.life.Err() != nil && errors.Is(err, context.Canceled) {
		return errGivenUp
	}
	return err
}
