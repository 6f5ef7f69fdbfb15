package server

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	maxCallers = 10_000
	// evictionSample limits the cost of making room.
	evictionSample = 64
	// busyRetry is when a caller with too many requests in progress may try again: nobody
	// knows when one of them will end.
	busyRetry = time.Second
)

// Limits are the limits for one caller.
type Limits struct {
	Rate       float64 // requests a second; 0 means no limit
	Burst      int     // requests at once before Rate counts, at least 1
	Concurrent int     // requests in progress at once; 0 means no limit
}

// Limiter keeps each caller within its limits. It remembers 10,000 callers. To make room,
// it forgets one with nothing in progress, preferably one with its whole burst left, for
// whom this changes nothing. It is safe for concurrent use.
type Limiter struct {
	limits  Limits
	now     func() time.Time
	mu      sync.Mutex
	callers map[string]*limited
}

type limited struct {
	tokens   *rate.Limiter
	inFlight int
}

// NewLimiter makes a Limiter.
func NewLimiter(limits Limits, now func() time.Time) *Limiter {
	return &Limiter{limits: limits, now: now, callers: make(map[string]*limited)}
}

// Acquire admits a request of the caller. If ok, call release when the request has ended;
// calling it again does nothing. If not ok, release is nil, and the caller may try again
// after retryAfter, which is over 0.
func (l *Limiter) Acquire(subject string) (release func(), retryAfter time.Duration, ok bool) {
	if l.limits.Rate <= 0 && l.limits.Concurrent <= 0 {
		return func() {}, 0, true
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.caller(subject, now)
	if c == nil || l.limits.Concurrent > 0 && c.inFlight >= l.limits.Concurrent {
		return nil, busyRetry, false
	}
	if l.limits.Rate > 0 {
		reservation := c.tokens.ReserveN(now, 1)
		if wait := reservation.DelayFrom(now); wait > 0 {
			reservation.CancelAt(now)
			return nil, wait, false
		}
	}
	c.inFlight++
	released := false
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !released {
			released = true
			c.inFlight--
		}
	}, 0, true
}

// caller finds a caller or adds one; nil if there is no room because all have requests in
// progress.
func (l *Limiter) caller(subject string, now time.Time) *limited {
	if c, ok := l.callers[subject]; ok {
		return c
	}
	if len(l.callers) >= maxCallers && !l.evict(now) {
		return nil
	}
	c := &limited{tokens: rate.NewLimiter(rate.Limit(l.limits.Rate), l.limits.Burst)}
	l.callers[subject] = c
	return c
}

// evict looks at a few callers in the map's random order, and forgets the idle one with
// most of its burst left. It looks further only if all of these are busy.
func (l *Limiter) evict(now time.Time) bool {
	victim, most, seen := "", -1.0, 0
	for subject, c := range l.callers {
		if seen++; seen > evictionSample && most >= 0 {
			break
		}
		if c.inFlight > 0 {
			continue
		}
		tokens := max(0, c.tokens.TokensAt(now))
		if tokens > most {
			victim, most = subject, tokens
		}
		if tokens >= float64(l.limits.Burst) {
			break
		}
	}
	if most < 0 {
		return false
	}
	delete(l.callers, victim)
	return true
}
