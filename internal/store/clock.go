package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// clockLeeway is how far a stored time may be ahead of the clock, and the clock be away
	// from a database's, without either being wrong.
	clockLeeway = 5 * time.Minute
	// clockStep is how far the clock may be from the known time, and go from one look to the
	// next. A clock that is further away is believed when it has stayed there for a look for
	// every step, but at most clockLooks: a day.
	clockStep   = time.Hour
	clockLooks  = 24 * 60
	clockWrites = 15 * time.Minute // how often the known time is written
	toldAgain   = time.Minute      // how soon a wrong time is reported again
)

// Clock judges the system's clock and stored times: either can be wrong. A wrong clock gives
// a wrong time to what is changed meanwhile, but not to later changes, and nothing expires
// by it. Any number of goroutines may use it.
type Clock struct {
	now    func() time.Time
	report func(what string, err error)

	mu      sync.Mutex
	known   time.Time // the time as it is known to be
	looked  time.Time // the clock's at the last look
	steady  int       // looks since the clock last went too far from one to the next
	written time.Time // the known time that is stored
	warning string
	told    atomic.Bool // of a wrong stored time, lately
}

// NewClock judges a clock.
func NewClock(now func() time.Time, report func(what string, err error)) *Clock {
	at := now()
	return &Clock{now: now, report: report, known: at, looked: at}
}

// Know continues from the time that a database stored as MetaClock.
func (c *Clock) Know(stored []byte) {
	if len(stored) != 8 {
		return // verification finds it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = FromMicros(int64(binary.BigEndian.Uint64(stored)))
	c.written = c.known
}

// Known returns the known time for MetaClock.
func (c *Clock) Known() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return ClockValue(c.known)
}

// ClockValue is a time as MetaClock stores it.
func ClockValue(t time.Time) []byte { return binary.BigEndian.AppendUint64(nil, uint64(Micros(t))) }

// After returns the time of a change: that of the clock, or a microsecond after the latest
// of the earlier changes if that is later. An earlier change whose time is far ahead does
// not count: it would give everybody a wrong clock's time.
func (c *Clock) After(earlier ...time.Time) time.Time {
	now := c.now().UTC().Truncate(time.Microsecond)
	at := now
	for _, t := range earlier {
		if next := t.Add(time.Microsecond); at.Before(next) && !c.ahead(t, now) {
			at = next
		}
	}
	return at
}

// Ahead reports whether a stored time is so far ahead of the clock that it does not count,
// and tells Report.
func (c *Clock) Ahead(t time.Time) bool { return c.ahead(t, c.now()) }

func (c *Clock) ahead(t, now time.Time) bool {
	ahead := t.Sub(now)
	if ahead <= clockLeeway {
		return false
	}
	if !c.told.Swap(true) {
		time.AfterFunc(toldAgain, func() { c.told.Store(false) })
		c.report("the clock is wrong, or was",
			fmt.Errorf("an earlier change is stored with a time %v ahead of the clock; it does not count for later changes", ahead.Round(time.Second)))
	}
	return true
}

// Expiry returns the time by which to judge whether something has expired: the clock's,
// unless that is far from the known one.
func (c *Clock) Expiry() time.Time {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch difference := now.Sub(c.known); {
	case difference > clockStep:
		return c.known.Add(clockStep)
	case difference < -clockStep:
		return c.known.Add(-clockStep)
	}
	return now
}

// Look compares the clock with the known time, and with the database's clock unless that is
// zero. It is called every minute, before anything that has expired is deleted. It returns
// ok if that may be done now, and whether the known time should be written.
func (c *Clock) Look(database time.Time) (ok, write bool) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if passed := now.Sub(c.looked); passed >= 0 && passed <= clockStep {
		c.known = c.known.Add(passed) // time passes, whatever the clock
		c.steady++
	} else {
		c.steady = 0
	}
	c.looked = now
	warning := ""
	if difference := now.Sub(c.known); difference.Abs() <= time.Duration(max(c.steady, 1))*clockStep || c.steady >= clockLooks {
		c.known = now
	} else {
		warning = apart(difference, "the time last known")
	}
	if !database.IsZero() && now.Sub(database).Abs() > clockLeeway {
		warning = apart(now.Sub(database), "the database's clock")
	}
	switch {
	case warning != "" && c.warning == "":
		c.report("the clock is wrong: nothing expires until it is right", errors.New(warning))
	case warning == "" && c.warning != "":
		c.report("the clock is right again", nil)
	}
	c.warning = warning
	write = c.known.Sub(c.written).Abs() >= clockWrites
	if write {
		c.written = c.known
	}
	return warning == "", write
}

func apart(difference time.Duration, what string) string {
	way := "ahead of"
	if difference < 0 {
		way = "behind"
	}
	return fmt.Sprintf("the clock is %v %s %s", difference.Abs().Round(time.Second), way, what)
}

// Warning says what is wrong with the clock, as of the last look; empty if nothing is.
func (c *Clock) Warning() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.warning
}

// Fresh returns the latest time that a stored time can have without being ahead of the clock.
func (c *Clock) Fresh() time.Time { return c.now().Add(clockLeeway) }
