package service

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// MostFound is how many people a search shows.
const MostFound = 20

// mostWithNINO is how many people with one National Insurance number a search looks at.
const mostWithNINO = 1000

// BroadError refuses a search that too many people fit equally well.
type BroadError struct {
	Add string // the term to add, or to make longer
}

func (e *BroadError) Error() string { return "too many people fit the search" }

// FoundPerson is a person whom a search found, with names as they are shown; of one without
// an entry, only the id.
type FoundPerson struct {
	directory.Shown
	Age      int // in years
	KnownAge bool
	// Exact says that each word of the name is one of the person's, or begins one.
	Exact bool
}

// SearchPeople returns the people who fit the terms of a body best, and how many fit in all.
//
// Errors: *equality.InvalidError, *ForbiddenError for a National Insurance number,
// ErrDirectoryReadOnly, *BroadError, ErrIndexing, ErrUnavailable.
func (s *Service) SearchPeople(ctx context.Context, a Access, body []byte) (found []FoundPerson, total int, err error) {
	if err := a.permits(SearchPeople); err != nil {
		return nil, 0, err
	}
	if s.stored == nil {
		return nil, 0, ErrDirectoryReadOnly
	}
	q, err := directory.DecodeQuery(body)
	if err != nil {
		return nil, 0, err
	}
	if q.NationalInsuranceNumber != "" && !a.may(identity.NINORead) {
		return nil, 0, s.refuse(ctx, a, 403, &ForbiddenError{identity.NINORead})
	}
	x := s.index.built.Load()
	if x == nil {
		return nil, 0, ErrIndexing
	}
	hits, total, byNINO, err := s.hits(ctx, x, q)
	if broad := (*BroadError)(nil); errors.As(err, &broad) {
		return nil, 0, s.refuse(ctx, a, 422, broad)
	}
	if err == nil {
		found, err = s.openHits(ctx, hits, byNINO)
	}
	if err != nil {
		return nil, 0, foreign(err)
	}
	entry := s.entry(a, uuid.Nil, audit.Done, 200)
	for _, f := range found {
		entry.Object, entry.Touched = audit.ObjectPerson, entry.Touched.AppendID(f.ID)
	}
	if err := s.log.Append(ctx, entry); err != nil {
		return nil, 0, foreign(err)
	}
	return found, total - (len(hits) - len(found)), nil
}

// refuse enters a refusal in the log, and returns why.
func (s *Service) refuse(ctx context.Context, a Access, status int, why error) error {
	entry := s.entry(a, uuid.Nil, audit.Refused, status)
	if forbidden := (*ForbiddenError)(nil); errors.As(why, &forbidden) {
		entry.Permission = string(forbidden.Permission)
	}
	if err := s.log.Append(context.WithoutCancel(ctx), entry); err != nil {
		return foreign(err)
	}
	return why
}

// hits are the people who fit a query best. byNINO says that they fit by their National Insurance
// number, which is all that was asked for.
func (s *Service) hits(ctx context.Context, x *directory.Index, q directory.Query) (hits []directory.Hit, total int, byNINO bool, err error) {
	if q.ID != uuid.Nil { // one merged into another stands for the other
		o, err := s.records.FindDocument(ctx, store.PersonEntry(q.ID))
		if err != nil {
			return nil, 0, false, err
		}
		q.ID = o.Document.Owner
	}
	nino := q.NationalInsuranceNumber
	if nino == "" {
		hits, total, err = searchIndex(x, q)
		return hits, total, false, err
	}
	people, err := s.indexed.PeopleWithNINO(ctx, nino, mostWithNINO+1)
	if err != nil {
		return nil, 0, false, err
	}
	if len(people) > mostWithNINO {
		return nil, 0, false, &BroadError{"id"}
	}
	if q.OnlyNINO() {
		if len(people) > MostFound {
			return nil, 0, true, &BroadError{"name"}
		}
		for _, id := range people {
			hits = append(hits, directory.Hit{ID: id, Exact: true})
		}
		return hits, len(hits), true, nil
	}
	q.Only = append([]uuid.UUID{}, people...)
	hits, total, err = searchIndex(x, q)
	return hits, total, false, err
}

func searchIndex(x *directory.Index, q directory.Query) ([]directory.Hit, int, error) {
	found, err := x.Search(q, MostFound)
	if broad := (*directory.BroadError)(nil); errors.As(err, &broad) {
		err = &BroadError{broad.Add}
	}
	return found.Hits, found.Total, err
}

// openHits opens the entries of people who were found, in their order: what is shown is what
// is stored now. Of those without an entry, bare shows the ids.
func (s *Service) openHits(ctx context.Context, hits []directory.Hit, bare bool) (found []FoundPerson, err error) {
	ids := make([]uuid.UUID, len(hits))
	people := make(map[uuid.UUID]directory.Person)
	for i, h := range hits {
		ids[i] = h.ID
		if bare {
			people[h.ID] = directory.Person{ID: h.ID}
		}
	}
	err = s.indexed.Entries(ctx, ids, func(d store.Document, err error) {
		if of := s.stored.answer(d, err); of.err == nil {
			people[d.Owner] = of.person
		}
	})
	if err != nil {
		return nil, err
	}
	today := equality.DateOf(s.Now())
	for _, h := range hits {
		if p, ok := people[h.ID]; ok {
			f := FoundPerson{Shown: p.Shown(), Exact: h.Exact}
			f.Age, f.KnownAge = p.Age(today)
			found = append(found, f)
		}
	}
	return found, nil
}
