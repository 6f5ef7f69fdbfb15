package equality

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"equality-information-api/internal/refdata"

	"github.com/google/uuid"
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
	v.languages(r.language, p, was.Languages, is.Languages)
	v.caring(r.hoursOfUnpaidCare, p.CaringResponsibilities.value, was.CaringResponsibilities, is.CaringResponsibilities)
	v.requirements(r.communicationRequirement, p.CommunicationRequirements, was, is)
	v.coded("/economicSituation", r.economicSituation, p.EconomicSituation,
		coded{was.EconomicSituation, was.EconomicSituationIfOther}, coded{is.EconomicSituation, is.EconomicSituationIfOther})
	v.coded("/homeSituation", r.homeSituation, p.HomeSituation,
		coded{was.HomeSituation, was.HomeSituationIfOther}, coded{is.HomeSituation, is.HomeSituationIfOther})
	v.code("/armedForces", r.armedForces, was.ArmedForces, is.ArmedForces)
	failures.bounds(was, is)
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
		v.unknownCode(pointer, list, is)
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

// notShown is what a list has kept beside the elements sent.
const notShown = "the record has elements that are not shown; null removes them too"

// keeps says whether a list is longer than the one sent, because it keeps elements
// that were not shown.
func keeps[T any](sent Nullable[[]T], is []T) bool {
	return sent.state == set && len(is) > len(sent.value)
}

func (v validator) languages(list *refdata.List, p Patch, was, is []Language) {
	if len(is) > MaxLanguages && keeps(p.Languages, is) {
		v.add("/languages", ListLength, notShown)
	}
	if p.noPrimary && !slices.Equal(is, was) {
		v.add("/languages", LanguagesOnePrimary)
	}
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
	keeps := keeps(sent.Values, codes)
	if keeps && len(codes) > MaxCommunicationRequirements {
		v.add(pointer, ListLength, notShown)
	}
	for i, value := range codes {
		at := pointer + "/" + strconv.Itoa(i)
		if !slices.Contains(was.CommunicationRequirements, value) {
			allowed = v.code(at, list, "", value) && allowed
		}
		if code, _ := list.Find(value); code.Exclusive && keeps {
			v.add(at, CodeExclusive, notShown)
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

// unknownCode notes a value that the list does not have. If it is a label, the
// message has the label's code, otherwise similar codes.
func (e *InvalidError) unknownCode(pointer string, list *refdata.List, wrong string) {
	message := meanings[CodeUnknown] + " " + list.Name
	if code, ok := list.Labelled(wrong); ok {
		message += "; did you mean the code " + code.Code + "?"
	} else if codes := list.Near(wrong); len(codes) > 0 {
		message += "; similar codes: " + strings.Join(codes, ", ")
	}
	e.Note(Failure{Pointer: pointer, Code: CodeUnknown, Message: message})
}
