package bulk

import (
	"strconv"
	"strings"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
)

// listSeparator stands between the elements of a cell that holds several.
const listSeparator = ";"

// A column of CSV is a member of the record, named as in the HTTP contract, with
// a dot between an object and its member.
type column struct {
	name string
	// get gives the cell; an absent member is an empty one.
	get func(*equality.Record) string
	// codes names the reference list of a cell of codes.
	codes  string
	answer bool // yes or no
	list   bool // may hold several
}

// The columns that are no members of the record.
const (
	versionColumn  = "version"
	modifiedColumn = "modifiedAt" // written, and passed over when read
)

// columns are all columns, in the order of an export's header. The members of
// an object stand together, and so do those of languages.
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

// The columns that have another form than their member.
const (
	pregnancyColumn    = "pregnancyDates"
	primaryColumn      = "languages.primary"
	othersColumn       = "languages.others"
	requirementsColumn = "communicationRequirements"
)

// byName gives a column's place.
var byName = func() map[string]int {
	places := make(map[string]int, len(columns))
	for i, c := range columns {
		places[c.name] = i
	}
	return places
}()

// Header is the header of CSV, in the order in which an export has it.
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

// textCell is a text as a cell. A text that is there and empty is a guard alone.
func textCell(t equality.Text) string {
	if !t.IsZero() && t.String() == "" {
		return guardMark
	}
	return guard(t.String())
}

// guardMark goes before what a spreadsheet would take for a formula.
const guardMark = "'"

const dangerous = "=+-@'\t\r"

// guard makes a text harmless in a spreadsheet. unguard gives it back.
func guard(text string) string {
	if text != "" && strings.IndexByte(dangerous, text[0]) >= 0 {
		return guardMark + text
	}
	return text
}

// unguard gives what guard was given, and says whether it is there: an empty
// cell is an absent member, and a guard alone is an empty text. A text that
// begins with the mark and was not guarded stays as it is.
func unguard(cell string) (text string, present bool) {
	rest, marked := strings.CutPrefix(cell, guardMark)
	if marked && (rest == "" || strings.IndexByte(dangerous, rest[0]) >= 0) {
		return rest, true
	}
	return cell, cell != ""
}

// row is a record as the cells of an export, in the header's order.
func row(cells []string, item Exported) []string {
	for _, c := range columns {
		switch c.name {
		case versionColumn:
			cells = append(cells, strconv.FormatInt(item.Version, 10))
		case modifiedColumn:
			cells = append(cells, item.ModifiedAt.Format(timeForm))
		default:
			text := c.get(&item.record)
			if c.codes != "" {
				text = guard(text) // one that no list has may be anything
			}
			cells = append(cells, text)
		}
	}
	return cells
}
