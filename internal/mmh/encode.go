package mmh

import (
	"github.com/go-json-experiment/json/jsontext"

	"equality-information-api/internal/equality"
)

// Encode encodes a record in the front ends' form: 18 members, in their order,
// with null, or an empty list, for absent ones.
func (c *Codec) Encode(r *equality.Record) []byte {
	e := encoder{out: make([]byte, 0, 2048)}
	e.begin()
	e.text("id", r.ID.String())
	e.text("targetId", r.TargetID.String())
	e.code("ageGroup", c.ageGroup, r.AgeGroup)
	if e.object("gender", r.Gender != equality.Gender{}) {
		e.code("genderValue", c.gender, r.Gender.Value)
		e.freeText("genderValueIfOther", r.Gender.ValueIfOther)
		e.answer("genderDifferentToBirthSex", r.Gender.DifferentToBirthSex)
		e.end()
	}
	e.code("nationality", c.nationality, r.Nationality)
	e.coded("ethnicity", "ethnicGroupValue", c.ethnicGroup, r.Ethnicity.Value, r.Ethnicity.ValueIfOther)
	e.coded("religionOrBelief", "religionOrBeliefValue", c.religionOrBelief, r.ReligionOrBelief.Value, r.ReligionOrBelief.ValueIfOther)
	e.coded("sexualOrientation", "sexualOrientationValue", c.sexualOrientation, r.SexualOrientation.Value, r.SexualOrientation.ValueIfOther)
	if e.object("marriageOrCivilPartnership", r.MarriageOrCivilPartnership != equality.MarriageOrCivilPartnership{}) {
		e.answer("married", r.MarriageOrCivilPartnership.Married)
		e.answer("civilPartnership", r.MarriageOrCivilPartnership.CivilPartnership)
		e.end()
	}
	list(&e, "pregnancyOrMaternity", r.PregnancyOrMaternity, func(p equality.Pregnancy) {
		e.begin()
		e.text("pregnancyDate", p.Date.String())
		e.text("pregnancyValidUntil", p.ValidUntil.String())
		e.end()
	})
	if r.NINOAsSent != "" {
		e.text("nationalInsuranceNumber", r.NINOAsSent)
	} else {
		e.text("nationalInsuranceNumber", r.NationalInsuranceNumber)
	}
	list(&e, "languages", r.Languages, func(l equality.Language) {
		e.begin()
		e.code("language", c.language, l.Language)
		e.boolean("isPrimary", l.IsPrimary)
		e.end()
	})
	if e.object("caringResponsibilities", r.CaringResponsibilities != equality.CaringResponsibilities{}) {
		e.answer("provideUnpaidCare", r.CaringResponsibilities.ProvideUnpaidCare)
		e.code("hoursSpentProvidingUnpaidCare", c.hoursOfUnpaidCare, r.CaringResponsibilities.HoursSpentProvidingUnpaidCare)
		e.end()
	}
	e.answer("disabled", r.Disabled)
	list(&e, "communicationRequirements", r.CommunicationRequirements, func(code string) {
		e.quote(c.communicationRequirement.write(code))
	})
	e.coded("economicSituation", "economicSituationValue", c.economicSituation, r.EconomicSituation, r.EconomicSituationIfOther)
	e.coded("homeSituation", "homeSituationValue", c.homeSituation, r.HomeSituation, r.HomeSituationIfOther)
	e.code("armedForces", c.armedForces, r.ArmedForces)
	e.end()
	return e.out
}

// encoder appends JSON. It is written by hand for speed, because most of the
// front ends' requests are reads.
type encoder struct {
	out []byte
}

func (e *encoder) begin() { e.out = append(e.out, '{') }
func (e *encoder) end()   { e.out = append(e.out, '}') }

// name begins a member; the names come from this package and need no escaping.
func (e *encoder) name(name string) {
	if e.out[len(e.out)-1] != '{' {
		e.out = append(e.out, ',')
	}
	e.out = append(e.out, '"')
	e.out = append(e.out, name...)
	e.out = append(e.out, '"', ':')
}

func (e *encoder) null() { e.out = append(e.out, "null"...) }

func (e *encoder) quote(s string) {
	e.out, _ = jsontext.AppendQuote(e.out, s) // replaces invalid UTF-8
}

func (e *encoder) text(name, s string) {
	e.name(name)
	if s == "" {
		e.null()
		return
	}
	e.quote(s)
}

func (e *encoder) freeText(name string, t equality.Text) {
	e.name(name)
	if t.IsZero() {
		e.null()
		return
	}
	e.quote(t.String())
}

func (e *encoder) code(name string, list codes, code string) { e.text(name, list.write(code)) }

func (e *encoder) boolean(name string, b bool) {
	e.name(name)
	if b {
		e.out = append(e.out, "true"...)
	} else {
		e.out = append(e.out, "false"...)
	}
}

var answerCodes = [...]string{equality.Yes: "yes", equality.No: "no", equality.PreferNotToSay: equality.PreferNotToSay.String()}

func (e *encoder) answer(name string, a equality.Answer) { e.text(name, answerCodes[a]) }

// object begins a member that is an object, or writes null.
func (e *encoder) object(name string, present bool) bool {
	e.name(name)
	if present {
		e.begin()
	} else {
		e.null()
	}
	return present
}

// coded writes a code and its text as an object.
func (e *encoder) coded(name, value string, list codes, code string, text equality.Text) {
	if e.object(name, code != "" || !text.IsZero()) {
		e.code(value, list, code)
		e.freeText(value+"IfOther", text)
		e.end()
	}
}

// list writes a member that is an array, never null: the clients map over it.
func list[T any](e *encoder, name string, elements []T, write func(T)) {
	e.name(name)
	e.out = append(e.out, '[')
	for i, element := range elements {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		write(element)
	}
	e.out = append(e.out, ']')
}
