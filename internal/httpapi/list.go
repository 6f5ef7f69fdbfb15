package httpapi

import (
	"context"
	"net/url"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/service"
)

var listParams = []string{"targetId", "limit", "cursor", "modifiedSince", "modifiedBefore"}

// lister is the use case for a list.
type lister interface {
	ListRecords(context.Context, service.Access, service.ListQuery) (service.Listing, error)
}

type listDocument struct {
	Items []listItem `json:"equalityInformation"`
	Next  string     `json:"next,omitzero"`
}

type listItem struct {
	ID         uuid.UUID      `json:"id"`
	TargetID   uuid.UUID      `json:"targetId"`
	Version    int64          `json:"version"`
	ModifiedAt time.Time      `json:"modifiedAt"`
	Record     jsontext.Value `json:"record,omitzero"`
	Members    []string       `json:"members,omitzero"`
}

// list answers GET /equality-information. With targetId the result is one record, not a
// list.
func (a *API) list(c *call) error {
	if c.query.Has("targetId") {
		return a.readByTarget(c)
	}
	q := service.ListQuery{
		ModifiedSince: c.time("modifiedSince"), ModifiedBefore: c.time("modifiedBefore"),
		Limit: c.number("limit", 100, 1, 1000), Cursor: c.query.Get("cursor"),
	}
	if c.query.Has("cursor") && q.Cursor == "" {
		c.wrong("query.cursor", "The query parameter cursor must be a cursor; leave it out to start at the beginning.")
	}
	if err := c.checked(); err != nil {
		return err
	}
	listing, err := a.service.ListRecords(c.r.Context(), c.Access, q)
	if err != nil {
		return err
	}
	doc := listDocument{Items: make([]listItem, 0, len(listing.Items))}
	for _, i := range listing.Items {
		item := listItem{ID: i.ID, TargetID: i.Target, Version: i.Version, ModifiedAt: i.Modified}
		if i.Readable {
			item.Record = i.Text
		} else {
			item.Members = append([]string{}, i.Members...)
		}
		doc.Items = append(doc.Items, item)
	}
	if listing.Next != "" {
		query := url.Values{"cursor": {listing.Next}}
		for _, name := range []string{"limit", "modifiedSince", "modifiedBefore"} {
			if c.query.Has(name) {
				query.Set(name, c.query.Get(name))
			}
		}
		// Without a public URL the link has no host: whoever sends the request chooses its Host.
		doc.Next = a.publicURL + Prefix + "/equality-information?" + query.Encode()
	}
	return c.writePersonal(doc)
}

// readByTarget answers GET /equality-information?targetId=….
func (a *API) readByTarget(c *call) error {
	if len(c.query) > 1 {
		c.wrong("query.targetId", "The query parameter targetId cannot be combined with others: it returns one record, not a list.")
	}
	target := c.parseID("query.targetId", "The query parameter targetId", c.query.Get("targetId"))
	return a.lookUp(c, service.Lookup{ID: target, Target: target})
}
