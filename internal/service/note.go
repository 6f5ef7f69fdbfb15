package service

import (
	"context"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// Note returns the note about a record. Errors: ErrNotFound (the note, too), ErrErased, ErrUnavailable.
func (s *Service) Note(ctx context.Context, a Access, id uuid.UUID) ([]byte, error) {
	if err := a.permits(ReadNote); err != nil {
		return nil, err
	}
	o, err := s.records.FindDocument(ctx, store.DocumentID{Kind: sealing.KindNote, Owner: id})
	if err != nil {
		return nil, foreign(err)
	}
	if err := s.enterRead(ctx, a, id, o, done); err != nil {
		return nil, err
	}
	if o.Document.State != store.Present {
		return nil, ErrNotFound
	}
	return o.Document.Content, nil
}
