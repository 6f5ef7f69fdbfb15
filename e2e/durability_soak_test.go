package e2e

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// soakRequests is how many requests all callers send in total.
const soakRequests = 2000

// TestSoak has many callers do everything at once. Nobody gets an error, and everything
// acknowledged is stored.
func TestSoak(t *testing.T) {
	t.Parallel()
	p := start(t)
	tokens := map[string]string{}
	for _, role := range []string{"officer", "governance", "service"} {
		tokens[role] = p.token(t, role)
	}
	var l ledger
	var shared sharedPeople
	for range 4 {
		if err := l.writeOne(p, tokens["officer"], &shared); err != nil {
			t.Fatal(err)
		}
	}
	var callers sync.WaitGroup
	var requests atomic.Int64
	for range 16 {
		callers.Go(func() {
			for requests.Add(1) <= soakRequests {
				if err := l.anything(p, tokens, &shared); err != nil {
					t.Error(err)
					return
				}
				// At the pace of people, not of a benchmark, so that the checks afterwards
				// stay short.
				time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
			}
		})
	}
	callers.Wait()
	l.checkFeed(t, p, tokens["service"])
	l.checkAudit(t, p.dir) // while the server is running
	l.each(func(target string, person *entered) {
		person.checkCurrent(t, p, tokens["officer"], "/equality-information/"+target)
	})
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d", status)
	}
	l.checkAudit(t, p.dir, p.log())
	t.Logf("%d changes", l.changes())
}

// anything is one request of some kind.
func (l *ledger) anything(p *program, tokens map[string]string, shared *sharedPeople) error {
	if rand.IntN(4) == 0 {
		return l.writeOne(p, tokens["officer"], shared)
	}
	return read(p, tokens, shared.any())
}

// read is a request for a person's record, or for something else.
func read(p *program, tokens map[string]string, target string) error {
	path, role := "/equality-information/"+target, "officer"
	switch rand.IntN(6) {
	case 0:
		path += "/history"
	case 1:
		path, role = "/equality-information?limit=20", "governance"
	case 2:
		path, role = "/events?limit=20", "service"
	}
	r, err := p.send("GET", path, request{token: tokens[role]})
	if err == nil && r.status != 200 {
		err = fmt.Errorf("GET %s: %w: %s", path, refusal(r.status), r.body)
	}
	return err
}
