package service

import (
	"context"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
)

// PublicationMark names the mark that keeps how far publishing has come.
const PublicationMark = "publication"

// A Publication gives the changes that listeners elsewhere are told of, and
// keeps how far they have been. Every page of events has its entry in the
// access log before a record is opened for it, whatever of it is then told.
type Publication struct {
	s     *Service
	a     Access
	scope string
}

// StartPublication begins with publishing, or goes on with it; under the
// action DropEvent it is for giving an event up. scope says what is told of
// records, for the access log. It writes nothing yet.
func (s *Service) StartPublication(a Access, scope string) (*Publication, error) {
	if a.permits(Publish) != nil && a.permits(DropEvent) != nil {
		return nil, ErrForbidden
	}
	return &Publication{s, a, scope}, nil
}

// Leads says whether this process is the one that publishes, of those that
// share the store. Error: ErrUnavailable.
func (p *Publication) Leads(ctx context.Context) (bool, error) {
	leads, err := p.s.relay.Leads(ctx)
	return leads, foreign(err)
}

// Place gives how far publishing has come, as it was kept; nil where nothing
// was. Error: ErrUnavailable.
func (p *Publication) Progress(ctx context.Context) ([]byte, error) {
	place, err := p.s.bulk.Mark(ctx, PublicationMark)
	return place, foreign(err)
}

// SwapProgress keeps how far publishing has come, unless somebody else has moved
// it meanwhile. Error: ErrUnavailable; then it may have been kept.
func (p *Publication) SwapProgress(ctx context.Context, was, now []byte) (moved bool, err error) {
	moved, err = p.s.relay.SwapMark(ctx, PublicationMark, was, now)
	return moved, foreign(err)
}

// EventsAfter gives the events behind a position, once the entry is durable
// that names the records of those that are wanted. Where there are none it
// waits that long. Those up to floor are past their retention, published or
// not. Error: ErrUnavailable.
func (p *Publication) EventsAfter(ctx context.Context, position int64, limit int, wait time.Duration,
	wanted func(events.Event) bool,
) (page []events.Event, floor int64, err error) {
	feed, err := p.s.feed.Events(ctx, uuid.Nil, position, limit, wait)
	if err == nil && len(feed.Events) > 0 {
		entry := p.s.entry(p.a, uuid.Nil, audit.Done, 200)
		entry.Scope = p.scope
		for _, event := range feed.Events {
			if wanted(event) {
				entry.Object, entry.Touched = audit.ObjectRecord, entry.Touched.AppendID(event.Record)
			}
		}
		err = p.s.log.Append(context.WithoutCancel(ctx), entry)
	}
	if err != nil {
		return nil, feed.Floor, foreign(err)
	}
	return feed.Events, feed.Floor, nil
}

// EventAt gives the event at a position, once its entry is durable.
// Errors: ErrNotFound where it is past its retention, ErrUnavailable.
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

// Changed gives the version that an event is of, and the one before, as the
// publisher may see them; nil where it is the first of the record. EventsAfter
// or EventAt has made its entry.
// Errors: ErrErased, ErrNotFound (the versions, too), ErrUnavailable.
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
	now, err = p.s.show(p.a, versions[0], false)
	return old, now, err
}
