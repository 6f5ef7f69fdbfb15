package equality

import (
	"equality-information-api/internal/refdata"

	"github.com/google/uuid"
)

// DecodePatch reads a JSON merge patch and checks everything that does not need
// the stored record. It replaces aliases with their codes. Whether an unknown code,
// or languages without a primary one, may stand needs the stored record; only beside
// other failures it is one already.
// The error is an [*InvalidError].
func (r *Rules) DecodePatch(body []byte, today Date) (Patch, error) {
	d := newDecoder(r, body, today)
	p, ok := d.patch()
	if err := d.failures.err(); err != nil {
		for _, u := range d.unknown {
			if ok {
				d.failures.unknownCode(u.pointer, u.list, u.value)
			}
		}
		if ok && p.noPrimary {
			d.failures.add("/languages", LanguagesOnePrimary)
		}
		return Patch{}, err
	}
	p.shownBy = r
	return p, nil
}

// DecodeCreate reads the body of a create, which is a merge patch of an empty
// record, and makes all checks, so that one kind of failure does not hide
// another. pathID is the id in the path, or [uuid.Nil]. If neither path nor body
// has an id, the record's ID is [uuid.Nil] and the caller chooses one. The error
// is an [*InvalidError].
func (r *Rules) DecodeCreate(body []byte, pathID uuid.UUID, today Date) (Record, error) {
	return newDecoder(r, body, today).create(pathID)
}

// DecodeImported is DecodeCreate for rules that are for an import. Values that are
// longer than is kept are left out, and are findings.
func (r *Rules) DecodeImported(body []byte, id uuid.UUID, today Date) (Record, []Finding, error) {
	d := newDecoder(r, body, today)
	record, err := d.create(id)
	return record, d.found, err
}

func (d *decoder) create(pathID uuid.UUID) (Record, error) {
	p, ok := d.patch()
	if !ok {
		return Record{}, d.failures.err()
	}
	next := p.Apply(Record{})
	if pathID != uuid.Nil {
		if next.ID != uuid.Nil && next.ID != pathID {
			d.failures.add("/id", IDMismatch)
		}
		next.ID = pathID
	}
	d.rules.validate(&d.failures, p, Record{}, next)
	if err := d.failures.err(); err != nil {
		return Record{}, err
	}
	return next, nil
}

// patch reads the whole body, and says whether it was a JSON object.
func (d *decoder) patch() (p Patch, ok bool) {
	defer d.release()
	_, ok = readObject(d, patchFields, &p)
	ok = d.end() && ok
	return p, ok
}

// A field is a member of an object, and how to read its value.
type field[T any] struct {
	name string
	read func(*decoder, *T)
}

// The members of each object, in the order of encoding.
var (
	patchFields = []field[Patch]{
		{"id", func(d *decoder, p *Patch) { p.ID = optional(d, (*decoder).id) }},
		{"targetId", func(d *decoder, p *Patch) { p.TargetID = optional(d, (*decoder).id) }},
		{"ageGroup", func(d *decoder, p *Patch) { p.AgeGroup = d.optionalCode(d.rules.ageGroup) }},
		{"gender", func(d *decoder, p *Patch) { p.Gender = optionalObject(d, genderFields) }},
		{"nationality", func(d *decoder, p *Patch) { p.Nationality = d.optionalCode(d.rules.nationality) }},
		{"ethnicity", func(d *decoder, p *Patch) { p.Ethnicity = optionalObject(d, ethnicityFields) }},
		{"religionOrBelief", func(d *decoder, p *Patch) { p.ReligionOrBelief = optionalObject(d, religionFields) }},
		{"sexualOrientation", func(d *decoder, p *Patch) { p.SexualOrientation = optionalObject(d, orientationFields) }},
		{"marriageOrCivilPartnership", func(d *decoder, p *Patch) { p.MarriageOrCivilPartnership = optionalObject(d, marriageFields) }},
		{"pregnancyOrMaternity", func(d *decoder, p *Patch) { p.PregnancyOrMaternity = optional(d, (*decoder).pregnancies) }},
		{"nationalInsuranceNumber", func(d *decoder, p *Patch) { p.NationalInsuranceNumber = optional(d, (*decoder).nino) }},
		{"languages", func(d *decoder, p *Patch) {
			p.Languages = optional(d, (*decoder).languages)
			p.noPrimary = d.noPrimary
		}},
		{"caringResponsibilities", func(d *decoder, p *Patch) { p.CaringResponsibilities = optionalObject(d, caringFields) }},
		{"disabled", func(d *decoder, p *Patch) { p.Disabled = optional(d, (*decoder).answer) }},
		{"communicationRequirements", func(d *decoder, p *Patch) { d.requirements(&p.CommunicationRequirements) }},
		{"communicationRequirementsIfOther", func(d *decoder, p *Patch) { p.CommunicationRequirements.ValuesIfOther = optional(d, (*decoder).text) }},
		{"economicSituation", func(d *decoder, p *Patch) { p.EconomicSituation.Value = d.optionalCode(d.rules.economicSituation) }},
		{"economicSituationIfOther", func(d *decoder, p *Patch) { p.EconomicSituation.ValueIfOther = optional(d, (*decoder).text) }},
		{"homeSituation", func(d *decoder, p *Patch) { p.HomeSituation.Value = d.optionalCode(d.rules.homeSituation) }},
		{"homeSituationIfOther", func(d *decoder, p *Patch) { p.HomeSituation.ValueIfOther = optional(d, (*decoder).text) }},
		{"armedForces", func(d *decoder, p *Patch) { p.ArmedForces = d.optionalCode(d.rules.armedForces) }},
		// Callers may send back the read-only members they received.
		{"unrecognisedMembers", func(d *decoder, _ *Patch) { d.skip() }},
		{"person", func(d *decoder, _ *Patch) { d.skip() }},
		{"personStatus", func(d *decoder, _ *Patch) { d.skip() }},
		{"suggested", func(d *decoder, _ *Patch) { d.skip() }},
		{"extended", func(d *decoder, _ *Patch) { d.skip() }},
		{"withheldMembers", func(d *decoder, _ *Patch) { d.skip() }},
	}
	genderFields = []field[GenderPatch]{
		{"genderValue", func(d *decoder, p *GenderPatch) { p.Value = d.optionalCode(d.rules.gender) }},
		{"genderValueIfOther", func(d *decoder, p *GenderPatch) { p.ValueIfOther = optional(d, (*decoder).text) }},
		{"genderDifferentToBirthSex", func(d *decoder, p *GenderPatch) { p.DifferentToBirthSex = optional(d, (*decoder).answer) }},
	}
	ethnicityFields   = codedFields("ethnicGroupValue", func(r *Rules) *refdata.List { return r.ethnicGroup })
	religionFields    = codedFields("religionOrBeliefValue", func(r *Rules) *refdata.List { return r.religionOrBelief })
	orientationFields = codedFields("sexualOrientationValue", func(r *Rules) *refdata.List { return r.sexualOrientation })
	marriageFields    = []field[MarriagePatch]{
		{"married", func(d *decoder, p *MarriagePatch) { p.Married = optional(d, (*decoder).answer) }},
		{"civilPartnership", func(d *decoder, p *MarriagePatch) { p.CivilPartnership = optional(d, (*decoder).answer) }},
	}
	caringFields = []field[CaringPatch]{
		{"provideUnpaidCare", func(d *decoder, p *CaringPatch) { p.ProvideUnpaidCare = optional(d, (*decoder).answer) }},
		{"hoursSpentProvidingUnpaidCare", func(d *decoder, p *CaringPatch) {
			p.HoursSpentProvidingUnpaidCare = d.optionalCode(d.rules.hoursOfUnpaidCare)
		}},
	}
	pregnancyFields = []field[Pregnancy]{
		{"pregnancyDate", func(d *decoder, p *Pregnancy) { p.Date = d.pregnancyDate() }},
		{"pregnancyValidUntil", func(d *decoder, _ *Pregnancy) { d.string() }}, // ignored: it is computed
	}
	languageFields = []field[Language]{
		{"language", func(d *decoder, l *Language) { l.Language, _ = d.code(d.rules.language) }},
		{"isPrimary", func(d *decoder, l *Language) { l.IsPrimary = d.primary() }},
	}
)

func codedFields(name string, list func(*Rules) *refdata.List) []field[CodedPatch] {
	return []field[CodedPatch]{
		{name, func(d *decoder, p *CodedPatch) { p.Value = d.optionalCode(list(d.rules)) }},
		{name + ifOther, func(d *decoder, p *CodedPatch) { p.ValueIfOther = optional(d, (*decoder).text) }},
	}
}

// optional reads a value with read, or null as the removal of the member.
func optional[T any](d *decoder, read func(*decoder) (T, bool)) Nullable[T] {
	if d.null() {
		return Null[T]()
	}
	value, ok := read(d)
	if !ok {
		return Nullable[T]{state: unusable}
	}
	return Set(value)
}

func optionalObject[T any](d *decoder, fields []field[T]) Nullable[T] {
	return optional(d, func(d *decoder) (T, bool) {
		var object T
		_, ok := readObject(d, fields, &object)
		return object, ok
	})
}

func (d *decoder) optionalCode(list *refdata.List) Nullable[string] {
	return optional(d, func(d *decoder) (string, bool) { return d.code(list) })
}
