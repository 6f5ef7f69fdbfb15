// Package relay publishes the feed's changes to a topic elsewhere: in the order
// of the feed, each at least once, one process at a time. It owns the place up
// to which all is published, the events that are held, when something is tried
// again, and the topic's protocol (SNS).
//
// What a message says is internal/mmh's; which records may be opened for it,
// and what the access log says of that, internal/service's.
package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store"
)

const (
	// pageLength is how many events share an entry in the access log and a move
	// of the place: as many may be published again after a crash.
	pageLength = 100
	// newsWait is how soon what was done by hand is seen.
	newsWait = 5 * time.Second
	// leadInterval is how often a process that does not publish asks whether it is to.
	leadInterval = time.Second
	// publishTimeout is for one message.
	publishTimeout = 10 * time.Second
	// firstPause doubles with every failure up to lastPause.
	firstPause, lastPause = 500 * time.Millisecond, 30 * time.Second
)

// Feed is what is published, and how far it has been: a *service.Publication.
type Feed interface {
	Keeper
	Leads(ctx context.Context) (bool, error)
	EventsBehind(ctx context.Context, position int64, limit int, wait time.Duration, wanted func(events.Event) bool) (
		page []events.Event, floor int64, err error)
	EventAt(ctx context.Context, position int64, id uuid.UUID) (events.Event, error)
	Changed(ctx context.Context, e events.Event) (old *store.Version, now store.Version, err error)
}

// Topic takes messages. Those of one group stay in their order, and of those
// with the same id that come within some minutes it delivers one.
type Topic interface {
	// Publish returns when the topic has the message. A *Refusal is of this
	// message and stays so; any other error is of all messages, or may pass.
	Publish(ctx context.Context, m Message) error
}

// Message is one change, for the listeners.
type Message struct {
	Group, ID uuid.UUID
	Body      []byte
}

// Refusal is a message that the topic will not take, with the topic's code for why.
type Refusal struct{ Code string }

func (r *Refusal) Error() string { return "the topic refused the message: " + r.Code }

// Options are what a relay needs.
type Options struct {
	Feed  Feed
	Topic Topic
	// Wanted says whether events of a type are published; all others are passed over.
	Wanted func(eventType string) bool
	// Compose makes the message of a change; old is nil where the record was created.
	Compose func(e events.Event, old *store.Version, now store.Version) []byte
	Now     func() time.Time
	// Report is told when publishing fails, and when it works again (without an error).
	Report func(what string, err error)
	// Published is told of every message that the topic has taken, and Stands how
	// many events are held and how long the oldest that is not waits to be published.
	Published func()
	Stands    func(held int, lag time.Duration)
}

// Relay publishes.
type Relay struct{ Options }

// New returns a relay, which Run sets going.
func New(o Options) *Relay { return &Relay{o} }

// errFollows is no failure: another process publishes.
var errFollows = errors.New("another process is publishing")

// Run publishes until the context is done.
func (r *Relay) Run(ctx context.Context) {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		limit := pageLength
		if pause > 0 {
			limit = 1 // while the topic is away, one event is opened to see whether it is back
		}
		err := r.round(ctx, limit)
		switch {
		case errors.Is(err, errFollows):
			r.Stands(0, 0)
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

// round publishes what is held and may go, and then a page of the feed.
func (r *Relay) round(ctx context.Context, limit int) error {
	leads, err := r.Feed.Leads(ctx)
	if err != nil {
		return err
	}
	if !leads {
		return errFollows
	}
	place, err := Load(ctx, r.Feed)
	if err != nil {
		return err
	}
	for h := place.due(); h != nil; h = place.due() {
		if place, err = r.again(ctx, *h); err != nil {
			return err
		}
	}
	page, floor, err := r.Feed.EventsBehind(ctx, place.Position, limit, newsWait,
		func(e events.Event) bool { return r.Wanted(e.Type) })
	if err != nil {
		return err
	}
	if place.Position > 0 && floor > place.Position {
		r.Report("events expired before they were published", errors.New("the topic's listeners will not receive them"))
	}
	if len(page) == 0 {
		r.Stands(len(place.Held), 0)
		return nil
	}
	r.Stands(len(place.Held), r.Now().Sub(page[0].At))
	done, held, failed := place.Position, []Held(nil), error(nil)
	for _, e := range page {
		if ctx.Err() != nil {
			break
		}
		var h *Held
		if h, failed = r.take(ctx, &place, e); failed != nil {
			r.Stands(len(place.Held), r.Now().Sub(e.At))
			break
		}
		if h != nil {
			held = append(held, *h)
			place.Held = append(place.Held, *h)
		}
		done = e.Position
	}
	if done == place.Position {
		return failed
	}
	_, err = Update(context.WithoutCancel(ctx), r.Feed, func(p *Place) error {
		p.Position = max(p.Position, done)
		p.hold(held...)
		return nil
	})
	if failed == nil && err == nil && len(page) < limit {
		r.Stands(len(place.Held), 0)
	}
	return errors.Join(failed, err)
}

// take publishes an event of the feed, passes over it, or says that it is to be held.
func (r *Relay) take(ctx context.Context, place *Place, e events.Event) (*Held, error) {
	if !r.Wanted(e.Type) {
		return nil, nil
	}
	why := behind
	if !place.holds(e.Target) {
		var err error
		if why, err = r.publish(ctx, e); err != nil || why == "" {
			return nil, err
		}
	}
	if len(place.Held) >= maxHeld {
		return nil, errFull
	}
	return &Held{Position: e.Position, Event: e.ID, Target: e.Target, Why: why}, nil
}

// again publishes an event that was held. It gives the place as it then is.
func (r *Relay) again(ctx context.Context, h Held) (Place, error) {
	why := ""
	e, err := r.Feed.EventAt(ctx, h.Position, h.Event)
	if errors.Is(err, service.ErrNotFound) {
		r.Report("a held event has expired", fmt.Errorf("the topic's listeners will not receive event %v", h.Event))
	} else if err != nil {
		return Place{}, err
	} else if why, err = r.publish(ctx, e); err != nil {
		return Place{}, err
	}
	return Update(context.WithoutCancel(ctx), r.Feed, func(p *Place) error {
		p.settle(h.Event, why)
		return nil
	})
}

// unreadable is why an event is held whose record cannot be opened.
const unreadable = "record-unreadable"

// publish tells the topic of a change. It returns why that can never be done
// as things are, or the error that may pass.
func (r *Relay) publish(ctx context.Context, e events.Event) (why string, err error) {
	old, now, err := r.Feed.Changed(ctx, e)
	switch {
	case errors.Is(err, service.ErrErased):
		return "", nil // nothing of the person leaves any more
	case errors.Is(err, service.ErrUnavailable), err != nil && ctx.Err() != nil:
		return "", err
	case err != nil:
		r.Report("a record cannot be opened: its event is held, with that person's later ones", fmt.Errorf("event %v: %w", e.ID, err))
		return unreadable, nil
	}
	// At shutdown what is on its way is seen to its end, so that it need not be sent again.
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
