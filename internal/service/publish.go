package service

import (
	"context"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
)

// PublicationMark names the mark that stores the publishing progress.
const PublicationMark = "publication"

// A Publication provides the events to publish and stores the progress. It logs each page
// of events in the access log before it opens a record for them, no matter how much of the
// record is then published.
type Publication struct {
	s     *Service
	a     Access
	scope string
}

// StartPublication begins or continues publishing; with the action DropEvent it is for
// dropping a held event. scope says what messages reveal of records, for the access log. It
// writes nothing yet.
func (s *Service) StartPublication(a Access, scope string) (*Publication, error) {
	if a.permits(Publish) != nil && a.permits(DropEvent) != nil {
		return nil, ErrForbidden
	}
	return &Publication{s, a, scope}, nil
}

// Leads reports whether this process is the one that publishes, among those that share the
// store. Error: ErrUnavailable.
func (p *Publication) Leads(ctx context.Context) (bool, error) {
	leads, err := p.s.relay.Leads(ctx)
	return leads, foreign(err)
}

// Progress returns the stored progress; nil if there is none. Error: ErrUnavailable.
func (p *Publication) Progress(ctx context.Context) ([]byte, error) {
	progress, err := p.s.bulk.Mark(ctx, PublicationMark)
	return progress, foreign(err)
}

// SwapProgress stores the progress, unless someone else has changed it in the meantime.
// Error: ErrUnavailable; it may have been stored all the same.
func (p *Publication) SwapProgress(ctx context.Context, was, now []byte) (moved bool, err error) {
	moved, err = p.s.relay.SwapMark(ctx, PublicationMark, was, now)
	return moved, foreign(err)
}

// EventsAfter returns the events after a position, once an entry that names the records of
// the wanted ones is durable. If there are none, it waits that long. Events up to floor
// have expired, whether they were published or not. Error: ErrUnavailable.
func (p *Publication) EventsAfter(ctx context.Context, position int64, limit int, wait time.Duration,
	wanted func(events.Event) bool,
) (page []events.Event, floor int64, err error) {
	feed, err := p.s.feed.Events(ctx, uuid.Nil, position, limit, wait)
	if err == nil && len(feed.Events) > 0 {
		entry := p.s.entry(p.a, uuid.Nil, audit.Done, 200)
		entry.Scope = p.scope
		touch(&entry, feed.Events, wanted)
		err = p.s.log.Append(context.WithoutCancel(ctx), entry)
	}
	if err != nil {
		return nil, feed.Floor, foreign(err)
	}
	return p.s.told(p.a, feed.Events), feed.Floor, nil
}

// EventAt returns the event at a position, once its entry is durable. Errors: ErrNotFound
// if it has expired, ErrUnavailable.
func (p *Publication) EventAt(ctx context.Context, position int64, id uuid.UUID) (events.Event, error) {
	page, _, err := p.EventsAfter(ctx, position-1, 1, 0, func(e events.Event) bool { return e.ID == id })
	if err != nil {
		return events.Event{}, err
	}
	if len(page) == 0 || page[0].ID != id {
		return events.Event{}, ErrNotFound
	}
	return page[0], nil
}

// Changed returns the version that an event is about, and the one before, as the publisher
// may see them; old is nil for a record's first version. EventsAfter or EventAt has already
// logged this. Errors: ErrErased, ErrNotFound (also for a missing version), ErrUnavailable.
func (p *Publication) Changed(ctx context.Context, e events.Event) (old *Shown, now Shown, err error) {
	if err := p.a.permits(Publish); err != nil {
		return nil, Shown{}, err
	}
	current, versions, err := p.s.records.History(ctx, e.Record, e.Version, 2)
	if err != nil {
		return nil, Shown{}, foreign(err)
	}
	if err := missing(current.State); err != nil {
		return nil, Shown{}, err
	}
	if current.ID != e.Record { // the id leads to a later record of the person
		return nil, Shown{}, ErrErased
	}
	first := e.Type == events.Created
	if len(versions) == 0 || versions[0].Version != e.Version || !first && len(versions) < 2 {
		return nil, Shown{}, ErrNotFound
	}
	if !first {
		before, err := p.s.show(p.a, versions[1], true)
		if err != nil {
			return nil, Shown{}, err
		}
		old = &before
	}
	now, err = p.s.show(p.a, versions[0], versions[0].Version != current.Version)
	return old, now, err
}
