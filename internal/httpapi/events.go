package httpapi

import (
	"context"
	"time"

	"equality-information-api/internal/events"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

// feed is the use case for the feed.
type feed interface {
	ReadFeed(ctx context.Context, a service.Access, cursor string, limit int, wait time.Duration) (service.Feed, error)
}

type feedDocument struct {
	Events []events.Document `json:"events"`
	Next   string            `json:"next"`
}

// events answers GET /events. A request that waits gets its response when the server
// drains.
func (a *API) events(c *call) error {
	limit := c.number("limit", 100, 1, 1000)
	wait := time.Duration(c.number("wait", 0, 0, 30)) * time.Second
	if c.query.Has("after") && c.query.Get("after") == "" {
		c.wrong("query.cursor", "The query parameter after must be a cursor; leave it out to start at the beginning.")
	}
	if err := c.checked(); err != nil {
		return err
	}
	ctx := c.r.Context()
	if wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = untilDraining(ctx)
		defer cancel()
	}
	page, err := a.service.ReadFeed(ctx, c.access, c.query.Get("after"), limit, wait)
	if err != nil {
		return err
	}
	doc := feedDocument{Events: make([]events.Document, 0, len(page.Events)), Next: page.Next}
	for _, e := range page.Events {
		doc.Events = append(doc.Events, e.Document())
	}
	return c.writePersonal(doc)
}

// untilDraining ends a wait when the server begins to shut down, so that shutdown need not
// wait.
func untilDraining(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-server.Draining(ctx):
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
