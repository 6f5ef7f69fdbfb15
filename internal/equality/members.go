package equality

import (
	"slices"
	"strings"
)

// members are the top-level members in document order, other than id and targetId.
var members = []Part[Record]{
	NewPart("ageGroup", func(r *Record) *string { return &r.AgeGroup }),
	NewPart("gender", func(r *Record) *Gender { return &r.Gender }),
	NewPart("nationality", func(r *Record) *string { return &r.Nationality }),
	NewPart("ethnicity", func(r *Record) *Ethnicity { return &r.Ethnicity }),
	NewPart("religionOrBelief", func(r *Record) *ReligionOrBelief { return &r.ReligionOrBelief }),
	NewPart("sexualOrientation", func(r *Record) *SexualOrientation { return &r.SexualOrientation }),
	NewPart("marriageOrCivilPartnership", func(r *Record) *MarriageOrCivilPartnership { return &r.MarriageOrCivilPartnership }),
	listMember("pregnancyOrMaternity", func(r *Record) *[]Pregnancy { return &r.PregnancyOrMaternity }),
	{
		Name:    "nationalInsuranceNumber",
		Present: func(r *Record) bool { return r.NationalInsuranceNumber != "" },
		Same: func(a, b *Record) bool {
			return a.NationalInsuranceNumber == b.NationalInsuranceNumber && a.NINOAsSent == b.NINOAsSent
		},
		Copy: func(to, from *Record) {
			to.NationalInsuranceNumber, to.NINOAsSent = from.NationalInsuranceNumber, from.NINOAsSent
		},
	},
	listMember("languages", func(r *Record) *[]Language { return &r.Languages }),
	NewPart("caringResponsibilities", func(r *Record) *CaringResponsibilities { return &r.CaringResponsibilities }),
	NewPart("disabled", func(r *Record) *Answer { return &r.Disabled }),
	listMember("communicationRequirements", func(r *Record) *[]string { return &r.CommunicationRequirements }),
	NewPart("communicationRequirementsIfOther", func(r *Record) *Text { return &r.CommunicationRequirementsIfOther }),
	NewPart("economicSituation", func(r *Record) *string { return &r.EconomicSituation }),
	NewPart("economicSituationIfOther", func(r *Record) *Text { return &r.EconomicSituationIfOther }),
	NewPart("homeSituation", func(r *Record) *string { return &r.HomeSituation }),
	NewPart("homeSituationIfOther", func(r *Record) *Text { return &r.HomeSituationIfOther }),
	NewPart("armedForces", func(r *Record) *string { return &r.ArmedForces }),
}

func listMember[T comparable](name string, of func(*Record) *[]T) Part[Record] {
	return Part[Record]{
		Name:    name,
		Present: func(r *Record) bool { return len(*of(r)) > 0 },
		Same:    func(a, b *Record) bool { return slices.Equal(*of(a), *of(b)) },
		Copy:    func(to, from *Record) { *of(to) = *of(from) },
	}
}

// Members returns the names of all top-level members, other than id and targetId, in document
// order.
func Members() (names []string) {
	for _, m := range members {
		names = append(names, m.Name)
	}
	return names
}

// Members returns the names of the top-level members present, other than id and
// targetId, in document order.
func (r Record) Members() []string {
	var names []string
	for _, m := range members {
		if m.Present(&r) {
			names = append(names, m.Name)
		}
	}
	return names
}

// Without gives the record without members of these names.
func (r Record) Without(names ...string) Record {
	for _, m := range members {
		if slices.Contains(names, m.Name) {
			m.Copy(&r, new(Record))
		}
	}
	return r
}

// Said returns the names of the members present, in document order, without those that are
// no more than an empty text.
func (r Record) Said() []string { return r.bare().Members() }

// Replaced returns the record changed to next by somebody who is not shown the members
// unseen, and the names of the members that this changes. Each of the unseen is replaced
// whole, a code together with its text, and counts as changed even if it is the same; unless
// next says nothing of it.
func (r Record) Replaced(next Record, unseen []string) (Record, []string) {
	var said, changed []string
	if len(unseen) > 0 {
		said = next.Said()
	}
	for _, m := range members {
		if slices.Contains(unseen, m.Name) {
			if !slices.Contains(said, m.Name) && !slices.Contains(said, strings.TrimSuffix(m.Name, ifOther)) {
				continue
			}
		} else if m.Same(&r, &next) {
			continue
		}
		m.Copy(&r, &next)
		changed = append(changed, m.Name)
	}
	return r, changed
}

// with returns the record with members of these names, and their texts, as another
// record has them, and the names of them all.
func (r Record) with(other Record, names []string) (Record, []string) {
	var replaced []string
	for _, m := range members {
		if slices.Contains(names, m.Name) || slices.Contains(names, strings.TrimSuffix(m.Name, ifOther)) {
			m.Copy(&r, &other)
			replaced = append(replaced, m.Name)
		}
	}
	return r, replaced
}

// Holds says whether the member has this value: as its code, its text, an element
// or the National Insurance number, in either spelling.
func (r Record) Holds(member, value string) bool {
	only, _ := Record{}.with(r, []string{member})
	for held := range only.values() {
		if held == value {
			return true
		}
	}
	return false
}

// Diff gives the names of the top-level members that differ, in document
// order. id and targetId are not counted.
func Diff(a, b Record) []string {
	var names []string
	for _, m := range members {
		if !m.Same(&a, &b) {
			names = append(names, m.Name)
		}
	}
	return names
}

// Sensitive stands for the members whose name alone reveals too much.
const Sensitive = "sensitive"

// SensitiveMembers are the members whose name alone reveals too much.
func SensitiveMembers() []string { return []string{"gender", "pregnancyOrMaternity"} }

// MaskSensitive returns the names for readers who cannot see the record: one
// [Sensitive] replaces gender and pregnancyOrMaternity. It comes last, so that
// its position does not reveal which of the two it stands for.
func MaskSensitive(names []string) []string {
	masked := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return name == "gender" || name == "pregnancyOrMaternity" || name == Sensitive
	})
	if len(masked) < len(names) {
		masked = append(masked, Sensitive)
	}
	return masked
}
