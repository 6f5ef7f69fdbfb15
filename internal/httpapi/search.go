package httpapi

import (
	"context"

	"github.com/google/uuid"

	"equality-information-api/internal/service"
)

// searcher are the use cases that find people.
type searcher interface {
	SearchPeople(ctx context.Context, a service.Access, body []byte) (found []service.FoundPerson, total int, err error)
	Duplicates(ctx context.Context, a service.Access, cursor string, limit int) (pairs []service.Duplicate, next string, err error)
}

// foundPeople is the answer to a search.
type foundPeople struct {
	Results []foundPerson `json:"results"`
	Total   int           `json:"total"`
}

// foundPerson is a person whom a search found.
type foundPerson struct {
	ID          uuid.UUID `json:"id"`
	Title       string    `json:"title,omitzero"`
	DisplayName string    `json:"displayName,omitzero"`
	Surname     string    `json:"surname,omitzero"`
	Age         *int      `json:"age,omitzero"`
	Match       string    `json:"match"`
}

// search answers POST /persons/search.
func (a *API) search(c *call) error {
	if err := c.checked(); err != nil {
		return err
	}
	found, total, err := a.service.SearchPeople(c.r.Context(), c.Access, c.body)
	if err != nil {
		return err
	}
	answer := foundPeople{make([]foundPerson, len(found)), total}
	for i, f := range found {
		p := foundPerson{ID: f.ID, Title: f.Title, DisplayName: f.DisplayName, Surname: f.Surname, Match: "similar"}
		if f.Exact {
			p.Match = "exact"
		}
		if f.KnownAge {
			p.Age = &f.Age
		}
		answer.Results[i] = p
	}
	return c.writePersonal(answer)
}

// duplicates is the answer to GET /support/duplicates.
type duplicates struct {
	Pairs []duplicate `json:"pairs"`
	Next  string      `json:"next,omitzero"`
}

type duplicate struct {
	A       uuid.UUID `json:"a"`
	B       uuid.UUID `json:"b"`
	Reasons []string  `json:"reasons"`
}

// duplicates answers GET /support/duplicates.
func (a *API) duplicates(c *call) error {
	limit := c.number("limit", 100, 1, 1000)
	cursor := c.cursor()
	if err := c.checked(); err != nil {
		return err
	}
	pairs, next, err := a.service.Duplicates(c.r.Context(), c.Access, cursor, limit)
	if err != nil {
		return err
	}
	answer := duplicates{make([]duplicate, len(pairs)), next}
	for i, p := range pairs {
		answer.Pairs[i] = duplicate(p)
	}
	return c.writePersonal(answer)
}
