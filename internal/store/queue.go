package store

import (
	"context"
	"runtime"
	"sync"
)

// QueueLength is how many may wait in a queue; further ones wait to be put.
const QueueLength = 1024

// Queue is what waits to be done, by goroutines that do together what waits
// together. Any number of goroutines may use it.
type Queue[T any] struct {
	waiting chan T
	closing sync.RWMutex // held for reading while something is put
	closed  bool
}

// NewQueue is empty.
func NewQueue[T any]() *Queue[T] { return &Queue[T]{waiting: make(chan T, QueueLength)} }

// Put adds what somebody waits for. Error: ErrUnavailable of a closed queue, or
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

// TryPut adds what nobody waits for, unless the queue is full or closed.
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

// Len is how many wait.
func (q *Queue[T]) Len() int { return len(q.waiting) }

// Close takes nothing more; what waits is still to be done. It is false where
// the queue was closed already.
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

// Take waits for one, and fills batch with it and those that wait with it, up
// to its capacity. It is false when the queue is closed and empty.
//
// Whoever is about to put something may do so first, as often as patience
// says: the more share a step, the less each pays. Nobody is waited for.
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
