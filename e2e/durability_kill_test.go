package e2e

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// TestKilledServer kills a server while it writes, again and again. Everything it
// acknowledged is stored afterwards, with its entry and its event. Everything else is
// stored completely or not at all, and can be sent again.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer, service := p.token(t, "officer"), p.token(t, "service")
	var l ledger
	var logs []string
	for round := range 4 {
		l.writeUntil(t, p, officer, 40+30*round, func() { p.kill(t) })
		p = p.restart(t)
		if round%2 == 0 {
			l.retry(t, p, officer)
		}
		l.check(t, p, officer)
		l.checkFeed(t, p, service)
		l.checkAudit(t, p.dir)
		if status := p.stop(t); status != 0 {
			t.Errorf("stopped with status %d", status)
		}
		logs = append(logs, p.log())
		l.checkAudit(t, p.dir, logs...)
		if t.Failed() {
			return
		}
		p = p.restart(t)
	}
}

// TestStoppedServer stops a server while it writes: it finishes what it has begun.
func TestStoppedServer(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer, service := p.token(t, "officer"), p.token(t, "service")
	var l ledger
	l.writeUntil(t, p, officer, 100, func() {
		if status := p.stop(t); status != 0 {
			t.Errorf("stopped with status %d\n%s", status, p.log())
		}
	})
	l.checkAudit(t, p.dir, p.log())
	p = p.restart(t)
	l.check(t, p, officer)
	l.checkFeed(t, p, service)
}

// writeUntil writes from several goroutines, to their own people and to each other's. It
// calls end after a number of acknowledged writes, while they continue.
func (l *ledger) writeUntil(t *testing.T, p *program, token string, writes int, end func()) {
	t.Helper()
	var ending atomic.Bool
	var writers sync.WaitGroup
	acknowledged, stopped := make(chan struct{}, writes), make(chan struct{})
	var shared sharedPeople
	for range 8 {
		writers.Go(func() {
			for {
				err := l.writeOne(p, token, &shared)
				switch {
				case err == nil:
					select {
					case acknowledged <- struct{}{}:
					default: // nobody is counting any more
					}
				case !ending.Load() || errors.As(err, new(refusal)):
					t.Errorf("a write to a running server: %v", err)
					return
				default:
					return
				}
			}
		})
	}
	go func() { writers.Wait(); close(stopped) }()
	for range writes {
		select {
		case <-acknowledged:
		case <-stopped:
			t.Fatal("all writers have given up")
		}
	}
	ending.Store(true)
	end()
	<-stopped
}

// writeOne creates a record or changes one of those created before.
func (l *ledger) writeOne(p *program, token string, shared *sharedPeople) error {
	if target := shared.any(); target != "" && rand.IntN(4) > 0 {
		return l.change(p, token, target)
	}
	target, err := l.create(p, token)
	if err == nil {
		shared.add(target)
	}
	return err
}

// sharedPeople are target ids that several goroutines use.
type sharedPeople struct {
	mu  sync.Mutex
	ids []string
}

func (p *sharedPeople) add(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ids = append(p.ids, id)
}

// any returns one of them, or "" if there is none yet.
func (p *sharedPeople) any() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.ids) == 0 {
		return ""
	}
	return p.ids[rand.IntN(len(p.ids))]
}
