package httpapi

import (
	"context"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/service"
)

// communicator is the use case for the card of communication needs.
type communicator interface {
	CommunicationNeeds(context.Context, service.Access, service.Lookup) (service.Card, error)
}

type communicationDocument struct {
	TargetID uuid.UUID `json:"targetId"`
	equality.Communication
}

// communicationNeeds answers GET /equality-information/{id}/communication-needs.
func (a *API) communicationNeeds(c *call) error {
	l := service.Lookup{ID: c.id()}
	l.IfNoneMatch, _ = c.condition("If-None-Match")
	if err := c.checked(); err != nil {
		return err
	}
	card, err := a.service.CommunicationNeeds(c.r.Context(), c.Access, l)
	if err != nil || c.unmodified(card.Shown) {
		return err
	}
	c.describe(card.Version, card.Modified)
	c.elsewhere(location(card.ID)+"/communication-needs", card.ID, card.Target)
	return c.writePersonal(communicationDocument{card.Target, card.Communication})
}
