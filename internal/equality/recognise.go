package equality

import (
	"slices"

	"equality-information-api/internal/refdata"
)

// Recognised returns the record without the values that are in no list, which
// the front-end contract or an import brought, and the names of their members in
// document order. A retired code is in its list.
func (r *Rules) Recognised(record Record) (Record, []string) {
	s := sieve{shown: record}
	s.code("ageGroup", r.ageGroup, &s.shown.AgeGroup)
	s.code("gender", r.gender, &s.shown.Gender.Value)
	s.code("nationality", r.nationality, &s.shown.Nationality)
	s.code("ethnicity", r.ethnicGroup, &s.shown.Ethnicity.Value)
	s.code("religionOrBelief", r.religionOrBelief, &s.shown.ReligionOrBelief.Value)
	s.code("sexualOrientation", r.sexualOrientation, &s.shown.SexualOrientation.Value)
	s.languages(r.language)
	s.code("caringResponsibilities", r.hoursOfUnpaidCare, &s.shown.CaringResponsibilities.HoursSpentProvidingUnpaidCare)
	s.requirements(r.communicationRequirement)
	s.code("economicSituation", r.economicSituation, &s.shown.EconomicSituation)
	s.code("homeSituation", r.homeSituation, &s.shown.HomeSituation)
	s.code("armedForces", r.armedForces, &s.shown.ArmedForces)
	return s.shown, s.names
}

// Recognises says whether each coded value of the record is in its list. The
// HTTP contract then shows the record as Record.Encode returns it.
func (r *Rules) Recognises(record Record) bool {
	_, names := r.Recognised(record)
	return len(names) == 0
}

// Encode returns the record as the HTTP contract shows it: without the values
// that are in no list, and with the names of their members.
func (r *Rules) Encode(record Record) []byte {
	shown, names := r.Recognised(record)
	if len(names) == 0 {
		return record.Encode()
	}
	return encode(struct {
		Record
		UnrecognisedMembers []string `json:"unrecognisedMembers"`
	}{shown, names})
}

// sieve removes from a record the values that are in no list.
type sieve struct {
	shown Record
	names []string
}

func (s *sieve) code(name string, list *refdata.List, value *string) {
	if *value != "" && !list.Has(*value) {
		*value = ""
		s.names = append(s.names, name)
	}
}

// languages removes unknown languages. If the primary one is unknown, or an import
// brought none, it removes the whole list, which would not be valid when sent back.
func (s *sieve) languages(list *refdata.List) {
	unknown := func(l Language) bool { return !list.Has(l.Language) }
	primary := func(l Language) bool { return l.IsPrimary }
	all := s.shown.Languages
	if len(all) == 0 || !slices.ContainsFunc(all, unknown) && slices.ContainsFunc(all, primary) {
		return
	}
	known := slices.DeleteFunc(slices.Clone(all), unknown)
	if !slices.ContainsFunc(known, primary) {
		known = nil
	}
	s.shown.Languages = known
	s.names = append(s.names, "languages")
}

func (s *sieve) requirements(list *refdata.List) {
	unknown := func(code string) bool { return !list.Has(code) }
	if slices.ContainsFunc(s.shown.CommunicationRequirements, unknown) {
		s.shown.CommunicationRequirements = slices.DeleteFunc(slices.Clone(s.shown.CommunicationRequirements), unknown)
		s.names = append(s.names, "communicationRequirements")
	}
}
