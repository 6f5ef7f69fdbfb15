package httpapi

import (
	"context"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/service"
)

var listParams = []string{"targetId", "include", "limit", "cursor", "modifiedSince", "modifiedBefore"}

// lister is the use case for a list.
type lister interface {
	ListRecords(context.Context, service.Access, service.ListQuery) (service.Listing, error)
}

// listItem is an item of a list without its record, which comes last.
type listItem struct {
	ID         uuid.UUID `json:"id"`
	TargetID   uuid.UUID `json:"targetId"`
	Version    int64     `json:"version"`
	ModifiedAt time.Time `json:"modifiedAt"`
	Members    []string  `json:"members,omitzero"`
}

// list answers GET /equality-information. With targetId the result is one record, not a
// list.
func (a *API) list(c *call) error {
	if c.query.Has("targetId") {
		return a.readByTarget(c)
	}
	q := service.ListQuery{
		ModifiedSince: c.time("modifiedSince"), ModifiedBefore: c.time("modifiedBefore"),
		Limit: c.number("limit", 100, 1, 1000), Cursor: c.cursor(), Person: c.includes("person"),
	}
	c.condition("If-None-Match") // a list has no ETag, but what is malformed is told here too
	if err := c.checked(); err != nil {
		return err
	}
	turn, err := a.gate.Turn(c.r.Context())
	if err != nil {
		return err
	}
	defer turn.End()
	listing, err := a.service.ListRecords(c.r.Context(), c.Access, q)
	if err != nil {
		return err
	}
	body, err := appendList(listing, a.nextPage(c, listing.Next))
	if err != nil {
		return err
	}
	turn.Made(len(body))
	c.sendPersonal(body)
	return nil
}

// nextPage returns the link to the page at a cursor; empty if there is none.
func (a *API) nextPage(c *call, cursor string) string {
	if cursor == "" {
		return ""
	}
	query := url.Values{"cursor": {cursor}}
	for _, name := range []string{"include", "limit", "modifiedSince", "modifiedBefore"} {
		if c.query.Has(name) {
			query.Set(name, c.query.Get(name))
		}
	}
	// Without a public URL the link has no host: whoever sends the request chooses its Host.
	return a.publicURL + Prefix + "/equality-information?" + query.Encode()
}

// appendList encodes a page. It writes the texts of records as they are, into one buffer: they
// may be long.
func appendList(l service.Listing, next string) ([]byte, error) {
	const most = 256 // bytes of an item without its record, and of the rest, rarely exceeded
	length := most
	for _, i := range l.Items {
		length += most + len(i.Text)
	}
	body := append(make([]byte, 0, length), `{"equalityInformation":[`...)
	for n, i := range l.Items {
		if n > 0 {
			body = append(body, ',')
		}
		item := listItem{ID: i.ID, TargetID: i.Target, Version: i.Version, ModifiedAt: i.Modified}
		if !i.Readable {
			item.Members = append([]string{}, i.Members...)
		}
		text, err := json.Marshal(item)
		if err != nil {
			return nil, err
		}
		body = append(body, text...)
		if i.Readable {
			body = append(body[:len(body)-len("}")], `,"record":`...)
			body = append(append(body, i.Text...), '}')
		}
	}
	body = append(body, ']')
	if next != "" {
		text, err := json.Marshal(next)
		if err != nil {
			return nil, err
		}
		body = append(append(body, `,"next":`...), text...)
	}
	return append(body, '}'), nil
}

// readByTarget answers GET /equality-information?targetId=….
func (a *API) readByTarget(c *call) error {
	if others := len(c.query) - 1; others > 1 || others == 1 && !c.query.Has("include") {
		c.wrong("query.targetId", "The query parameter targetId can only be combined with include: it returns one record, not a list.")
	}
	target := c.parseID("query.targetId", "The query parameter targetId", c.query.Get("targetId"))
	return a.lookUp(c, service.Lookup{ID: target, Target: target})
}
