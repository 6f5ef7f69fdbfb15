package bulk

import (
	"bytes"
	"strings"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
)

// Records is the kind of equality records.
var Records = newKind(Kind[equality.Record]{
	layout: layout{owner: "targetId"},
	member: "record",
	person: func(r *equality.Record) uuid.UUID { return r.TargetID },
	line: func(r *equality.Record) Exported {
		return Exported{ID: r.ID, TargetID: r.TargetID, Record: r.Encode()}
	},
}, recordColumns)

// DecodeRecord returns what reads and checks records from elsewhere.
func DecodeRecord(rules *equality.Rules, today equality.Date) Decode[equality.Record] {
	rules = rules.ForImport()
	return func(text []byte, id uuid.UUID) (equality.Record, []equality.Finding, error) {
		return rules.DecodeImported(text, id, today)
	}
}

// The columns whose form differs from the member's.
const (
	pregnancyColumn    = "pregnancyDates"
	primaryColumn      = "languages.primary"
	othersColumn       = "languages.others"
	requirementsColumn = "communicationRequirements"
)

const languagesPointer = "/languages"

// recordColumns are the members of a record, named as in the HTTP contract with a dot
// between an object and its member. The members of an object are next to each other, and so
// are those of languages.
var recordColumns = []column[equality.Record]{
	{form{name: "id"}, func(r *equality.Record) string { return r.ID.String() }},
	{form{name: "targetId"}, func(r *equality.Record) string { return r.TargetID.String() }},
	{form{name: versionColumn, apart: true}, nil},
	{form{name: modifiedColumn, apart: true}, nil},
	{form{name: "ageGroup", codes: refdata.AgeGroup}, func(r *equality.Record) string { return r.AgeGroup }},
	{form{name: "gender.genderValue", codes: refdata.Gender}, func(r *equality.Record) string { return r.Gender.Value }},
	{form{name: "gender.genderValueIfOther"}, func(r *equality.Record) string { return textCell(r.Gender.ValueIfOther) }},
	{form{name: "gender.genderDifferentToBirthSex", answer: true}, func(r *equality.Record) string { return r.Gender.DifferentToBirthSex.String() }},
	{form{name: "nationality", codes: refdata.Nationality}, func(r *equality.Record) string { return r.Nationality }},
	{form{name: "ethnicity.ethnicGroupValue", codes: refdata.EthnicGroup}, func(r *equality.Record) string { return r.Ethnicity.Value }},
	{form{name: "ethnicity.ethnicGroupValueIfOther"}, func(r *equality.Record) string { return textCell(r.Ethnicity.ValueIfOther) }},
	{form{name: "religionOrBelief.religionOrBeliefValue", codes: refdata.ReligionOrBelief}, func(r *equality.Record) string { return r.ReligionOrBelief.Value }},
	{form{name: "religionOrBelief.religionOrBeliefValueIfOther"}, func(r *equality.Record) string { return textCell(r.ReligionOrBelief.ValueIfOther) }},
	{form{name: "sexualOrientation.sexualOrientationValue", codes: refdata.SexualOrientation}, func(r *equality.Record) string { return r.SexualOrientation.Value }},
	{form{name: "sexualOrientation.sexualOrientationValueIfOther"}, func(r *equality.Record) string { return textCell(r.SexualOrientation.ValueIfOther) }},
	{form{name: "marriageOrCivilPartnership.married", answer: true}, func(r *equality.Record) string { return r.MarriageOrCivilPartnership.Married.String() }},
	{form{name: "marriageOrCivilPartnership.civilPartnership", answer: true}, func(r *equality.Record) string { return r.MarriageOrCivilPartnership.CivilPartnership.String() }},
	{form{name: pregnancyColumn, list: true, date: true, pointer: "/pregnancyOrMaternity", write: writePregnancies}, pregnancyCell},
	{form{name: "nationalInsuranceNumber"}, func(r *equality.Record) string { return r.NationalInsuranceNumber }},
	{form{name: primaryColumn, codes: refdata.Language, pointer: languagesPointer, write: writeLanguages}, func(r *equality.Record) string { return languageCell(r, true) }},
	{form{name: othersColumn, codes: refdata.Language, list: true, apart: true, pointer: languagesPointer}, func(r *equality.Record) string { return languageCell(r, false) }},
	{form{name: "caringResponsibilities.provideUnpaidCare", answer: true}, func(r *equality.Record) string { return r.CaringResponsibilities.ProvideUnpaidCare.String() }},
	{form{name: "caringResponsibilities.hoursSpentProvidingUnpaidCare", codes: refdata.HoursOfUnpaidCare}, func(r *equality.Record) string { return r.CaringResponsibilities.HoursSpentProvidingUnpaidCare }},
	{form{name: "disabled", answer: true}, func(r *equality.Record) string { return r.Disabled.String() }},
	{form{name: requirementsColumn, codes: refdata.CommunicationRequirement, list: true}, func(r *equality.Record) string {
		return strings.Join(r.CommunicationRequirements, listSeparator)
	}},
	{form{name: "communicationRequirementsIfOther"}, func(r *equality.Record) string { return textCell(r.CommunicationRequirementsIfOther) }},
	{form{name: "economicSituation", codes: refdata.EconomicSituation}, func(r *equality.Record) string { return r.EconomicSituation }},
	{form{name: "economicSituationIfOther"}, func(r *equality.Record) string { return textCell(r.EconomicSituationIfOther) }},
	{form{name: "homeSituation", codes: refdata.HomeSituation}, func(r *equality.Record) string { return r.HomeSituation }},
	{form{name: "homeSituationIfOther"}, func(r *equality.Record) string { return textCell(r.HomeSituationIfOther) }},
	{form{name: "armedForces", codes: refdata.ArmedForces}, func(r *equality.Record) string { return r.ArmedForces }},
}

func pregnancyCell(r *equality.Record) string {
	var dates []string
	for _, p := range r.PregnancyOrMaternity {
		dates = append(dates, p.Date.String())
	}
	return strings.Join(dates, listSeparator)
}

func writePregnancies(doc []byte, row row) []byte {
	dates := row.cell(pregnancyColumn)
	if !dates.present {
		return doc
	}
	return appendList(appendName(doc, "pregnancyOrMaternity"), dates.text, `{"pregnancyDate":`, `}`)
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

func writeLanguages(doc []byte, row row) []byte {
	primary, others := row.cell(primaryColumn), row.cell(othersColumn)
	if !primary.present && !others.present {
		return doc
	}
	doc = appendList(appendName(doc, "languages"), primary.text, `{"isPrimary":true,"language":`, `}`)
	rest := appendList(nil, others.text, `{"isPrimary":false,"language":`, `}`)
	if len(rest) == len("[]") {
		return doc
	}
	doc = bytes.TrimSuffix(doc, []byte("]"))
	if doc[len(doc)-1] != '[' {
		doc = append(doc, ',')
	}
	return append(doc, rest[1:]...)
}
