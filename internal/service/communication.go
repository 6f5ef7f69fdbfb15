package service

import (
	"context"

	"equality-information-api/internal/equality"
)

// Card is what must be known to communicate with a person, and which version of the record
// it is from. Whoever may see the card sees all of it, because nothing in it is held for
// monitoring.
type Card struct {
	Shown
	equality.Communication
}

// CommunicationNeeds returns the card of a lookup's record.
// Errors: ErrNotFound, ErrErased, ErrUnavailable.
func (s *Service) CommunicationNeeds(ctx context.Context, a Access, l Lookup) (Card, error) {
	if err := a.permits(ReadCommunicationNeeds); err != nil {
		return Card{}, err
	}
	f, err := s.find(ctx, a, l)
	card := Card{Shown: Shown{Opened: f.Described(), Unmodified: f.unmodified}}
	if err != nil || f.unmodified {
		return card, err
	}
	o, err := f.Decode()
	if err != nil {
		return Card{}, err
	}
	card.Communication = s.Rules.Communication(o.Record)
	return card, nil
}
