package postgres

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/store"
)

// errMoved means that the record has changed since the write was decided.
var errMoved = errors.New("the record has moved")

// Write implements service.Records on this store. decide gets the stored record. It may be
// called again if the record has changed meanwhile, so it must be pure. The access-log
// entry is written whatever it decides.
//
// The result is the record after the write. If decide returns an error, Write returns it
// once its entry is durable, with the record as found. Other errors: store.ErrKeyTaken,
// store.ErrUnavailable.
//
// A create takes one round trip, because it is assumed to be the person's first; a change
// takes two. The version that was the basis of the decision is part of the write, so that
// of two processes one has to decide again.
//
// A write that finds a lock in its way leaves the others of its batch, and tries again on its
// own until the lock goes, lockPatience is over, or the context ends. An erasure, which waits
// for all other writers, never is in a batch with them.
func (s *Store) Write(ctx context.Context, cmd store.Command, decide func(store.Opened) (store.Decision, error)) (store.Opened, error) {
	var found store.Opened
	ids := cmd.IDs()
	inTurn := false
	var patience patience // from when a lock was first in the way
	for lost, again := 0, false; ; again = true {
		// Once a write has lost to another, or waits for a lock, the writers of this process
		// take turns, new ones too. Otherwise each would only make the others decide again, or
		// wait for the same lock.
		if !inTurn && (again || slices.ContainsFunc(ids, s.turns.wanted)) {
			for _, id := range ids { // in order, as everybody takes them
				release, err := s.turns.take(ctx, id)
				if err != nil {
					return store.Opened{}, err
				}
				defer release()
			}
			inTurn = true
		}
		if again || cmd.Target == uuid.Nil {
			var err error
			if found, err = store.FindFor(ctx, tables{s}, s.Keys, cmd); err != nil {
				return store.Opened{}, err
			}
		}
		plan, err := store.NewPlan(s.Keys, found, decide)
		if err != nil {
			return store.Opened{}, err
		}
		j := &job{plan: plan, command: cmd, waits: plan.Destroys() || plan.Several() || patience.begun}
		if plan.Writes() {
			j.statements = plan.Stamp(s.stamp(1, plan.After()...))
		}
		err = s.do(ctx, j)
		switch {
		case err == nil:
			return plan.Result()
		case errors.Is(err, errBlocked) && patience.left():
			sleep(ctx, lockPause)
		case !errors.Is(err, errMoved):
			return store.Opened{}, err
		case lost == maxTries:
			return store.Opened{}, store.ErrUnavailable
		default:
			lost++
		}
	}
}

// lockPause is how long a write that waits for a lock lets others go before it tries again.
const lockPause = 10 * time.Millisecond

// stamp returns the time of a change: later than the given times, and than all times
// that this process has used, unless a wrong clock made them. For n changes it reserves n
// times, a microsecond apart, and returns the first.
func (s *Store) stamp(n int, after ...time.Time) time.Time {
	for {
		last := s.stamped.Load()
		first := store.Micros(s.clock.After(append(after, store.FromMicros(last))...))
		if s.stamped.CompareAndSwap(last, first+int64(n)-1) {
			return store.FromMicros(first)
		}
	}
}

// turns lets one writer at a time use an id.
type turns struct {
	mu      sync.Mutex
	waiting map[uuid.UUID]*turn
}

type turn struct {
	free  chan struct{} // holds one value if it is nobody's turn
	users int
}

// wanted says whether anybody has an id's turn, or waits for it.
func (t *turns) wanted(id uuid.UUID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting[id] != nil
}

// take waits for an id's turn, until the context ends or for as long as a transaction may
// take: those before it may wait for a lock. Error: store.ErrUnavailable, or the context's.
func (t *turns) take(ctx context.Context, id uuid.UUID) (release func(), err error) {
	t.mu.Lock()
	if t.waiting == nil {
		t.waiting = make(map[uuid.UUID]*turn)
	}
	mine := t.waiting[id]
	if mine == nil {
		mine = &turn{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		t.waiting[id] = mine
	}
	mine.users++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.users--; mine.users == 0 {
			delete(t.waiting, id)
		}
	}
	select {
	case <-mine.free:
		return func() { mine.free <- struct{}{}; leave() }, nil
	case <-time.After(commitTimeout):
		leave()
		return nil, store.ErrUnavailable
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
