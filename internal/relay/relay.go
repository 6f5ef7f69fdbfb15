// Package relay publishes the changes in the feed to an external topic: in the
// feed's order, each at least once, from one process at a time. It owns the
// position up to which everything is published, the held events, the retries,
// and the topic's protocol (SNS).
//
// It does not own what a message says (internal/mmh), or which records may be
// opened for it and what the access log says about that (internal/service).
package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/service"
)

const (
	// pageLength is how many events share an entry in the access log and an update
	// of the progress. Up to this many may be published again after a crash.
	pageLength = 100
	// newsWait is how soon a retry or drop by hand is noticed.
	newsWait = 5 * time.Second
	// leadInterval is how often a process that does not publish asks whether it should.
	leadInterval = time.Second
	// publishTimeout is the limit for one message.
	publishTimeout = 10 * time.Second
	// The pause after a failure doubles from firstPause up to lastPause.
	firstPause, lastPause = 500 * time.Millisecond, 30 * time.Second
)

// Feed has the events, and stores how far they are published. A
// *service.Publication is one.
type Feed interface {
	Keeper
	Leads(ctx context.Context) (bool, error)
	EventsAfter(ctx context.Context, position int64, limit int, wait time.Duration, wanted func(events.Event) bool) (
		page []events.Event, floor int64, err error)
	EventAt(ctx context.Context, position int64, id uuid.UUID) (events.Event, error)
	Changed(ctx context.Context, e events.Event) (old *service.Shown, now service.Shown, err error)
}

// Topic accepts messages. It keeps the order within a group, and delivers one
// of several messages with the same id that arrive within a few minutes.
type Topic interface {
	// Publish returns when the topic has the message. A *Refusal is about this
	// message and is permanent; any other error is about all messages, or temporary.
	Publish(ctx context.Context, m Message) error
}

// Message is one change, for the listeners.
type Message struct {
	Group, ID uuid.UUID
	Body      []byte
}

// Refusal means that the topic does not accept the message, with the topic's code.
type Refusal struct{ Code string }

func (r *Refusal) Error() string { return "the topic refused the message: " + r.Code }

// Options are what a relay needs.
type Options struct {
	Feed  Feed
	Topic Topic
	// Wanted says whether events of a type are published; others are skipped.
	Wanted func(eventType string) bool
	// Compose makes the message of a change; old is nil where the record was created.
	Compose func(e events.Event, old *service.Shown, now service.Shown) []byte
	// Report is called when publishing fails, and without an error when it works again.
	Report func(what string, err error)
	// Published is called for every message that the topic accepted. Stands gets how many
	// events are held and the time of the oldest other event, which is zero if none waits.
	Published func()
	Stands    func(held int, oldest time.Time)
}

// Relay publishes.
type Relay struct{ Options }

// New returns a relay. Run starts it.
func New(o Options) *Relay { return &Relay{o} }

// errFollows is not a failure: another process is publishing.
var errFollows = errors.New("another process is publishing")

// Run publishes until the context is done.
func (r *Relay) Run(ctx context.Context) {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		limit := pageLength
		if pause > 0 {
			limit = 1 // to find out whether the topic is back, open only one record
		}
		err := r.round(ctx, limit)
		switch {
		case errors.Is(err, errFollows):
			r.Stands(0, time.Time{})
			pause = 0
			sleep(ctx, leadInterval)
			continue
		case err == nil && pause > 0:
			r.Report("publishing events works again", nil)
		case err != nil && ctx.Err() == nil && pause == 0:
			r.Report("publishing events failed and will be tried again", err)
		}
		if err == nil {
			pause = 0
			continue
		}
		pause = min(lastPause, max(firstPause, 2*pause))
		sleep(ctx, pause)
	}
}

// round publishes the held events that are due, and then a page of the feed.
func (r *Relay) round(ctx context.Context, limit int) error {
	leads, err := r.Feed.Leads(ctx)
	if err != nil {
		return err
	}
	if !leads {
		return errFollows
	}
	progress, err := Load(ctx, r.Feed)
	if err != nil {
		return err
	}
	for h := progress.due(); h != nil; h = progress.due() {
		if progress, err = r.again(ctx, progress, *h); err != nil {
			return err
		}
	}
	page, floor, err := r.Feed.EventsAfter(ctx, progress.Position, limit, newsWait,
		func(e events.Event) bool { return r.Wanted(e.Type) })
	if err != nil {
		return err
	}
	if progress.Position > 0 && floor > progress.Position {
		r.Report("events expired before they were published", errors.New("the topic's listeners will not receive them"))
	}
	if len(page) == 0 {
		r.Stands(len(progress.Held), time.Time{})
		return nil
	}
	done, held, failed := progress.Position, []Held(nil), error(nil)
	for _, e := range page {
		if ctx.Err() != nil {
			break
		}
		r.Stands(len(progress.Held), e.At)
		var h *Held
		if h, failed = r.take(ctx, &progress, e); failed != nil {
			break
		}
		if h != nil {
			held = append(held, *h)
			progress.Held = append(progress.Held, *h)
		}
		done = e.Position
	}
	if done == progress.Position {
		return failed
	}
	_, err = Update(context.WithoutCancel(ctx), r.Feed, func(p *Progress) error {
		p.Position = max(p.Position, done)
		p.hold(held...)
		return nil
	})
	if failed == nil && err == nil && len(page) < limit {
		r.Stands(len(progress.Held), time.Time{})
	}
	return errors.Join(failed, err)
}

// take publishes an event of the feed, skips it, or returns it as one to hold.
func (r *Relay) take(ctx context.Context, progress *Progress, e events.Event) (*Held, error) {
	if !r.Wanted(e.Type) {
		return nil, nil
	}
	why := behind
	if !progress.holds(e.Target) {
		var err error
		if why, err = r.publish(ctx, e); err != nil || why == "" {
			return nil, err
		}
	}
	if len(progress.Held) >= maxHeld {
		return nil, errFull
	}
	return &Held{Position: e.Position, Event: e.ID, Target: e.Target, Why: why}, nil
}

// again publishes a held event, and returns the progress after that.
func (r *Relay) again(ctx context.Context, progress Progress, h Held) (Progress, error) {
	why := ""
	e, err := r.Feed.EventAt(ctx, h.Position, h.Event)
	if errors.Is(err, service.ErrNotFound) {
		r.Report("a held event has expired", fmt.Errorf("the topic's listeners will not receive event %v", h.Event))
	} else if err != nil {
		return Progress{}, err
	} else {
		r.Stands(len(progress.Held), e.At) // later events wait for this one
		if why, err = r.publish(ctx, e); err != nil {
			return Progress{}, err
		}
	}
	return Update(context.WithoutCancel(ctx), r.Feed, func(p *Progress) error {
		p.endRetry(h.Event, why)
		return nil
	})
}

// unreadable is the cause for an event whose record cannot be opened.
const unreadable = "record-unreadable"

// publish sends a change to the topic. It returns the cause if that cannot
// succeed without someone's help, or an error that may be temporary.
func (r *Relay) publish(ctx context.Context, e events.Event) (why string, err error) {
	old, now, err := r.Feed.Changed(ctx, e)
	switch {
	case errors.Is(err, service.ErrErased):
		return "", nil // nothing about an erased person is sent
	case errors.Is(err, service.ErrUnavailable), err != nil && ctx.Err() != nil:
		return "", err
	case err != nil:
		r.Report("a record cannot be opened: its event is held, with that person's later ones", fmt.Errorf("event %v: %w", e.ID, err))
		return unreadable, nil
	}
	// At shutdown, finish a message that is being sent, so that it need not be sent again.
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	err = r.Topic.Publish(sending, Message{Group: e.Target, ID: e.ID, Body: r.Compose(e, old, now)})
	var refusal *Refusal
	if errors.As(err, &refusal) {
		r.Report("the topic refused an event: it is held, with that person's later ones", fmt.Errorf("event %v: %w", e.ID, err))
		return refusal.Code, nil
	}
	if err == nil {
		r.Published()
	}
	return "", err
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
