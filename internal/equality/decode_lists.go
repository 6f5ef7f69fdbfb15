package equality

import (
	"math"
	"strconv"
)

func (d *decoder) pregnancies() ([]Pregnancy, bool) {
	pregnancies, ok := readList(d, math.MaxInt, func(d *decoder) Pregnancy { // as many as are stored: see bounds
		var p Pregnancy
		readElement(d, pregnancyFields, &p)
		return NewPregnancy(p.Date)
	})
	if d.rules.importing && len(pregnancies) > MaxPregnancies {
		d.fail(TooLong)
		return nil, false
	}
	return pregnancies, ok
}

var firstPregnancyDate = NewDate(1900, 1, 1)

func (d *decoder) pregnancyDate() Date {
	s, ok := d.string()
	if !ok {
		return Date{}
	}
	date, err := ParseDate(s)
	switch {
	case err != nil:
		d.fail(DateForm)
	case !IsPregnancyDate(date, d.today):
		d.fail(DateRange)
	}
	return date
}

// IsPregnancyDate says whether the date is allowed for a pregnancy.
func IsPregnancyDate(date, today Date) bool {
	return date.Compare(firstPregnancyDate) >= 0 && date.Compare(today.AddMonths(12)) <= 0
}

func (d *decoder) languages() ([]Language, bool) {
	failed := d.failures.count()
	languages, ok := readList(d, MaxLanguages, (*decoder).language)
	known := make(map[string]bool, len(languages))
	primaries := 0
	for i, l := range languages {
		if known[l.Language] && l.Language != "" {
			d.failBelow(strconv.Itoa(i)+"/language", ListDuplicate)
		}
		known[l.Language] = true
		if !l.IsPrimary {
			continue
		}
		if primaries++; primaries > 1 {
			d.failBelow(strconv.Itoa(i)+"/isPrimary", LanguagesOnePrimary)
		}
	}
	// An invalid element could have been the primary one.
	d.noPrimary = primaries == 0 && len(languages) > 0 && d.failures.count() == failed
	return languages, ok
}

func (d *decoder) language() Language {
	var l Language
	readElement(d, languageFields, &l)
	return l
}

// readElement reads an object of a list. The first of its fields is required.
func readElement[T any](d *decoder, fields []field[T], element *T) {
	if seen, ok := readObject(d, fields, element); ok && seen&1 == 0 {
		d.failBelow(fields[0].name, Required)
	}
}

// Requirements returns the change to these communication requirements, which are
// codes, not aliases.
func (r *Rules) Requirements(values Nullable[[]string]) RequirementsPatch {
	p := RequirementsPatch{Values: values}
	for _, value := range values.value {
		code, _ := r.communicationRequirement.Find(value)
		p.takesText = p.takesText || code.TakesText
	}
	return p
}

// requirements reads the codes. The text may already have been read.
func (d *decoder) requirements(p *RequirementsPatch) {
	list := d.rules.communicationRequirement
	text := p.ValuesIfOther
	*p = d.rules.Requirements(optional(d, func(d *decoder) ([]string, bool) {
		return readList(d, MaxCommunicationRequirements, func(d *decoder) string {
			code, _ := d.code(list)
			return code
		})
	}))
	p.ValuesIfOther = text
	known := make(map[string]bool, len(p.Values.value))
	for i, value := range p.Values.value {
		code, _ := list.Find(value)
		if known[value] && value != "" {
			d.failBelow(strconv.Itoa(i), ListDuplicate)
		}
		known[value] = true
		if code.Exclusive && len(p.Values.value) > 1 {
			d.failBelow(strconv.Itoa(i), CodeExclusive)
		}
	}
}
