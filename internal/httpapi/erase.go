package httpapi

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/service"
)

type eraser interface {
	EraseRecord(context.Context, service.Access, service.Erasure) (service.Certificate, error)
}

// certificate is the response to an erasure.
type certificate struct {
	ID          uuid.UUID `json:"id,omitzero"`
	TargetID    uuid.UUID `json:"targetId"`
	ErasedAt    time.Time `json:"erasedAt"`
	Reason      string    `json:"reason"`
	LastVersion int64     `json:"lastVersion"`
	Removed     []string  `json:"removed"`
	Kept        []kept    `json:"kept"`
	CompleteBy  string    `json:"completeBy"` // a date
}

type kept struct {
	What  string    `json:"what"`
	Why   string    `json:"why"`
	Until time.Time `json:"until,omitzero"`
}

// erase answers DELETE /equality-information/{id}.
func (a *API) erase(c *call) error {
	e := service.Erasure{ID: c.id(), Conditions: c.conditions()}
	if reasons := c.query["reason"]; len(reasons) != 1 || !slices.Contains(service.ErasureReasons, reasons[0]) {
		c.wrong("query.reason", "Give the query parameter reason once. It must be one of: "+strings.Join(service.ErasureReasons, ", ")+".")
	} else {
		e.Reason = reasons[0]
	}
	if err := c.checked(); err != nil {
		return err
	}
	done, err := a.service.EraseRecord(c.r.Context(), c.Access, e)
	if err != nil {
		return err
	}
	doc := certificate{
		ID: done.ID, TargetID: done.Target, ErasedAt: done.ErasedAt, Reason: done.Reason, LastVersion: done.LastVersion,
		Removed: done.Removed, CompleteBy: done.CompleteBy.UTC().Format(time.DateOnly),
	}
	for _, k := range done.Kept {
		doc.Kept = append(doc.Kept, kept(k))
	}
	return c.writePersonal(doc)
}
