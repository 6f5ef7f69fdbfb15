package store

import (
	"context"
	"runtime"
	"sync"
)

// QueueLength is how many jobs may wait in a queue; further ones wait to be put.
const QueueLength = 1024

// Queue holds jobs for goroutines that take everything that is waiting and do it together.
// Any number of goroutines may use it.
type Queue[T any] struct {
	waiting chan T
	closing sync.RWMutex // held for reading while a job is put
	closed  bool
}

// NewQueue returns an empty queue.
func NewQueue[T any]() *Queue[T] { return &Queue[T]{waiting: make(chan T, QueueLength)} }

// Put adds a job that somebody waits for. Error: ErrUnavailable if the queue is closed, or
// the context's.
func (q *Queue[T]) Put(ctx context.Context, one T) error {
	q.closing.RLock()
	defer q.closing.RUnlock()
	if q.closed {
		return ErrUnavailable
	}
	select {
	case q.waiting <- one:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TryPut adds a job that nobody waits for, unless the queue is full or closed.
func (q *Queue[T]) TryPut(one T) bool {
	q.closing.RLock()
	defer q.closing.RUnlock()
	if q.closed {
		return false
	}
	select {
	case q.waiting <- one:
		return true
	default:
		return false
	}
}

// Len returns how many jobs are waiting.
func (q *Queue[T]) Len() int { return len(q.waiting) }

// Close stops the queue from accepting jobs; waiting jobs are still done. It returns false
// if the queue was already closed.
func (q *Queue[T]) Close() bool {
	q.closing.Lock()
	defer q.closing.Unlock()
	if q.closed {
		return false
	}
	q.closed = true
	close(q.waiting)
	return true
}

// Take waits for a job, and fills batch with all that are waiting, up to its capacity. It
// returns false when the queue is closed and empty.
//
// First it lets goroutines that are about to put a job do so, as often as patience says:
// the more jobs share a step, the less each costs. It waits for nobody.
func (q *Queue[T]) Take(batch []T, patience int) ([]T, bool) {
	first, ok := <-q.waiting
	if !ok {
		return nil, false
	}
	batch = append(batch[:0], first)
	for len(batch) < cap(batch) {
		select {
		case one, ok := <-q.waiting:
			if !ok {
				return batch, true
			}
			batch = append(batch, one)
		default:
			if patience == 0 {
				return batch, true
			}
			patience--
			runtime.Gosched()
		}
	}
	return batch, true
}
