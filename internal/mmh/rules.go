package mmh

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/service"
)

// The front ends' own codes for failures. The clients show their messages.
const (
	codeNotEqual  = "NotEqualValidator"
	codeNINO      = "NationalInsuranceNumberValidator"
	codeLanguages = "W25"
	codePrimary   = "W24"
	codeMarkup    = "W42"
)

// targetZero is the failure of a target id that is missing or zero.
func targetZero() (code, message string) {
	return codeNotEqual, "'Target Id' must not be equal to '" + uuid.Nil.String() + "'."
}

// markup finds what the front ends treat as an attempt to inject markup: a <
// before an ASCII letter, !, / or ?, or a &#. It returns the position in UTF-16
// code units, as the clients count, or -1.
func markup(s string) int {
	if !strings.ContainsAny(s, "<&") {
		return -1
	}
	if i := markupForm.FindStringIndex(s); i != nil {
		return len(utf16.Encode([]rune(s[:i[0]])))
	}
	return -1
}

var markupForm = regexp.MustCompile(`<[A-Za-z!/?]|&#`)

// dangerous notes markup in the last string.
func (d *decoder) dangerous(at int) {
	d.doubt(codeMarkup, d.subject()+" contains potentially dangerous characters at position "+strconv.Itoa(at)+".", d.holds(d.asSent))
}

// tooLong notes that the last string is longer than is kept. In an item, which
// nobody can send again, it is not kept.
func (d *decoder) tooLong(limit int) {
	if message := d.subject() + " must be " + strconv.Itoa(limit) + " characters or less."; d.imported {
		d.fail(equality.TooLong, message)
	} else {
		d.doubt(equality.TooLong, message, d.holds(d.asSent))
	}
}

// nino reads a National Insurance number: its form as everywhere, and here a
// prefix that HMRC issues. How it was sent is kept beside it.
func (d *decoder) nino(p *service.Sent) {
	s, ok := d.text()
	switch {
	case !ok:
		return
	case strings.TrimSpace(s) == "":
		p.NationalInsuranceNumber = equality.Null[string]()
		return
	}
	const message = "National Insurance Number does not contain a valid NI number"
	long := utf8.RuneCountInString(s) > equality.MaxNINOAsSent
	if long {
		d.tooLong(equality.MaxNINOAsSent)
	}
	number, ok := equality.ParseNINO(s)
	if !ok {
		d.fail(codeNINO, message)
		return
	}
	if !d.imported && !isIssued(number) {
		d.doubt(codeNINO, message, d.holds(number)) // whatever its spelling
	}
	p.NationalInsuranceNumber, p.NINOAsSent = equality.Set(number), equality.Null[string]()
	if s != number && !(long && d.imported) {
		p.NINOAsSent = equality.Set(s)
	}
}

// isIssued says whether HMRC issues numbers with this prefix (HMRC, National
// Insurance Manual, NIM39110).
func isIssued(number string) bool {
	switch number[:2] {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	return !strings.ContainsRune("DFIQUV", rune(number[0])) && !strings.ContainsRune("DFIOQUV", rune(number[1]))
}

const onePrimary = "You must choose one language as the primary"

// languages reads the list. It ignores entries without a language and keeps a
// repeated language once.
func (d *decoder) languages() equality.Nullable[[]equality.Language] {
	var list []equality.Language
	before := len(d.form.Failures) + len(d.rules.Failures)
	known, primaries := make(map[string]int), 0
	if d.null() {
		return equality.Null[[]equality.Language]()
	}
	if !readList(d, equality.TypeObject, func() {
		var l equality.Language
		if !readObject(d, languageFields, &l) || l.Language == "" {
			return
		}
		i, repeated := known[l.Language]
		if !repeated {
			i = len(list)
			known[l.Language] = i
			list = append(list, equality.Language{Language: l.Language})
		}
		if l.IsPrimary && !list[i].IsPrimary {
			list[i].IsPrimary = true
			primaries++
		}
	}) {
		return equality.Nullable[[]equality.Language]{}
	}
	switch {
	case len(d.form.Failures)+len(d.rules.Failures) > before:
		return equality.Nullable[[]equality.Language]{}
	case len(list) == 0:
		return equality.Null[[]equality.Language]()
	}
	if len(list) > equality.MaxLanguages {
		d.fail(codeLanguages, "Please only enter up to 10 languages")
	}
	switch {
	case primaries == 0 && d.imported:
		d.kept(codePrimary)
	case primaries == 0: // as an import may have brought it
		d.doubt(codePrimary, onePrimary, func(shown equality.Record) bool { return slices.Equal(list, shown.Languages) })
	case primaries > 1:
		d.fail(codePrimary, onePrimary)
	}
	if d.imported {
		list = asImported(list)
	}
	return equality.Set(list)
}

// asImported returns as much of a list as a record can have: the first of several
// primary languages is the primary one, and it is among the ten that are kept. A
// list without a primary language stays as it is, because nobody has said which.
func asImported(list []equality.Language) []equality.Language {
	primary := slices.IndexFunc(list, func(l equality.Language) bool { return l.IsPrimary })
	for i := range list {
		list[i].IsPrimary = i == primary
	}
	if primary >= equality.MaxLanguages {
		list[equality.MaxLanguages-1] = list[primary]
	}
	return list[:min(len(list), equality.MaxLanguages)]
}

// pregnancies reads the list. It ignores entries without a date.
func (d *decoder) pregnancies() equality.Nullable[[]equality.Pregnancy] {
	if d.null() {
		return equality.Null[[]equality.Pregnancy]()
	}
	var list []equality.Pregnancy
	if !readList(d, equality.TypeObject, func() {
		var date equality.Date
		if readObject(d, pregnancyFields, &date) && !date.IsZero() {
			list = append(list, equality.NewPregnancy(date))
		}
	}) {
		return equality.Nullable[[]equality.Pregnancy]{}
	}
	if d.imported && len(list) > equality.MaxPregnancies {
		d.failMeaning(equality.TooLong)
		list = list[:equality.MaxPregnancies]
	}
	return equality.Set(list)
}

// requirements reads the list of codes and free texts. It keeps a repeated one
// once, and drops an exclusive one if there are others, which say more.
func (d *decoder) requirements() equality.Nullable[[]string] {
	if d.null() {
		return equality.Null[[]string]()
	}
	var list []string
	known := make(map[string]bool)
	if !readList(d, equality.TypeString, func() {
		value, _ := d.code(d.codec.communicationRequirement).Value()
		if value != "" && !known[value] {
			known[value] = true
			list = append(list, value)
		}
	}) {
		return equality.Nullable[[]string]{}
	}
	list = d.codec.compatible(list)
	if len(list) > equality.MaxCommunicationRequirements {
		d.failMeaning(equality.ListLength)
		if d.imported {
			list = list[:equality.MaxCommunicationRequirements]
		}
	}
	return equality.Set(list)
}

// compatible leaves out the codes that cannot be combined with others.
func (c *Codec) compatible(list []string) []string {
	var exclusive, others []string
	for _, value := range list {
		if code, _ := c.communicationRequirement.Find(value); code.Exclusive {
			exclusive = append(exclusive, value)
		} else {
			others = append(others, value)
		}
	}
	if len(others) == 0 && len(exclusive) > 0 {
		return exclusive[:1]
	}
	return others
}
