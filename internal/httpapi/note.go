package httpapi

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/service"
)

type noter interface {
	Note(context.Context, service.Access, uuid.UUID) ([]byte, error)
}

// note answers GET /equality-information/{id}/note.
func (a *API) note(c *call) error {
	id := c.id()
	if err := c.checked(); err != nil {
		return err
	}
	note, err := a.service.Note(c.r.Context(), c.access, id)
	if err != nil {
		return err
	}
	return c.writePersonal(jsontext.Value(note))
}
