package equality

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"equality-information-api/internal/refdata"

	"github.com/google/uuid"
)

// Each method here reads one value, notes what is wrong with it, and says
// whether it can be used.

func (d *decoder) id() (uuid.UUID, bool) {
	s, ok := d.string()
	if !ok {
		return uuid.Nil, false
	}
	id, err := ParseID(s)
	switch {
	case err != nil:
		d.fail(IDForm)
	case id == uuid.Nil:
		d.fail(IDZero)
	default:
		return id, true
	}
	return uuid.Nil, false
}

// code reads a code from the list, or an alias as the code it stands for. Whether
// an unknown or retired code is allowed depends on the stored record; "" never
// is, because in a record it means an absent member.
func (d *decoder) code(list *refdata.List) (string, bool) {
	value, ok := d.string()
	if !ok {
		return "", false
	}
	switch {
	case value == "":
		d.failures.unknownCode(d.pointer(), list, value)
		return "", false
	case utf8.RuneCountInString(value) > MaxCode && !d.rules.importing: // there it is unknown
		d.fail(TooLong, characters(MaxCode))
		return "", false
	}
	code, known := list.Resolve(value)
	if !known && d.rules.importing {
		code, known = list.Labelled(value)
	}
	if !known {
		d.unknown = append(d.unknown, unknown{d.pointer(), list, value})
		return value, true
	}
	return code.Code, true
}

func (d *decoder) text() (Text, bool) {
	s, ok := d.string()
	if !ok {
		return Text{}, false
	}
	text, code := ParseText(s)
	if code != "" {
		d.fail(code)
	}
	return text, code == ""
}

// ParseText reads the free text of an …IfOther member and trims white space. If
// the text is not valid, code is the failure's code.
func ParseText(s string) (text Text, code string) {
	s = strings.TrimSpace(s)
	switch {
	case utf8.RuneCountInString(s) > maxText:
		return Text{}, TextLength
	case strings.ContainsFunc(s, unicode.IsControl):
		return Text{}, TextControl
	}
	return NewText(s), ""
}

func (d *decoder) answer() (Answer, bool) { return d.yesOrNo(TypeAnswer) }

// primary reads isPrimary, the only boolean. An import accepts the same spellings
// as for answers.
func (d *decoder) primary() bool {
	if !d.rules.importing {
		return d.boolean()
	}
	answer, _ := d.yesOrNo(TypeBoolean)
	if answer == PreferNotToSay {
		d.fail(TypeBoolean)
	}
	return answer == Yes
}

// yesOrNo reads an answer. code is the failure's code if it is none.
func (d *decoder) yesOrNo(code string) (Answer, bool) {
	switch d.kind() {
	case 't', 'f':
		if d.boolean() {
			return Yes, true
		}
		return No, true
	case '"':
		s, _ := d.string()
		if answer, ok := d.rules.parseAnswer(s); ok {
			return answer, true
		}
		d.fail(code)
	case '0':
		number, err := d.json.ReadValue()
		if err != nil {
			d.stopAt(err)
			return NotAsked, false
		}
		if answer, ok := ParseImported(string(number)); ok && d.rules.importing {
			return answer, true
		}
		d.fail(code)
	default:
		d.wrongType(code)
	}
	return NotAsked, false
}

// nino reads a National Insurance number as people write it, with spaces and in
// either case. It accepts prefixes that are never issued, because the
// specification's own example has one.
func (d *decoder) nino() (string, bool) {
	s, ok := d.string()
	if !ok {
		return "", false
	}
	if utf8.RuneCountInString(s) > MaxNINOAsSent {
		d.fail(TooLong, characters(MaxNINOAsSent))
		return "", false
	}
	if s, ok = ParseNINO(s); !ok {
		d.fail(NINOForm)
	}
	return s, ok
}

// ParseNINO reads a National Insurance number with spaces and in either case, and
// returns it without spaces in upper case. It accepts any prefix, and a number
// without its last letter, as HMRC does.
func ParseNINO(s string) (string, bool) {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, s)
	if !isNINO(s) {
		return "", false
	}
	return s, true
}

// isNINO says whether s is two letters, six digits, and a letter from A to D or
// none.
func isNINO(s string) bool {
	const form = "AA000000D"
	if len(s) != len(form) && len(s) != len(form)-1 {
		return false
	}
	for i := range len(s) {
		first, last := byte('A'), byte('Z')
		switch form[i] {
		case '0':
			first, last = '0', '9'
		case 'D':
			last = 'D'
		}
		if s[i] < first || s[i] > last {
			return false
		}
	}
	return true
}
