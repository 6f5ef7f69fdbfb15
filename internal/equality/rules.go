package equality

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"equality-information-api/internal/refdata"

	"github.com/google/uuid"
)

// Limits of the record.
const (
	MaxLanguages                 = 10
	MaxCommunicationRequirements = 20
	maxDepth                     = 8
	maxText                      = 200 // characters
)

// Rules are the rules of a valid record under one release of the code lists.
// They are safe for use by several goroutines.
type Rules struct {
	ageGroup, gender, nationality, ethnicGroup, religionOrBelief, sexualOrientation,
	language, hoursOfUnpaidCare, communicationRequirement, economicSituation, homeSituation,
	armedForces *refdata.List

	importing bool
}

// ForImport returns the same rules for records from other systems, which also
// accept their spellings of answers.
func (r *Rules) ForImport() *Rules {
	importing := *r
	importing.importing = true
	return &importing
}

// NewRules returns the rules with these lists. It fails if a list is missing.
func NewRules(lists *refdata.Lists) (*Rules, error) {
	var r Rules
	for name, list := range map[string]**refdata.List{
		refdata.AgeGroup:                 &r.ageGroup,
		refdata.Gender:                   &r.gender,
		refdata.Nationality:              &r.nationality,
		refdata.EthnicGroup:              &r.ethnicGroup,
		refdata.ReligionOrBelief:         &r.religionOrBelief,
		refdata.SexualOrientation:        &r.sexualOrientation,
		refdata.Language:                 &r.language,
		refdata.HoursOfUnpaidCare:        &r.hoursOfUnpaidCare,
		refdata.CommunicationRequirement: &r.communicationRequirement,
		refdata.EconomicSituation:        &r.economicSituation,
		refdata.HomeSituation:            &r.homeSituation,
		refdata.ArmedForces:              &r.armedForces,
	} {
		var ok bool
		if *list, ok = lists.Get(name); !ok {
			return nil, fmt.Errorf("no reference list %s", name)
		}
	}
	return &r, nil
}

// Validate applies the rules that need the stored record to next, which must be
// p.Apply(current). For a create, current is the zero Record. It only checks
// what changes: an unchanged retired or unknown code is accepted, and in lists
// each unchanged element. The error is an [*InvalidError].
func (r *Rules) Validate(p Patch, current, next Record) error {
	var failures InvalidError
	r.validate(&failures, p, current, next)
	return failures.err()
}

func (r *Rules) validate(failures *InvalidError, p Patch, was, is Record) {
	v := validator{failures, p.Unlisted}
	v.ids(p, was)
	v.code("/ageGroup", r.ageGroup, was.AgeGroup, is.AgeGroup)
	v.coded("/gender/genderValue", r.gender, p.Gender.value.CodedPatch,
		coded{was.Gender.Value, was.Gender.ValueIfOther}, coded{is.Gender.Value, is.Gender.ValueIfOther})
	v.code("/nationality", r.nationality, was.Nationality, is.Nationality)
	v.coded("/ethnicity/ethnicGroupValue", r.ethnicGroup, p.Ethnicity.value,
		coded(was.Ethnicity), coded(is.Ethnicity))
	v.coded("/religionOrBelief/religionOrBeliefValue", r.religionOrBelief, p.ReligionOrBelief.value,
		coded(was.ReligionOrBelief), coded(is.ReligionOrBelief))
	v.coded("/sexualOrientation/sexualOrientationValue", r.sexualOrientation, p.SexualOrientation.value,
		coded(was.SexualOrientation), coded(is.SexualOrientation))
	v.languages(r.language, was.Languages, is.Languages)
	v.caring(r.hoursOfUnpaidCare, p.CaringResponsibilities.value, was.CaringResponsibilities, is.CaringResponsibilities)
	v.requirements(r.communicationRequirement, p.CommunicationRequirements, was, is)
	v.coded("/economicSituation", r.economicSituation, p.EconomicSituation,
		coded{was.EconomicSituation, was.EconomicSituationIfOther}, coded{is.EconomicSituation, is.EconomicSituationIfOther})
	v.coded("/homeSituation", r.homeSituation, p.HomeSituation,
		coded{was.HomeSituation, was.HomeSituationIfOther}, coded{is.HomeSituation, is.HomeSituationIfOther})
	v.code("/armedForces", r.armedForces, was.ArmedForces, is.ArmedForces)
}

// validator collects the failures of rules that compare the record before and
// after.
type validator struct {
	*InvalidError
	unlisted bool // allow values that are in no list
}

// coded is a code and its text. The text's member has the name of the code's,
// with IfOther at the end.
type coded struct {
	Value        string
	ValueIfOther Text
}

const ifOther = "IfOther"

func (v validator) ids(p Patch, was Record) {
	if was.ID != uuid.Nil {
		v.same("/id", p.ID, was.ID)
		v.same("/targetId", p.TargetID, was.TargetID)
	} else if p.TargetID.IsZero() || p.TargetID.IsNull() {
		v.add("/targetId", Required)
	}
}

// same checks that an identifier, if sent, is the stored one.
func (v validator) same(pointer string, sent Nullable[uuid.UUID], stored uuid.UUID) {
	if id, ok := sent.Value(); sent.IsNull() || ok && id != stored {
		v.add(pointer, IDMismatch)
	}
}

// code checks a code that has changed, and says whether it is allowed.
func (v validator) code(pointer string, list *refdata.List, was, is string) bool {
	if is == was || is == "" || v.unlisted {
		return true
	}
	code, known := list.Find(is)
	switch {
	case !known:
		v.add(pointer, CodeUnknown, near(list, is)...)
	case !code.Active:
		v.add(pointer, CodeRetired)
	default:
		return true
	}
	return false
}

// coded checks a code and its text. It only checks a text if the code is allowed.
func (v validator) coded(pointer string, list *refdata.List, sent CodedPatch, was, is coded) {
	if !v.code(pointer, list, was.Value, is.Value) || sent.Value.state == unusable || is == was {
		return
	}
	v.text(pointer+ifOther, list, is.ValueIfOther, is.Value)
}

// text checks that a text that is not empty has a code that takes text.
func (v validator) text(pointer string, list *refdata.List, text Text, codes ...string) {
	takesText := func(value string) bool {
		code, ok := list.Find(value)
		return code.TakesText || !ok && v.unlisted
	}
	if text.String() != "" && !slices.ContainsFunc(codes, takesText) {
		v.add(pointer, TextNoCode)
	}
}

func (v validator) languages(list *refdata.List, was, is []Language) {
	for i, l := range is {
		same := func(old Language) bool { return old.Language == l.Language }
		if !slices.ContainsFunc(was, same) {
			v.code("/languages/"+strconv.Itoa(i)+"/language", list, "", l.Language)
		}
	}
}

func (v validator) requirements(list *refdata.List, sent RequirementsPatch, was, is Record) {
	const pointer = "/communicationRequirements"
	codes, allowed := is.CommunicationRequirements, true
	for i, code := range codes {
		if !slices.Contains(was.CommunicationRequirements, code) {
			allowed = v.code(pointer+"/"+strconv.Itoa(i), list, "", code) && allowed
		}
	}
	unchanged := slices.Equal(codes, was.CommunicationRequirements) &&
		is.CommunicationRequirementsIfOther == was.CommunicationRequirementsIfOther
	if allowed && sent.Values.state != unusable && !unchanged {
		v.text(pointer+ifOther, list, is.CommunicationRequirementsIfOther, codes...)
	}
}

func (v validator) caring(list *refdata.List, sent CaringPatch, was, is CaringResponsibilities) {
	const pointer = "/caringResponsibilities/hoursSpentProvidingUnpaidCare"
	hours := is.HoursSpentProvidingUnpaidCare
	v.code(pointer, list, was.HoursSpentProvidingUnpaidCare, hours)
	if hours != "" && is.ProvideUnpaidCare != Yes && is != was && sent.ProvideUnpaidCare.state != unusable {
		v.add(pointer, HoursNoCare)
	}
}

// near suggests similar codes for an unknown one.
func near(list *refdata.List, wrong string) []string {
	codes := list.Near(wrong)
	if len(codes) == 0 {
		return nil
	}
	return []string{"similar codes: " + strings.Join(codes, ", ")}
}
