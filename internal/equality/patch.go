package equality

import (
	"slices"

	"github.com/google/uuid"
)

// Patch is a JSON merge patch (RFC 7396) of a record: objects merge member by
// member, lists are replaced. [Rules.DecodePatch] makes it.
type Patch struct {
	ID       Nullable[uuid.UUID]
	TargetID Nullable[uuid.UUID]

	AgeGroup                   Nullable[string]
	Gender                     Nullable[GenderPatch]
	Nationality                Nullable[string]
	Ethnicity                  Nullable[CodedPatch]
	ReligionOrBelief           Nullable[CodedPatch]
	SexualOrientation          Nullable[CodedPatch]
	MarriageOrCivilPartnership Nullable[MarriagePatch]
	PregnancyOrMaternity       Nullable[[]Pregnancy]
	NationalInsuranceNumber    Nullable[string]
	Languages                  Nullable[[]Language]
	CaringResponsibilities     Nullable[CaringPatch]
	Disabled                   Nullable[Answer]
	CommunicationRequirements  RequirementsPatch
	EconomicSituation          CodedPatch
	HomeSituation              CodedPatch
	ArmedForces                Nullable[string]

	// Unlisted says that a value which no list has, or none offers any more,
	// may stand.
	Unlisted bool

	// noPrimary says that there are languages and none is the primary one, as only
	// languages may be that stand.
	noPrimary bool

	// shownBy are the rules by which its sender was shown the record; nil if the
	// sender was shown the lists whole.
	shownBy *Rules
}

// CodedPatch changes a code and its text.
type CodedPatch struct {
	Value        Nullable[string]
	ValueIfOther Nullable[Text]
}

// GenderPatch changes the members of a [Gender].
type GenderPatch struct {
	CodedPatch
	DifferentToBirthSex Nullable[Answer]
}

// MarriagePatch changes the members of a [MarriageOrCivilPartnership].
type MarriagePatch struct {
	Married, CivilPartnership Nullable[Answer]
}

// CaringPatch changes the members of a [CaringResponsibilities].
type CaringPatch struct {
	ProvideUnpaidCare             Nullable[Answer]
	HoursSpentProvidingUnpaidCare Nullable[string]
}

// RequirementsPatch changes the communication requirements and their text.
type RequirementsPatch struct {
	Values        Nullable[[]string]
	ValuesIfOther Nullable[Text]

	takesText bool // one of Values takes text
}

// Apply returns the record after the patch and does not change current. If the
// patch changes a code and leaves out its text, the text is removed unless it is
// "". If care stops, its hours are removed. A list keeps the elements that its
// sender was not shown.
func (p Patch) Apply(current Record) Record {
	next := current
	p = p.keepingUnshown(current)
	p.ID.Apply(&next.ID)
	p.TargetID.Apply(&next.TargetID)
	p.AgeGroup.Apply(&next.AgeGroup)
	merge(p.Gender, &next.Gender, GenderPatch.apply)
	p.Nationality.Apply(&next.Nationality)
	merge(p.Ethnicity, &next.Ethnicity, func(c CodedPatch, e *Ethnicity) { c.apply(&e.Value, &e.ValueIfOther) })
	merge(p.ReligionOrBelief, &next.ReligionOrBelief, func(c CodedPatch, b *ReligionOrBelief) { c.apply(&b.Value, &b.ValueIfOther) })
	merge(p.SexualOrientation, &next.SexualOrientation, func(c CodedPatch, o *SexualOrientation) { c.apply(&o.Value, &o.ValueIfOther) })
	merge(p.MarriageOrCivilPartnership, &next.MarriageOrCivilPartnership, MarriagePatch.apply)
	p.PregnancyOrMaternity.Apply(&next.PregnancyOrMaternity)
	p.NationalInsuranceNumber.Apply(&next.NationalInsuranceNumber)
	if next.NationalInsuranceNumber != current.NationalInsuranceNumber {
		next.NINOAsSent = ""
	}
	p.Languages.Apply(&next.Languages)
	merge(p.CaringResponsibilities, &next.CaringResponsibilities, CaringPatch.apply)
	p.Disabled.Apply(&next.Disabled)
	p.CommunicationRequirements.apply(&next.CommunicationRequirements, &next.CommunicationRequirementsIfOther)
	p.EconomicSituation.apply(&next.EconomicSituation, &next.EconomicSituationIfOther)
	p.HomeSituation.apply(&next.HomeSituation, &next.HomeSituationIfOther)
	p.ArmedForces.Apply(&next.ArmedForces)
	return next
}

// merge makes the changes to an object's members, or removes the object.
func merge[P, T any](n Nullable[P], object *T, apply func(P, *T)) {
	switch n.state {
	case set:
		apply(n.value, object)
	case null:
		var none T
		*object = none
	}
}

func (c CodedPatch) apply(value *string, text *Text) {
	before := *value
	c.Value.Apply(value)
	c.ValueIfOther.Apply(text)
	if *value != before && c.ValueIfOther.IsZero() || c.ValueIfOther.state == clearing {
		text.clear()
	}
}

func (p GenderPatch) apply(g *Gender) {
	p.CodedPatch.apply(&g.Value, &g.ValueIfOther)
	p.DifferentToBirthSex.Apply(&g.DifferentToBirthSex)
}

func (p MarriagePatch) apply(m *MarriageOrCivilPartnership) {
	p.Married.Apply(&m.Married)
	p.CivilPartnership.Apply(&m.CivilPartnership)
}

func (p CaringPatch) apply(c *CaringResponsibilities) {
	before := c.ProvideUnpaidCare
	p.ProvideUnpaidCare.Apply(&c.ProvideUnpaidCare)
	p.HoursSpentProvidingUnpaidCare.Apply(&c.HoursSpentProvidingUnpaidCare)
	if before == Yes && c.ProvideUnpaidCare != Yes && p.HoursSpentProvidingUnpaidCare.IsZero() {
		c.HoursSpentProvidingUnpaidCare = ""
	}
}

func (p RequirementsPatch) apply(values *[]string, text *Text) {
	before := *values
	p.Values.Apply(values)
	p.ValuesIfOther.Apply(text)
	if !p.takesText && p.ValuesIfOther.IsZero() && !slices.Equal(*values, before) {
		text.clear()
	}
}

// ClearText removes a text unless it is "".
func ClearText() Nullable[Text] { return Nullable[Text]{state: clearing} }

// clear removes a text unless it is "", which stays as it was sent.
func (t *Text) clear() {
	if t.text != "" {
		*t = Text{}
	}
}
