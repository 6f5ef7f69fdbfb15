package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"equality-information-api/internal/relay"
	"equality-information-api/internal/service"
)

type eventsCommand struct {
	Held  eventsHeldCommand  `cmd:"" help:"List the events that the topic refused, and those waiting behind them."`
	Retry eventsRetryCommand `cmd:"" help:"Have the server publish every refused event again."`
	Drop  eventsDropCommand  `cmd:"" help:"Drop a held event. The topic's listeners never receive that change, but do receive the person's later ones."`
}

type eventsHeldCommand struct{ storage }

// Run lists the events, and names no person. A server may be running.
func (c eventsHeldCommand) Run(ctx context.Context, o output) (err error) {
	keys, err := c.dir().keyset()
	if err != nil {
		return err
	}
	log, err := c.openLog(ctx, keys)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	kept, err := log.Mark(ctx, service.PublicationMark)
	if err != nil {
		return err
	}
	at, err := relay.Parse(kept)
	if err != nil {
		return err
	}
	first := make(map[uuid.UUID]relay.Held)
	for _, h := range at.Held {
		why := h.Why
		switch before, ok := first[h.Target]; {
		case ok:
			why = "waits behind " + before.Event.String()
		case h.Behind():
			why = "is about to be published"
		case h.Again:
			why += ", is about to be tried again"
		}
		if _, ok := first[h.Target]; !ok {
			first[h.Target] = h
		}
		fmt.Fprintf(o.out, "%d %s %s\n", h.Position, h.Event, why)
	}
	fmt.Fprintf(o.err, "%d events are held. All others up to position %d have been published\n", len(at.Held), at.Position)
	return nil
}

type eventsRetryCommand struct{ storage }

// Run marks the refused events; the server then publishes them.
func (c eventsRetryCommand) Run(ctx context.Context, o output) error {
	return c.publication(ctx, o, service.Publish, func(p *service.Publication) error {
		var refused int
		_, err := relay.Update(ctx, p, func(at *relay.Progress) error {
			refused = at.Retry()
			return nil
		})
		if err == nil {
			fmt.Fprintf(o.err, "the server will try %d events again\n", refused)
		}
		return err
	})
}

type eventsDropCommand struct {
	storage
	Event string `arg:"" name:"event-id" help:"The id of the event."`
}

// Run drops an event, once the access log has an entry for that.
func (c eventsDropCommand) Run(ctx context.Context, o output) error {
	id, err := uuid.Parse(c.Event)
	if err != nil {
		return errors.New("the event id must be a UUID")
	}
	return c.publication(ctx, o, service.DropEvent, func(p *service.Publication) error {
		at, err := relay.Load(ctx, p)
		if err != nil {
			return err
		}
		held, err := at.Find(id)
		if err != nil {
			return err
		}
		// An expired event is no longer in the feed, and is dropped without an entry.
		if _, err := p.EventAt(ctx, held.Position, id); err != nil && !errors.Is(err, service.ErrNotFound) {
			return err
		}
		_, err = relay.Update(ctx, p, func(at *relay.Progress) error { return at.Drop(id) })
		return err
	})
}

// publication runs a change to the publishing progress. On SQLite no server may
// be running.
func (s storage) publication(ctx context.Context, o output, action service.Action, run func(*service.Publication) error) (err error) {
	b, err := s.openFor(ctx, o, nil, action)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	publication, err := b.StartPublication(b.access, "")
	if err != nil {
		return err
	}
	return run(publication)
}
