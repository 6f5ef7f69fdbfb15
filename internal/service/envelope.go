package service

import (
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// A Form is how one contract writes a record, and a change of one. The errors
// are *equality.InvalidError.
type Form interface {
	// DecodeCreate reads a whole record; its ID is zero where neither id nor
	// body gives one.
	DecodeCreate(body []byte, id uuid.UUID, today equality.Date) (equality.Record, error)
	DecodePatch(body []byte, today equality.Date) (Sent, error)
}

// Sent is a patch with what a contract says besides: only that of today's
// front ends says any of it.
type Sent struct {
	equality.Patch
	// Of is the person whose record the patch is for: to it, a record of
	// another is not there. Zero where the patch does not say.
	Of uuid.UUID
	// NINOAsSent changes the National Insurance number's spelling. A patch that
	// says nothing of it changes it only with the number.
	NINOAsSent equality.Nullable[string]
	// NINODoubt is what is wrong with the new number unless it is the one that
	// the record has, and so was shown.
	NINODoubt *equality.InvalidError
}

// Apply gives the record after the patch, and leaves current as it is.
func (s Sent) Apply(current equality.Record) equality.Record {
	next := s.Patch.Apply(current)
	s.NINOAsSent.Apply(&next.NINOAsSent)
	return next
}

// doubted says what is wrong with the patch's number, where it is not the one
// that the caller was shown.
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

// form is the form that a write is in.
func (s *Service) form(w Write) Form {
	if w.Form == nil {
		return mergePatch{s.Rules}
	}
	return w.Form
}
