package service

import (
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// A Form reads records and changes in the form of one contract. Errors:
// *equality.InvalidError.
type Form interface {
	// DecodeCreate reads a whole record. Its ID is zero if neither id nor body gives one.
	DecodeCreate(body []byte, id uuid.UUID, today equality.Date) (equality.Record, error)
	DecodePatch(body []byte, today equality.Date) (Sent, error)
}

// Sent is a patch, with what only the contract of today's front ends adds to it.
type Sent struct {
	equality.Patch
	// Of is the person whose record the patch is for: another person's record counts as
	// missing. Zero if the patch does not say.
	Of uuid.UUID
	// NINOAsSent changes how the National Insurance number is spelled. If it is absent, the
	// spelling changes only with the number.
	NINOAsSent equality.Nullable[string]
	// NINODoubt is what is wrong with the new number. It does not matter if the record
	// already has the number and the caller was shown it.
	NINODoubt *equality.InvalidError
}

// Apply returns the record after the patch. It does not change current.
func (s Sent) Apply(current equality.Record) equality.Record {
	next := s.Patch.Apply(current)
	s.NINOAsSent.Apply(&next.NINOAsSent)
	return next
}

// doubted returns what is wrong with the patch's number, unless the caller was shown that
// number.
func (s Sent) doubted(shown string) error {
	if number, _ := s.NationalInsuranceNumber.Value(); s.NINODoubt == nil || number == shown {
		return nil
	}
	return s.NINODoubt
}

// mergePatch is the form of the HTTP contract: a JSON merge patch (RFC 7396).
type mergePatch struct{ *equality.Rules }

func (m mergePatch) DecodePatch(body []byte, today equality.Date) (Sent, error) {
	patch, err := m.Rules.DecodePatch(body, today)
	return Sent{Patch: patch}, err
}

// form returns the form of a write.
func (s *Service) form(w Write) Form {
	if w.Form == nil {
		return mergePatch{s.Rules}
	}
	return w.Form
}
