package equality

import (
	"github.com/google/uuid"
)

// Record is one person's equality information. The member names and their
// order are the seed's. A zero member is an absent one: it was not asked, which
// never means no.
//
// The lists of a Record are never changed in place, so that a copy of a Record
// may share them.
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
	NationalInsuranceNumber          string                     `json:"nationalInsuranceNumber,omitzero"` // upper case, no blanks
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

	// NINOAsSent is the National Insurance number as the front-end contract was
	// sent it, where that differs from NationalInsuranceNumber. It is shown on
	// that contract alone, and kept by the store beside the record.
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

// Pregnancy is the date a user entered and the last day it counts, which is
// always computed from it.
type Pregnancy struct {
	Date       Date `json:"pregnancyDate"`
	ValidUntil Date `json:"pregnancyValidUntil"`
}

// pregnancyValidity is the seed's "2 years and 9 months", in months.
const pregnancyValidity = 33

// NewPregnancy gives the pregnancy or maternity entered for date.
func NewPregnancy(date Date) Pregnancy {
	return Pregnancy{Date: date, ValidUntil: date.AddMonths(pregnancyValidity)}
}

// Language is a code of the list language.
type Language struct {
	Language  string `json:"language"`
	IsPrimary bool   `json:"isPrimary"`
}

// CaringResponsibilities says whether unpaid care is provided and, only where
// it is, for how long: a code of the list hours-of-unpaid-care.
type CaringResponsibilities struct {
	ProvideUnpaidCare             Answer `json:"provideUnpaidCare,omitzero"`
	HoursSpentProvidingUnpaidCare string `json:"hoursSpentProvidingUnpaidCare,omitzero"`
}
