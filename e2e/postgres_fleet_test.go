package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// long reports whether tests of servers under load run at full length.
func long() bool { return os.Getenv("EQUALITY_LONG") == "1" }

// turns are how often a server under load is stopped or killed, and started again.
func turns() int {
	if long() {
		return 100
	}
	return 8
}

// fleet are servers on one database. A slot is empty while its server is down.
type fleet struct {
	t      *testing.T
	slots  [4]atomic.Pointer[program]
	kept   ledger
	shared sharedPeople
	tokens map[string]string
	logs   []string // of the servers that have ended

	mu      sync.Mutex
	answers map[int]int // by status
}

func newFleet(t *testing.T, dir string, servers int) *fleet {
	t.Helper()
	f := &fleet{t: t, tokens: make(map[string]string), answers: make(map[int]int)}
	for i := range servers {
		f.slots[i].Store(startIn(t, dir))
	}
	for _, role := range []string{"officer", "governance", "service"} {
		f.tokens[role] = f.slots[0].Load().token(t, role)
	}
	return f
}

// any returns a running server, and its slot.
func (f *fleet) any() (*program, *atomic.Pointer[program]) {
	for {
		slot := &f.slots[rand.IntN(len(f.slots))]
		if p := slot.Load(); p != nil {
			return p, slot
		}
		time.Sleep(time.Millisecond)
	}
}

// load has callers do everything at once on every server until the end. excused reports
// which errors do not count.
func (f *fleet) load(callers *sync.WaitGroup, n int, end <-chan struct{}, excused func(error) bool) {
	for range n {
		callers.Go(func() {
			for {
				select {
				case <-end:
					return
				case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
				}
				p, slot := f.any()
				err := f.anything(p)
				f.count(err)
				if err == nil || slot.Load() != p && !errors.As(err, new(refusal)) {
					continue // it has just been stopped
				}
				if status := refusal(0); errors.As(err, &status) && status == 503 && slot.Load() != p {
					continue // it was just stopping
				}
				if !excused(err) {
					f.t.Errorf("%v\n%s", err, internalErrors(p))
					return
				}
			}
		})
	}
}

// internalErrors returns the lines of a server's log that say why it sent a 500.
func internalErrors(p *program) string {
	time.Sleep(100 * time.Millisecond) // they come after the responses
	var lines strings.Builder
	for line := range strings.Lines(p.log()) {
		if strings.Contains(line, `"internal error"`) {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

// works waits until the servers have acknowledged some more changes.
func (f *fleet) works(changes int) {
	f.t.Helper()
	want := f.kept.changes() + changes
	eventually(f.t, fmt.Sprintf("%d changes", want), func() bool { return f.t.Failed() || f.kept.changes() >= want })
}

// answered returns how many requests got a status.
func (f *fleet) answered(status int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answers[status]
}

func (f *fleet) count(err error) {
	status := refusal(200)
	if err != nil && !errors.As(err, &status) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[int(status)]++
}

// anything is a request of some kind, or two that belong together.
func (f *fleet) anything(p *program) error {
	officer := f.tokens["officer"]
	target := f.shared.any()
	switch kind := rand.IntN(10); {
	case target == "" || kind == 0:
		target, err := f.kept.create(p, officer)
		if err == nil {
			f.shared.add(target)
		}
		return err
	case kind < 4:
		return f.kept.change(p, officer, target)
	case kind == 4:
		// From the last version seen, which may no longer be the current one.
		err := f.kept.changeFrom(p, officer, target)
		if errors.Is(err, refusal(412)) {
			return nil
		}
		return err
	case kind == 5:
		return f.twice(p, target)
	}
	return read(p, f.tokens, target)
}

// twice sends one change to two servers, at once or one after the other.
func (f *fleet) twice(p *program, target string) error {
	a := f.kept.attempt("PATCH", records+"/"+target, target)
	other, slot := f.any()
	again := func() error {
		err := f.kept.send(other, f.tokens["officer"], a)
		if slot.Load() != other && (!errors.As(err, new(refusal)) || errors.Is(err, refusal(503))) {
			return nil
		}
		return err
	}
	if rand.IntN(2) == 0 {
		return errors.Join(f.kept.send(p, f.tokens["officer"], a), again())
	}
	second := make(chan error, 1)
	go func() { second <- again() }()
	first := f.kept.send(p, f.tokens["officer"], a)
	return errors.Join(first, <-second)
}

// changeFrom changes a person's record if it is at the version that is known.
func (l *ledger) changeFrom(p *program, token, target string) error {
	a := l.attempt("PATCH", records+"/"+target, target)
	l.mu.Lock()
	known := int64(0)
	for version := range l.people[target].versions {
		known = max(known, version)
	}
	a.match = fmt.Sprintf(`"%d"`, known)
	l.people[target].unanswered[a.text] = a
	l.mu.Unlock()
	return l.send(p, token, a)
}

// follow reads the feed on a slot's server until the end, with long polls.
func (f *fleet) follow(reader *follower, slot *atomic.Pointer[program], end <-chan struct{}) {
	for {
		select {
		case <-end:
			return
		default:
		}
		p := slot.Load()
		if p == nil {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		_, err := reader.read(p, f.tokens["service"], "limit=50&wait=2")
		if err == nil || errors.Is(err, refusal(503)) || slot.Load() != p && !errors.Is(err, errOutOfPlace) {
			continue
		}
		f.t.Errorf("following the feed: %v", err)
		return
	}
}

// check repeats everything that got no response, and compares what the servers store with
// what they have acknowledged.
func (f *fleet) check(dir string, readers []follower) {
	f.t.Helper()
	p, officer := f.slots[0].Load(), f.tokens["officer"]
	f.kept.retry(f.t, p, officer)
	f.kept.check(f.t, p, officer)
	for i := range readers {
		p := f.slots[i].Load()
		for more := true; more; {
			var err error
			if more, err = readers[i].read(p, f.tokens["service"], "limit=1000"); err != nil {
				f.t.Fatal(err)
			}
		}
		f.kept.checkFollower(f.t, &readers[i])
		same(f.t, readers[i].ids, readers[0].ids)
	}
	f.kept.checkFeed(f.t, p, f.tokens["service"])
	f.kept.checkAudit(f.t, dir) // while the servers are running
	for i := range f.slots {
		if p := f.slots[i].Load(); p != nil {
			if status := p.stop(f.t); status != 0 {
				f.t.Errorf("stopped with status %d", status)
			}
			f.logs = append(f.logs, p.log())
		}
	}
	f.kept.checkAudit(f.t, dir, f.logs...)
}

// TestPostgresServersShareADatabase has four servers under load that stop and start.
// Together they keep everything they have acknowledged, in one order, with one unbroken
// access log.
func TestPostgresServersShareADatabase(t *testing.T) {
	t.Parallel()
	dir := home(t)
	f := newFleet(t, dir, 4)
	readers := make([]follower, len(f.slots))
	var callers, following sync.WaitGroup
	end, endOfNews := make(chan struct{}), make(chan struct{})
	f.load(&callers, 12, end, func(error) bool { return false })
	for i := range readers {
		following.Go(func() { f.follow(&readers[i], &f.slots[i], endOfNews) })
	}
	kills, stops := 0, 0
	for range turns() {
		f.works(30)
		slot := &f.slots[rand.IntN(len(f.slots))]
		p := slot.Swap(nil)
		if rand.IntN(2) == 0 {
			kills++
			p.kill(t)
		} else if stops++; p.stop(t) != 0 {
			t.Errorf("stopped with status %d", p.cmd.ProcessState.ExitCode())
		}
		f.logs = append(f.logs, p.log())
		slot.Store(p.restart(t))
	}
	close(end)
	callers.Wait()
	close(endOfNews)
	following.Wait()
	f.check(dir, readers)
	t.Logf("%d kills, %d stops, %d changes, answers %v", kills, stops, f.kept.changes(), f.answers)
}
