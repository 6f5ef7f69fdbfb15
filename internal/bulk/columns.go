package bulk

import (
	"strconv"
	"strings"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
)

// listSeparator separates the elements of a cell that holds a list.
const listSeparator = ";"

// A column of CSV is a member of the record, named as in the HTTP contract with
// a dot between an object and its member.
type column struct {
	name string
	// get returns the cell; it is empty for an absent member.
	get func(*equality.Record) string
	// codes names the reference list if the cell holds codes.
	codes  string
	answer bool // yes or no
	list   bool // can hold several values
}

// listName names the reference list of the values in the cell; "" if there is none.
func (c column) listName() string {
	if c.answer {
		return refdata.Answer
	}
	return c.codes
}

// The columns that are not members of the record.
const (
	versionColumn  = "version"
	modifiedColumn = "modifiedAt" // written, and ignored when read
)

// columns are all columns, in the order of an export's header. The members of an
// object are next to each other, and so are those of languages.
var columns = []column{
	{name: "id", get: func(r *equality.Record) string { return r.ID.String() }},
	{name: "targetId", get: func(r *equality.Record) string { return r.TargetID.String() }},
	{name: versionColumn},
	{name: modifiedColumn},
	{name: "ageGroup", codes: refdata.AgeGroup, get: func(r *equality.Record) string { return r.AgeGroup }},
	{name: "gender.genderValue", codes: refdata.Gender, get: func(r *equality.Record) string { return r.Gender.Value }},
	{name: "gender.genderValueIfOther", get: func(r *equality.Record) string { return textCell(r.Gender.ValueIfOther) }},
	{name: "gender.genderDifferentToBirthSex", answer: true, get: func(r *equality.Record) string { return r.Gender.DifferentToBirthSex.String() }},
	{name: "nationality", codes: refdata.Nationality, get: func(r *equality.Record) string { return r.Nationality }},
	{name: "ethnicity.ethnicGroupValue", codes: refdata.EthnicGroup, get: func(r *equality.Record) string { return r.Ethnicity.Value }},
	{name: "ethnicity.ethnicGroupValueIfOther", get: func(r *equality.Record) string { return textCell(r.Ethnicity.ValueIfOther) }},
	{name: "religionOrBelief.religionOrBeliefValue", codes: refdata.ReligionOrBelief, get: func(r *equality.Record) string { return r.ReligionOrBelief.Value }},
	{name: "religionOrBelief.religionOrBeliefValueIfOther", get: func(r *equality.Record) string { return textCell(r.ReligionOrBelief.ValueIfOther) }},
	{name: "sexualOrientation.sexualOrientationValue", codes: refdata.SexualOrientation, get: func(r *equality.Record) string { return r.SexualOrientation.Value }},
	{name: "sexualOrientation.sexualOrientationValueIfOther", get: func(r *equality.Record) string { return textCell(r.SexualOrientation.ValueIfOther) }},
	{name: "marriageOrCivilPartnership.married", answer: true, get: func(r *equality.Record) string { return r.MarriageOrCivilPartnership.Married.String() }},
	{name: "marriageOrCivilPartnership.civilPartnership", answer: true, get: func(r *equality.Record) string { return r.MarriageOrCivilPartnership.CivilPartnership.String() }},
	{name: pregnancyColumn, list: true, get: pregnancyCell},
	{name: "nationalInsuranceNumber", get: func(r *equality.Record) string { return r.NationalInsuranceNumber }},
	{name: primaryColumn, codes: refdata.Language, get: func(r *equality.Record) string { return languageCell(r, true) }},
	{name: othersColumn, codes: refdata.Language, list: true, get: func(r *equality.Record) string { return languageCell(r, false) }},
	{name: "caringResponsibilities.provideUnpaidCare", answer: true, get: func(r *equality.Record) string { return r.CaringResponsibilities.ProvideUnpaidCare.String() }},
	{name: "caringResponsibilities.hoursSpentProvidingUnpaidCare", codes: refdata.HoursOfUnpaidCare, get: func(r *equality.Record) string { return r.CaringResponsibilities.HoursSpentProvidingUnpaidCare }},
	{name: "disabled", answer: true, get: func(r *equality.Record) string { return r.Disabled.String() }},
	{name: requirementsColumn, codes: refdata.CommunicationRequirement, list: true, get: func(r *equality.Record) string {
		return strings.Join(r.CommunicationRequirements, listSeparator)
	}},
	{name: "communicationRequirementsIfOther", get: func(r *equality.Record) string { return textCell(r.CommunicationRequirementsIfOther) }},
	{name: "economicSituation", codes: refdata.EconomicSituation, get: func(r *equality.Record) string { return r.EconomicSituation }},
	{name: "economicSituationIfOther", get: func(r *equality.Record) string { return textCell(r.EconomicSituationIfOther) }},
	{name: "homeSituation", codes: refdata.HomeSituation, get: func(r *equality.Record) string { return r.HomeSituation }},
	{name: "homeSituationIfOther", get: func(r *equality.Record) string { return textCell(r.HomeSituationIfOther) }},
	{name: "armedForces", codes: refdata.ArmedForces, get: func(r *equality.Record) string { return r.ArmedForces }},
}

// The columns whose form differs from the member's.
const (
	pregnancyColumn    = "pregnancyDates"
	primaryColumn      = "languages.primary"
	othersColumn       = "languages.others"
	requirementsColumn = "communicationRequirements"
)

// byName gives a column's index in columns.
var byName = func() map[string]int {
	indexes := make(map[string]int, len(columns))
	for i, c := range columns {
		indexes[c.name] = i
	}
	return indexes
}()

// Header returns the header of CSV, in the order of an export.
func Header() (names []string) {
	for _, c := range columns {
		names = append(names, c.name)
	}
	return names
}

func pregnancyCell(r *equality.Record) string {
	var dates []string
	for _, p := range r.PregnancyOrMaternity {
		dates = append(dates, p.Date.String())
	}
	return strings.Join(dates, listSeparator)
}

func languageCell(r *equality.Record, primary bool) string {
	var codes []string
	for _, l := range r.Languages {
		if l.IsPrimary == primary {
			codes = append(codes, l.Language)
		}
	}
	return strings.Join(codes, listSeparator)
}

// row appends a record's cells, in the order of the header.
func row(cells []string, item Exported) []string {
	for _, c := range columns {
		switch c.name {
		case versionColumn:
			cells = append(cells, strconv.FormatInt(item.Version, 10))
		case modifiedColumn:
			cells = append(cells, item.ModifiedAt.Format(timeForm))
		default:
			text := c.get(&item.record)
			switch { // an unknown code can be any text
			case c.list:
				text = guardList(text)
			case c.codes != "":
				text = guard(text)
			}
			cells = append(cells, text)
		}
	}
	return cells
}
