package httpapi

import (
	"context"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

// feed is the use case for the feed.
type feed interface {
	AwaitEvents(ctx context.Context, a service.Access, cursor string, wait time.Duration) error
	ReadFeed(ctx context.Context, a service.Access, cursor string, limit int) (service.Feed, error)
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
	if wait > 0 {
		ctx, cancel := untilDraining(c.r.Context())
		defer cancel()
		if err := a.service.AwaitEvents(ctx, c.Access, c.query.Get("after"), wait); err != nil {
			return err
		}
	}
	turn, err := a.gate.Turn(c.r.Context())
	if err != nil {
		return err
	}
	defer turn.End()
	page, err := a.service.ReadFeed(c.r.Context(), c.Access, c.query.Get("after"), limit)
	if err != nil {
		return err
	}
	const most = 768 // bytes that an event rarely exceeds
	body := append(make([]byte, 0, most*(1+len(page.Events))), `{"events":[`...)
	for i := range page.Events {
		if i > 0 {
			body = append(body, ',')
		}
		body = page.Events[i].AppendJSON(body)
	}
	body, err = jsontext.AppendQuote(append(body, `],"next":`...), page.Next)
	if err != nil {
		return err
	}
	turn.Made(len(body))
	c.sendPersonal(append(body, '}'))
	return nil
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
