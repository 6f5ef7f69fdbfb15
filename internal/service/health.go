package service

import (
	"context"
	"strings"
	"sync"
	"time"
)

const (
	// lookAgain is how long what was found out about the store holds for further questions:
	// nobody needs a token to ask.
	lookAgain = time.Second
	// lookTimeout is how long finding out may take.
	lookTimeout = 2 * time.Second
)

// health is what is known about the store.
type health struct {
	store interface {
		Ready(ctx context.Context) error
		Warning() string
	}
	mu    sync.Mutex // held while one asks the store, and the others wait
	known bool
	err   error
}

// Ready reports whether personal data can be read and written: however many ask, the store
// is asked once a second. If it can, but something is wrong all the same, warning says what.
func (s *Service) Ready(ctx context.Context) (warning string, err error) {
	h := &s.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.known {
		// Who asked may go, but the others want to know too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
		defer cancel()
		h.err, h.known = h.store.Ready(ctx), true
		time.AfterFunc(lookAgain, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.known = false
		})
	}
	return strings.TrimSpace(h.store.Warning() + " " + s.indexing()), h.err
}
