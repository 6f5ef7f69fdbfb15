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

// Encode returns the record as the HTTP contract shows it: without the values that are in
// no list, and with the names of their members, and of the members that are withheld from
// whom it is shown to.
func (r *Rules) Encode(record Record, withheld ...string) []byte {
	shown, names := r.Recognised(record)
	if len(names) == 0 && len(withheld) == 0 {
		return record.Encode()
	}
	return encode(struct {
		Record
		UnrecognisedMembers []string `json:"unrecognisedMembers,omitempty"`
		WithheldMembers     []string `json:"withheldMembers,omitempty"`
	}{shown, names, withheld})
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

// languages removes unknown languages. The rest may be without a primary one; it
// is valid when sent back as it is.
func (s *sieve) languages(list *refdata.List) {
	known := knownElements(s.shown.Languages, func(l Language) bool { return list.Has(l.Language) })
	if len(known) < len(s.shown.Languages) {
		s.shown.Languages = known
		s.names = append(s.names, "languages")
	}
}

func (s *sieve) requirements(list *refdata.List) {
	known := knownElements(s.shown.CommunicationRequirements, list.Has)
	if len(known) < len(s.shown.CommunicationRequirements) {
		s.shown.CommunicationRequirements = known
		s.names = append(s.names, "communicationRequirements")
	}
}

// knownElements returns the elements that are known, and does not change the list.
func knownElements[T any](list []T, known func(T) bool) []T {
	unknown := func(element T) bool { return !known(element) }
	if !slices.ContainsFunc(list, unknown) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), unknown)
}

// keepingUnshown returns the patch with the elements in its lists that its sender
// was not shown.
func (p Patch) keepingUnshown(current Record) Patch {
	if p.shownBy == nil || p.Languages.state != set && p.CommunicationRequirements.Values.state != set {
		return p
	}
	s := sieve{shown: current}
	s.languages(p.shownBy.language)
	s.requirements(p.shownBy.communicationRequirement)
	kept := 0
	p.Languages = keeping(p.Languages, current.Languages, s.shown.Languages, func(l Language) string { return l.Language },
		func(l Language) Language { // only one is the primary language
			l.IsPrimary = kept == 0 && len(p.Languages.value) == 0
			kept++
			return l
		})
	whole := func(value string) string { return value }
	p.CommunicationRequirements.Values = keeping(p.CommunicationRequirements.Values,
		current.CommunicationRequirements, s.shown.CommunicationRequirements, whole, whole)
	return p
}

// keeping returns the change to a list of which only a part was shown. The same
// part changes nothing; another list keeps what was not shown, after what was sent.
func keeping[T comparable](sent Nullable[[]T], stored, shown []T, code func(T) string, keep func(T) T) Nullable[[]T] {
	switch {
	case sent.state != set || len(shown) == len(stored):
		return sent
	case slices.Equal(sent.value, shown):
		return Nullable[[]T]{}
	}
	list := slices.Clone(sent.value)
	for _, element := range stored {
		same := func(other T) bool { return code(other) == code(element) }
		if !slices.ContainsFunc(shown, same) && !slices.ContainsFunc(sent.value, same) {
			list = append(list, keep(element))
		}
	}
	return Set(list)
}
