package equality

import (
	"slices"
	"strings"
)

// A member is one top-level member of a record, other than id and targetId.
type member struct {
	name    string
	present func(*Record) bool
	same    func(a, b *Record) bool
	copy    func(to, from *Record)
}

// members are the top-level members in document order.
var members = []member{
	singleMember("ageGroup", func(r *Record) *string { return &r.AgeGroup }),
	singleMember("gender", func(r *Record) *Gender { return &r.Gender }),
	singleMember("nationality", func(r *Record) *string { return &r.Nationality }),
	singleMember("ethnicity", func(r *Record) *Ethnicity { return &r.Ethnicity }),
	singleMember("religionOrBelief", func(r *Record) *ReligionOrBelief { return &r.ReligionOrBelief }),
	singleMember("sexualOrientation", func(r *Record) *SexualOrientation { return &r.SexualOrientation }),
	singleMember("marriageOrCivilPartnership", func(r *Record) *MarriageOrCivilPartnership { return &r.MarriageOrCivilPartnership }),
	listMember("pregnancyOrMaternity", func(r *Record) *[]Pregnancy { return &r.PregnancyOrMaternity }),
	{
		name:    "nationalInsuranceNumber",
		present: func(r *Record) bool { return r.NationalInsuranceNumber != "" },
		same: func(a, b *Record) bool {
			return a.NationalInsuranceNumber == b.NationalInsuranceNumber && a.NINOAsSent == b.NINOAsSent
		},
		copy: func(to, from *Record) {
			to.NationalInsuranceNumber, to.NINOAsSent = from.NationalInsuranceNumber, from.NINOAsSent
		},
	},
	listMember("languages", func(r *Record) *[]Language { return &r.Languages }),
	singleMember("caringResponsibilities", func(r *Record) *CaringResponsibilities { return &r.CaringResponsibilities }),
	singleMember("disabled", func(r *Record) *Answer { return &r.Disabled }),
	listMember("communicationRequirements", func(r *Record) *[]string { return &r.CommunicationRequirements }),
	singleMember("communicationRequirementsIfOther", func(r *Record) *Text { return &r.CommunicationRequirementsIfOther }),
	singleMember("economicSituation", func(r *Record) *string { return &r.EconomicSituation }),
	singleMember("economicSituationIfOther", func(r *Record) *Text { return &r.EconomicSituationIfOther }),
	singleMember("homeSituation", func(r *Record) *string { return &r.HomeSituation }),
	singleMember("homeSituationIfOther", func(r *Record) *Text { return &r.HomeSituationIfOther }),
	singleMember("armedForces", func(r *Record) *string { return &r.ArmedForces }),
}

func singleMember[T comparable](name string, of func(*Record) *T) member {
	var zero T
	return member{
		name:    name,
		present: func(r *Record) bool { return *of(r) != zero },
		same:    func(a, b *Record) bool { return *of(a) == *of(b) },
		copy:    func(to, from *Record) { *of(to) = *of(from) },
	}
}

func listMember[T comparable](name string, of func(*Record) *[]T) member {
	return member{
		name:    name,
		present: func(r *Record) bool { return len(*of(r)) > 0 },
		same:    func(a, b *Record) bool { return slices.Equal(*of(a), *of(b)) },
		copy:    func(to, from *Record) { *of(to) = *of(from) },
	}
}

// Members returns the names of the top-level members present, other than id and
// targetId, in document order.
func (r Record) Members() []string {
	var names []string
	for _, m := range members {
		if m.present(&r) {
			names = append(names, m.name)
		}
	}
	return names
}

// Without gives the record without members of these names.
func (r Record) Without(names ...string) Record {
	for _, m := range members {
		if slices.Contains(names, m.name) {
			m.copy(&r, new(Record))
		}
	}
	return r
}

// Replaced returns the record with the members of another in place of its own,
// each whole and a code together with its text, and the names of those replaced. A
// member that is absent there, or is no more than an empty text, is not replaced.
func (r Record) Replaced(by Record) (Record, []string) {
	said := by
	for _, text := range said.texts() {
		if text.String() == "" {
			*text = Text{}
		}
	}
	return r.with(by, said.Members())
}

// with returns the record with members of these names, and their texts, as another
// record has them, and the names of them all.
func (r Record) with(other Record, names []string) (Record, []string) {
	var replaced []string
	for _, m := range members {
		if slices.Contains(names, m.name) || slices.Contains(names, strings.TrimSuffix(m.name, ifOther)) {
			m.copy(&r, &other)
			replaced = append(replaced, m.name)
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
		if !m.same(&a, &b) {
			names = append(names, m.name)
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
