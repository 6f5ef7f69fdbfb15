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
	ReadFeed(ctx context.Context, a service.Access, cursor string, limit int, wait time.Duration) (service.Feed, error)
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
	page, err := a.service.ReadFeed(ctx, c.Access, c.query.Get("after"), limit, wait)
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
