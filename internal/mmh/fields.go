package mmh

import "equality-information-api/internal/equality"

// The members of each object, in the order of encoding.
var (
	bodyFields = []field[sent]{
		{"id", func(d *decoder, s *sent) { d.itemID(s) }},
		{"targetId", func(d *decoder, s *sent) { s.Of = d.targetID() }},
		{"ageGroup", func(d *decoder, s *sent) { s.AgeGroup = d.code(d.codec.ageGroup) }},
		{"gender", func(d *decoder, s *sent) { s.Gender = whole(d, d.gender) }},
		{"nationality", func(d *decoder, s *sent) { s.Nationality = d.code(d.codec.nationality) }},
		{"ethnicity", func(d *decoder, s *sent) { s.Ethnicity = d.codedObject(ethnicityFields, d.codec.ethnicGroup) }},
		{"religionOrBelief", func(d *decoder, s *sent) {
			s.ReligionOrBelief = d.codedObject(religionFields, d.codec.religionOrBelief)
		}},
		{"sexualOrientation", func(d *decoder, s *sent) {
			s.SexualOrientation = d.codedObject(orientationFields, d.codec.sexualOrientation)
		}},
		{"marriageOrCivilPartnership", func(d *decoder, s *sent) { s.MarriageOrCivilPartnership = whole(d, d.marriage) }},
		{"pregnancyOrMaternity", func(d *decoder, s *sent) { s.PregnancyOrMaternity = d.pregnancies() }},
		{"nationalInsuranceNumber", func(d *decoder, s *sent) { d.nino(&s.Sent) }},
		{"languages", func(d *decoder, s *sent) { s.Languages = d.languages() }},
		{"caringResponsibilities", func(d *decoder, s *sent) { s.CaringResponsibilities = whole(d, d.caring) }},
		{"disabled", func(d *decoder, s *sent) { s.Disabled = d.answer() }},
		{"communicationRequirements", func(d *decoder, s *sent) {
			s.CommunicationRequirements = d.codec.rules.Requirements(d.requirements())
		}},
		{"economicSituation", func(d *decoder, s *sent) {
			s.EconomicSituation = d.situation(economicFields, d.codec.economicSituation)
		}},
		{"homeSituation", func(d *decoder, s *sent) { s.HomeSituation = d.situation(homeFields, d.codec.homeSituation) }},
		{"armedForces", func(d *decoder, s *sent) { s.ArmedForces = d.code(d.codec.armedForces) }},
		{"versionNumber", func(d *decoder, s *sent) { s.version = d.itemVersion() }},
	}
	genderFields = []field[equality.GenderPatch]{
		{"genderValue", func(d *decoder, p *equality.GenderPatch) { p.Value = d.code(d.codec.gender) }},
		{"genderValueIfOther", func(d *decoder, p *equality.GenderPatch) { p.ValueIfOther = d.freeText() }},
		{"genderDifferentToBirthSex", func(d *decoder, p *equality.GenderPatch) { p.DifferentToBirthSex = d.answer() }},
	}
	ethnicityFields   = codedFields("ethnicGroupValue", func(c *Codec) codes { return c.ethnicGroup })
	religionFields    = codedFields("religionOrBeliefValue", func(c *Codec) codes { return c.religionOrBelief })
	orientationFields = codedFields("sexualOrientationValue", func(c *Codec) codes { return c.sexualOrientation })
	economicFields    = codedFields("economicSituationValue", func(c *Codec) codes { return c.economicSituation })
	homeFields        = codedFields("homeSituationValue", func(c *Codec) codes { return c.homeSituation })
	marriageFields    = []field[equality.MarriagePatch]{
		{"married", func(d *decoder, p *equality.MarriagePatch) { p.Married = d.answer() }},
		{"civilPartnership", func(d *decoder, p *equality.MarriagePatch) { p.CivilPartnership = d.answer() }},
	}
	caringFields = []field[equality.CaringPatch]{
		{"provideUnpaidCare", func(d *decoder, p *equality.CaringPatch) { p.ProvideUnpaidCare = d.answer() }},
		{"hoursSpentProvidingUnpaidCare", func(d *decoder, p *equality.CaringPatch) {
			p.HoursSpentProvidingUnpaidCare = d.code(d.codec.hoursOfUnpaidCare)
		}},
	}
	pregnancyFields = []field[equality.Date]{
		{"pregnancyDate", func(d *decoder, date *equality.Date) { *date = d.date() }},
		{"pregnancyValidUntil", func(d *decoder, _ *equality.Date) { d.ignoredText() }}, // ignored: it is computed
	}
	languageFields = []field[equality.Language]{
		{"language", func(d *decoder, l *equality.Language) { l.Language, _ = d.code(d.codec.language).Value() }},
		{"isPrimary", func(d *decoder, l *equality.Language) { l.IsPrimary = d.primary() }},
	}
)

func codedFields(name string, list func(*Codec) codes) []field[equality.CodedPatch] {
	return []field[equality.CodedPatch]{
		{name, func(d *decoder, p *equality.CodedPatch) { p.Value = d.code(list(d.codec)) }},
		{name + "IfOther", func(d *decoder, p *equality.CodedPatch) { p.ValueIfOther = d.freeText() }},
	}
}

// whole reads an object that replaces the stored one; null removes it.
func whole[T any](d *decoder, read func() (T, bool)) equality.Nullable[T] {
	if d.null() {
		return equality.Null[T]()
	}
	object, ok := read()
	if !ok {
		return equality.Nullable[T]{}
	}
	return equality.Set(object)
}

// noCode is the change to a code and its text if neither is sent.
func noCode() equality.CodedPatch {
	return equality.CodedPatch{Value: equality.Null[string](), ValueIfOther: equality.ClearText()}
}

// fitting drops the text of a code that takes none.
func fitting(p equality.CodedPatch, list codes) equality.CodedPatch {
	if value, _ := p.Value.Value(); !list.takesText(value) {
		p.ValueIfOther = equality.ClearText()
	}
	return p
}

func (d *decoder) gender() (equality.GenderPatch, bool) {
	p := equality.GenderPatch{CodedPatch: noCode(), DifferentToBirthSex: equality.Null[equality.Answer]()}
	ok := readObject(d, genderFields, &p)
	p.CodedPatch = fitting(p.CodedPatch, d.codec.gender)
	return p, ok
}

func (d *decoder) codedObject(fields []field[equality.CodedPatch], list codes) equality.Nullable[equality.CodedPatch] {
	return whole(d, func() (equality.CodedPatch, bool) {
		p := noCode()
		ok := readObject(d, fields, &p)
		return fitting(p, list), ok
	})
}

// situation reads an object whose members are top-level members of the record.
func (d *decoder) situation(fields []field[equality.CodedPatch], list codes) equality.CodedPatch {
	if d.null() {
		return equality.CodedPatch{Value: equality.Null[string](), ValueIfOther: equality.Null[equality.Text]()}
	}
	p := noCode()
	if d.imported && d.json.PeekKind() == '"' { // the oldest items have a string
		p.Value = d.code(list)
	} else {
		readObject(d, fields, &p)
	}
	return fitting(p, list)
}

func (d *decoder) marriage() (equality.MarriagePatch, bool) {
	p := equality.MarriagePatch{Married: equality.Null[equality.Answer](), CivilPartnership: equality.Null[equality.Answer]()}
	ok := readObject(d, marriageFields, &p)
	return p, ok
}

// caring reads whether care is provided and, only if it is, the hours.
func (d *decoder) caring() (equality.CaringPatch, bool) {
	p := equality.CaringPatch{
		ProvideUnpaidCare:             equality.Null[equality.Answer](),
		HoursSpentProvidingUnpaidCare: equality.Null[string](),
	}
	ok := readObject(d, caringFields, &p)
	if care, _ := p.ProvideUnpaidCare.Value(); care != equality.Yes {
		p.HoursSpentProvidingUnpaidCare = equality.Null[string]()
	}
	return p, ok
}
