package equality

import "slices"

// A member is one top-level member of a record, other than id and targetId.
type member struct {
	name    string
	present func(*Record) bool
	same    func(a, b *Record) bool
	clear   func(*Record)
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
		clear: func(r *Record) { r.NationalInsuranceNumber, r.NINOAsSent = "", "" },
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
		clear:   func(r *Record) { *of(r) = zero },
	}
}

func listMember[T comparable](name string, of func(*Record) *[]T) member {
	return member{
		name:    name,
		present: func(r *Record) bool { return len(*of(r)) > 0 },
		same:    func(a, b *Record) bool { return slices.Equal(*of(a), *of(b)) },
		clear:   func(r *Record) { *of(r) = nil },
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
			m.clear(&r)
		}
	}
	return r
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
