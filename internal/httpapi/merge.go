package httpapi

import (
	"context"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/service"
)

// merger has the use cases for people who are one.
type merger interface {
	MergePeople(ctx context.Context, a service.Access, from uuid.UUID, body []byte) (service.Merged, error)
	UnmergePerson(ctx context.Context, a service.Access, id uuid.UUID) (service.Unmerged, error)
}

// mergeResult is the response to a merge: the first two after a dry run, otherwise the others.
type mergeResult struct {
	Differences  []difference   `json:"differences,omitzero"`
	Versions     *mergeVersions `json:"versions,omitzero"`
	MergedInto   uuid.UUID      `json:"mergedInto,omitzero"`
	UnmergeUntil time.Time      `json:"unmergeUntil,omitzero"`
}

type mergeVersions struct {
	From string `json:"from"`
	Into string `json:"into"`
}

type difference struct {
	Member   string         `json:"member"`
	From     jsontext.Value `json:"from,omitzero"`
	Into     jsontext.Value `json:"into,omitzero"`
	Conflict bool           `json:"conflict,omitzero"`
}

// merge answers POST /persons/{id}/merge.
func (a *API) merge(c *call) error {
	id := c.id()
	if err := c.checked(); err != nil {
		return err
	}
	merged, err := a.service.MergePeople(c.r.Context(), c.Access, id, c.body)
	if err != nil {
		return err
	}
	if !merged.DryRun {
		return c.writePersonal(mergeResult{MergedInto: merged.Into, UnmergeUntil: merged.UnmergeUntil})
	}
	doc := mergeResult{Differences: []difference{}, Versions: &mergeVersions{merged.FromVersion, merged.IntoVersion}}
	for _, d := range merged.Differences {
		doc.Differences = append(doc.Differences, difference{d.Member, d.From, d.Into, d.From == nil})
	}
	return c.writePersonal(doc)
}

// unmerge answers POST /persons/{id}/unmerge.
func (a *API) unmerge(c *call) error {
	id := c.id()
	if err := c.checked(); err != nil {
		return err
	}
	if len(c.body) > 0 {
		if failures, _ := equality.DecodeObject(c.body, nil, new(struct{})); len(failures.Failures) > 0 {
			return &failures
		}
	}
	unmerged, err := a.service.UnmergePerson(c.r.Context(), c.Access, id)
	if err != nil {
		return err
	}
	return c.writePersonal(struct {
		UnmergedFrom uuid.UUID `json:"unmergedFrom"`
		Kept         []string  `json:"kept"`
	}{unmerged.From, unmerged.Kept})
}
