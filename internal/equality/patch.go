package equality

import (
	"slices"

	"github.com/google/uuid"
)

// Patch is a JSON merge patch (RFC 7396) of a record: objects merge member by
// member, lists are replaced. [Rules.DecodePatch] makes it.
type Patch struct {
	ID       Change[uuid.UUID]
	TargetID Change[uuid.UUID]

	AgeGroup                   Change[string]
	Gender                     Change[GenderPatch]
	Nationality                Change[string]
	Ethnicity                  Change[CodedPatch]
	ReligionOrBelief           Change[CodedPatch]
	SexualOrientation          Change[CodedPatch]
	MarriageOrCivilPartnership Change[MarriagePatch]
	PregnancyOrMaternity       Change[[]Pregnancy]
	NationalInsuranceNumber    Change[string]
	Languages                  Change[[]Language]
	CaringResponsibilities     Change[CaringPatch]
	Disabled                   Change[Answer]
	CommunicationRequirements  RequirementsPatch
	EconomicSituation          CodedPatch
	HomeSituation              CodedPatch
	ArmedForces                Change[string]

	// Of is the person whose record the patch is for: another person's record
	// counts as not found. Zero if the patch does not say.
	Of uuid.UUID
	// NINOAsSent changes the number's spelling in the front-end contract. If a
	// patch leaves it out, it only changes with the number.
	NINOAsSent Change[string]
	// NINODoubt is what is wrong with the new number, unless the record already
	// has that number and the caller was shown it.
	NINODoubt *InvalidError
	// Unlisted allows values that are in no list, or that are retired.
	Unlisted bool
}

// CodedPatch changes a code and its text.
type CodedPatch struct {
	Value        Change[string]
	ValueIfOther Change[Text]
}

// GenderPatch changes the members of a [Gender].
type GenderPatch struct {
	CodedPatch
	DifferentToBirthSex Change[Answer]
}

// MarriagePatch changes the members of a [MarriageOrCivilPartnership].
type MarriagePatch struct {
	Married, CivilPartnership Change[Answer]
}

// CaringPatch changes the members of a [CaringResponsibilities].
type CaringPatch struct {
	ProvideUnpaidCare             Change[Answer]
	HoursSpentProvidingUnpaidCare Change[string]
}

// RequirementsPatch changes the communication requirements and their text.
type RequirementsPatch struct {
	Values        Change[[]string]
	ValuesIfOther Change[Text]

	takesText bool // one of Values takes text
}

// Apply returns the record after the patch and does not change current. If the
// patch changes a code and leaves out its text, the text is removed unless it is
// "". If care stops, its hours are removed.
func (p Patch) Apply(current Record) Record {
	next := current
	p.ID.apply(&next.ID)
	p.TargetID.apply(&next.TargetID)
	p.AgeGroup.apply(&next.AgeGroup)
	merge(p.Gender, &next.Gender, GenderPatch.apply)
	p.Nationality.apply(&next.Nationality)
	merge(p.Ethnicity, &next.Ethnicity, func(c CodedPatch, e *Ethnicity) { c.apply(&e.Value, &e.ValueIfOther) })
	merge(p.ReligionOrBelief, &next.ReligionOrBelief, func(c CodedPatch, b *ReligionOrBelief) { c.apply(&b.Value, &b.ValueIfOther) })
	merge(p.SexualOrientation, &next.SexualOrientation, func(c CodedPatch, o *SexualOrientation) { c.apply(&o.Value, &o.ValueIfOther) })
	merge(p.MarriageOrCivilPartnership, &next.MarriageOrCivilPartnership, MarriagePatch.apply)
	p.PregnancyOrMaternity.apply(&next.PregnancyOrMaternity)
	p.NationalInsuranceNumber.apply(&next.NationalInsuranceNumber)
	if next.NationalInsuranceNumber != current.NationalInsuranceNumber {
		next.NINOAsSent = ""
	}
	p.NINOAsSent.apply(&next.NINOAsSent)
	p.Languages.apply(&next.Languages)
	merge(p.CaringResponsibilities, &next.CaringResponsibilities, CaringPatch.apply)
	p.Disabled.apply(&next.Disabled)
	p.CommunicationRequirements.apply(&next.CommunicationRequirements, &next.CommunicationRequirementsIfOther)
	p.EconomicSituation.apply(&next.EconomicSituation, &next.EconomicSituationIfOther)
	p.HomeSituation.apply(&next.HomeSituation, &next.HomeSituationIfOther)
	p.ArmedForces.apply(&next.ArmedForces)
	return next
}

// Doubted says what is wrong with the patch's number, if it is not the record's.
func (p Patch) Doubted(current Record) error {
	if p.NINODoubt == nil || p.NationalInsuranceNumber.value == current.NationalInsuranceNumber {
		return nil
	}
	return p.NINODoubt
}

// merge changes an object's members, or removes the object.
func merge[P, T any](c Change[P], object *T, apply func(P, *T)) {
	switch c.action {
	case set:
		apply(c.value, object)
	case remove:
		var none T
		*object = none
	}
}

func (c CodedPatch) apply(value *string, text *Text) {
	before := *value
	c.Value.apply(value)
	c.ValueIfOther.apply(text)
	if *value != before && c.ValueIfOther.IsZero() || c.ValueIfOther.action == clearing {
		text.clear()
	}
}

func (p GenderPatch) apply(g *Gender) {
	p.CodedPatch.apply(&g.Value, &g.ValueIfOther)
	p.DifferentToBirthSex.apply(&g.DifferentToBirthSex)
}

func (p MarriagePatch) apply(m *MarriageOrCivilPartnership) {
	p.Married.apply(&m.Married)
	p.CivilPartnership.apply(&m.CivilPartnership)
}

func (p CaringPatch) apply(c *CaringResponsibilities) {
	before := c.ProvideUnpaidCare
	p.ProvideUnpaidCare.apply(&c.ProvideUnpaidCare)
	p.HoursSpentProvidingUnpaidCare.apply(&c.HoursSpentProvidingUnpaidCare)
	if before == Yes && c.ProvideUnpaidCare != Yes && p.HoursSpentProvidingUnpaidCare.IsZero() {
		c.HoursSpentProvidingUnpaidCare = ""
	}
}

func (p RequirementsPatch) apply(values *[]string, text *Text) {
	before := *values
	p.Values.apply(values)
	p.ValuesIfOther.apply(text)
	if !p.takesText && p.ValuesIfOther.IsZero() && !slices.Equal(*values, before) {
		text.clear()
	}
}

// ClearText returns the change that removes a text unless it is "".
func ClearText() Change[Text] { return Change[Text]{action: clearing} }

// clear removes a text unless it is "", which stays as it was sent.
func (t *Text) clear() {
	if t.text != "" {
		*t = Text{}
	}
}
