package service

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// asked is a store that counts who asks whether it is ready.
type asked struct {
	Store
	times atomic.Int64
	err   error
}

func (a *asked) Ready(context.Context) error { a.times.Add(1); return a.err }
func (a *asked) Warning() string             { return "a warning" }

// However many ask, and however often, the store is asked once a second, ready or not.
func TestAFloodOfHealthChecksAsksTheStoreOnce(t *testing.T) {
	t.Parallel()
	for _, want := range []error{nil, errors.New("test: away")} {
		a := &asked{err: want}
		s := New(a, Options{})
		for range 2 {
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					for range 20 {
						gone, cancel := context.WithCancel(t.Context())
						cancel() // who goes is not the reason for what others learn
						if warning, err := s.Ready(gone); !errors.Is(err, want) || warning != "a warning" {
							t.Errorf("%q, %v", warning, err)
						}
					}
				})
			}
			all.Wait()
			time.Sleep(lookAgain + 100*time.Millisecond)
		}
		if n := a.times.Load(); n < 2 || n > 4 {
			t.Errorf("it was asked %d times", n)
		}
	}
}
