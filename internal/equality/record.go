package equality

import (
	"github.com/google/uuid"
)

// Record is one person's equality information. The member names and their order
// are those of the specification. A zero member is absent: it was not asked,
// which never means no.
//
// The lists of a Record are never changed in place, so copies of a Record can
// share them.
type Record struct {
	ID       uuid.UUID `json:"id"`
	TargetID uuid.UUID `json:"targetId"` // the person

	AgeGroup                         string                     `json:"ageGroup,omitzero"`
	Gender                           Gender                     `json:"gender,omitzero"`
	Nationality                      string                     `json:"nationality,omitzero"`
	Ethnicity                        Ethnicity                  `json:"ethnicity,omitzero"`
	ReligionOrBelief                 ReligionOrBelief           `json:"religionOrBelief,omitzero"`
	SexualOrientation                SexualOrientation          `json:"sexualOrientation,omitzero"`
	MarriageOrCivilPartnership       MarriageOrCivilPartnership `json:"marriageOrCivilPartnership,omitzero"`
	PregnancyOrMaternity             []Pregnancy                `json:"pregnancyOrMaternity,omitempty"`
	NationalInsuranceNumber          string                     `json:"nationalInsuranceNumber,omitzero"` // upper case, no spaces
	Languages                        []Language                 `json:"languages,omitempty"`
	CaringResponsibilities           CaringResponsibilities     `json:"caringResponsibilities,omitzero"`
	Disabled                         Answer                     `json:"disabled,omitzero"`
	CommunicationRequirements        []string                   `json:"communicationRequirements,omitempty"`
	CommunicationRequirementsIfOther Text                       `json:"communicationRequirementsIfOther,omitzero"`
	EconomicSituation                string                     `json:"economicSituation,omitzero"`
	EconomicSituationIfOther         Text                       `json:"economicSituationIfOther,omitzero"`
	HomeSituation                    string                     `json:"homeSituation,omitzero"`
	HomeSituationIfOther             Text                       `json:"homeSituationIfOther,omitzero"`
	ArmedForces                      string                     `json:"armedForces,omitzero"`

	// NINOAsSent is the National Insurance number as a front end sent it, if that
	// differs from NationalInsuranceNumber. Only the front-end contract shows it.
	// The store keeps it next to the record.
	NINOAsSent string `json:"-"`
}

// Gender is a code of the list gender, its text, and whether it differs from
// the sex registered at birth.
type Gender struct {
	Value               string `json:"genderValue,omitzero"`
	ValueIfOther        Text   `json:"genderValueIfOther,omitzero"`
	DifferentToBirthSex Answer `json:"genderDifferentToBirthSex,omitzero"`
}

// Ethnicity is a code of the list ethnic-group and its text.
type Ethnicity struct {
	Value        string `json:"ethnicGroupValue,omitzero"`
	ValueIfOther Text   `json:"ethnicGroupValueIfOther,omitzero"`
}

// ReligionOrBelief is a code of the list religion-or-belief and its text.
type ReligionOrBelief struct {
	Value        string `json:"religionOrBeliefValue,omitzero"`
	ValueIfOther Text   `json:"religionOrBeliefValueIfOther,omitzero"`
}

// SexualOrientation is a code of the list sexual-orientation and its text.
type SexualOrientation struct {
	Value        string `json:"sexualOrientationValue,omitzero"`
	ValueIfOther Text   `json:"sexualOrientationValueIfOther,omitzero"`
}

// MarriageOrCivilPartnership holds two separate answers: both may be yes.
type MarriageOrCivilPartnership struct {
	Married          Answer `json:"married,omitzero"`
	CivilPartnership Answer `json:"civilPartnership,omitzero"`
}

// Pregnancy is the date a user entered and the last day it is valid, which is
// always computed.
type Pregnancy struct {
	Date       Date `json:"pregnancyDate,omitzero"`
	ValidUntil Date `json:"pregnancyValidUntil,omitzero"`
}

// pregnancyValidity is the specification's "2 years and 9 months", in months.
const pregnancyValidity = 33

// NewPregnancy returns the pregnancy or maternity for a date.
func NewPregnancy(date Date) Pregnancy {
	return Pregnancy{Date: date, ValidUntil: date.AddMonths(pregnancyValidity)}
}

// Language is a code of the list language.
type Language struct {
	Language  string `json:"language"`
	IsPrimary bool   `json:"isPrimary"`
}

// CaringResponsibilities says whether the person provides unpaid care and, only
// if so, for how long: a code of the list hours-of-unpaid-care.
type CaringResponsibilities struct {
	ProvideUnpaidCare             Answer `json:"provideUnpaidCare,omitzero"`
	HoursSpentProvidingUnpaidCare string `json:"hoursSpentProvidingUnpaidCare,omitzero"`
}
