package mmh

import (
	"strings"
	"time"
	_ "time/tzdata" // for machines without time zones
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// Each method here reads one value, notes what is wrong with it, and returns the
// zero change if it cannot be used. Null and "" mean absent.

// text reads a string, "" if absent. A control character in it becomes a space.
func (d *decoder) text() (s string, ok bool) {
	if d.null() {
		return "", true
	}
	if d.broken {
		return "", false
	}
	if d.json.PeekKind() != '"' {
		d.wrongType(equality.TypeString)
		return "", false
	}
	d.asSent = string(d.raw())
	if d.broken {
		return "", false
	}
	if at := markup(d.asSent); at >= 0 && !d.imported {
		d.dangerous(at)
	}
	return withoutControls(d.asSent), true
}

func withoutControls(s string) string {
	if !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// ignoredText reads a string that is not used.
func (d *decoder) ignoredText() {
	if d.imported {
		d.skip()
		return
	}
	d.text()
}

// code reads a code of the list in any of its spellings, or an unknown value.
func (d *decoder) code(list codes) equality.Nullable[string] {
	value, ok := d.text()
	switch {
	case !ok:
		return equality.Nullable[string]{}
	case strings.TrimSpace(value) == "":
		return equality.Null[string]()
	}
	code, known := list.Meant(value)
	switch {
	case known:
		value = code.Code
	case utf8.RuneCountInString(value) > equality.MaxCode:
		if d.tooLong(equality.MaxCode); d.imported {
			return equality.Nullable[string]{}
		}
	default:
		d.kept(equality.CodeUnknown)
	}
	return equality.Set(value)
}

// freeText reads an …IfOther.
func (d *decoder) freeText() equality.Nullable[equality.Text] {
	s, ok := d.text()
	if !ok {
		return equality.Nullable[equality.Text]{}
	}
	text, code := equality.ParseText(s)
	switch {
	case code != "":
		d.failMeaning(code)
		return equality.Nullable[equality.Text]{}
	case text.String() == "":
		return equality.ClearText()
	}
	return equality.Set(text)
}

var answers = map[string]equality.Answer{"yes": equality.Yes, "no": equality.No, "prefernottosay": equality.PreferNotToSay, "prefer not to say": equality.PreferNotToSay}

func (d *decoder) answer() equality.Nullable[equality.Answer] {
	if d.broken {
		return equality.Nullable[equality.Answer]{}
	}
	var value string
	switch kind := d.json.PeekKind(); {
	case kind == 't', kind == 'f':
		if d.token(); kind == 't' {
			return equality.Set(equality.Yes)
		}
		return equality.Set(equality.No)
	case kind == '0' && d.imported:
		value = d.token().String()
	default:
		var ok bool
		if value, ok = d.text(); !ok {
			return equality.Nullable[equality.Answer]{}
		}
	}
	value = strings.ToLower(strings.TrimSpace(value))
	if value == "" {
		return equality.Null[equality.Answer]()
	}
	answer, ok := answers[value]
	if d.imported {
		answer, ok = equality.ParseImported(value)
	}
	if !ok {
		d.fail(equality.CodeUnknown, d.subject()+" must be yes, no or preferNotToSay.")
		return equality.Nullable[equality.Answer]{}
	}
	return equality.Set(answer)
}

// primary reads isPrimary, the only boolean. In an item it is read like an answer.
func (d *decoder) primary() bool {
	if d.imported {
		answer, _ := d.answer().Value()
		if answer == equality.PreferNotToSay {
			d.malformed(equality.TypeBoolean)
		}
		return answer == equality.Yes
	}
	if d.broken || d.null() {
		return false
	}
	if kind := d.json.PeekKind(); kind != 't' && kind != 'f' {
		d.wrongType(equality.TypeBoolean)
		return false
	}
	token := d.token()
	return !d.broken && token.Bool()
}

// london is the time zone of the front ends' days.
var london = func() *time.Location {
	location, err := time.LoadLocation("Europe/London")
	if err != nil { // cannot happen: time/tzdata has it
		panic(err)
	}
	return location
}()

// date reads a date, or an instant as its day in London; the zero date if absent.
func (d *decoder) date() equality.Date {
	s, ok := d.text()
	if s = strings.TrimSpace(s); !ok || s == "" {
		return equality.Date{}
	}
	date, err := equality.ParseDate(s)
	if err != nil {
		date, err = parseInstant(s)
	}
	switch {
	case err != nil:
		d.fail(equality.DateForm, d.subject()+" must be a date in the form YYYY-MM-DD, or an ISO 8601 date and time.")
	case !equality.IsPregnancyDate(date, d.today):
		d.failMeaning(equality.DateRange)
	default:
		return date
	}
	return equality.Date{}
}

// instants are the forms of a date and time. Without an offset, it is London time.
var instants = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04"}

func parseInstant(s string) (date equality.Date, err error) {
	for _, form := range instants {
		var t time.Time
		if t, err = time.ParseInLocation(form, s, london); err == nil {
			return equality.DateOf(t.In(london)), nil
		}
	}
	return date, err
}

// targetID reads the person's id; zero if absent.
func (d *decoder) targetID() uuid.UUID {
	s, ok := d.text()
	if !ok || s == "" {
		d.refusedTarget = !ok
		return uuid.Nil
	}
	id, err := equality.ParseID(s)
	switch {
	case err != nil:
		d.malformed(equality.IDForm)
	case id == uuid.Nil:
		d.fail(targetZero())
	default:
		return id
	}
	d.refusedTarget = true
	return uuid.Nil
}

// targetRequired notes that the target id is missing.
func (d *decoder) targetRequired() {
	d.path = append(d.path, step{name: "targetId"})
	d.fail(targetZero())
	d.path = d.path[:0]
}
