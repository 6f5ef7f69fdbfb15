package service

import (
	"slices"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
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
	Doubts     []Doubt
}

// A Doubt is what is wrong with a value of a patch. It does not matter if the value stands
// in what the caller was shown of the record.
type Doubt struct {
	equality.Failure
	Stands func(shown equality.Record) bool
}

// Apply returns the record after the patch. It does not change current.
func (s Sent) Apply(current equality.Record) equality.Record {
	next := s.Patch.Apply(current)
	s.NINOAsSent.Apply(&next.NINOAsSent)
	return next
}

// names returns the ids that the patch says are the record's, or its person's.
func (s Sent) names() (ids []uuid.UUID) {
	for _, sent := range []equality.Nullable[uuid.UUID]{s.ID, s.TargetID, equality.Set(s.Of)} {
		if id, ok := sent.Value(); ok && id != uuid.Nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// of returns what was found if the patch is for it, otherwise nothing, and the patch without
// ids that lead to it by a merge: they are as good as its own.
func (s Sent) of(c store.Opened) (Sent, store.Opened) {
	for _, id := range []*equality.Nullable[uuid.UUID]{&s.ID, &s.TargetID} {
		if sent, ok := id.Value(); ok && slices.Contains(c.Names, sent) {
			*id = equality.Nullable[uuid.UUID]{}
		}
	}
	if s.Of != uuid.Nil && c.State == store.Present && c.Target != s.Of && !slices.Contains(c.Names, s.Of) {
		c = store.Opened{}
	}
	return s, c
}

// doubted returns what is wrong with the patch's values, except those that the caller was
// shown in the record.
func (s Sent) doubted(shown equality.Record) error {
	var invalid equality.InvalidError
	for _, doubt := range s.Doubts {
		if !doubt.Stands(shown) {
			invalid.Note(doubt.Failure)
		}
	}
	if len(invalid.Failures) == 0 {
		return nil
	}
	return &invalid
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
