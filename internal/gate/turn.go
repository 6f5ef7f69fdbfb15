package gate

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"

	"equality-information-api/api"
)

// A large answer is one about many records or versions. It needs most of its memory while it is
// made, up to makingBytes: sealed documents, what is opened of them, the texts, the body. Large
// answers together have answersBytes, so a few are made at once, and others wait for them, but
// not longer than a client would.
const (
	makingBytes  = 12 << 20
	answersBytes = 8 * makingBytes
	turnPatience = 20 * time.Second
)

// answers shares out the memory for large answers, in order of arrival.
type answers struct{ memory *semaphore.Weighted }

func newAnswers() answers { return answers{semaphore.NewWeighted(answersBytes)} }

// A Turn is permission to make a large answer. Only one goroutine may use it.
type Turn struct {
	of   answers
	held int64
}

// Turn waits until there is memory for a large answer. The error is a Problem (503) if that
// takes too long. Call End when the answer has been sent.
func (g *Gate) Turn(ctx context.Context) (*Turn, error) { return g.answers.turn(ctx, turnPatience) }

func (a answers) turn(ctx context.Context, patience time.Duration) (*Turn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := a.memory.Acquire(ctx, makingBytes); err != nil {
		return nil, Problem{Code: api.Unavailable, RetryAfter: RetryAfter}
	}
	return &Turn{a, makingBytes}, nil
}

// Made says how long the answer has become. While it is being sent, which a slow client draws
// out, it holds no more than that.
func (t *Turn) Made(bytes int) { t.keep(min(t.held, int64(bytes))) }

// End ends the turn; calling it again does nothing.
func (t *Turn) End() { t.keep(0) }

func (t *Turn) keep(held int64) {
	t.of.memory.Release(t.held - held)
	t.held = held
}
