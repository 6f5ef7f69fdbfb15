package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"equality-information-api/internal/equality"

	"github.com/google/uuid"
)

// MaxName is the most characters of a name or title.
const MaxName = 100

// sent is an entry while it is read.
type sent struct {
	Person
	path  uuid.UUID
	named bool // the body has an id, right or wrong
	today equality.Date
}

// Decode reads the entry of the person with this id from a body, and checks it whole. id may
// be [uuid.Nil]: the body must then have one. A member that is null or the empty text is
// absent, and displayName, which is computed, is ignored. The error is an
// [*equality.InvalidError].
func Decode(body []byte, id uuid.UUID, today equality.Date) (Person, error) {
	s := sent{Person: Person{ID: id}, path: id, today: today}
	failures, whole := equality.DecodeObject(body, fields, &s)
	fail := func(pointer, code string) {
		failures.Note(equality.Failure{Pointer: pointer, Code: code, Message: equality.Meaning(code)})
	}
	if whole && id == uuid.Nil && !s.named {
		fail("/id", equality.Required)
	}
	if whole && s.DiesBeforeBirth() {
		fail("/dateOfDeath", equality.DateBeforeBirth)
	}
	if len(failures.Failures) > 0 {
		return Person{}, &failures
	}
	return s.Person, nil
}

// fields are the members of an entry, in the order of encoding.
var fields = func() []equality.Field[sent] {
	fields := []equality.Field[sent]{equality.TextField("id", (*sent).id)}
	for _, m := range members {
		fields = append(fields, equality.TextField(m.Name, m.read))
	}
	return append(fields, equality.IgnoredField[sent]("displayName"))
}()

func (s *sent) id(text string) (code string) {
	s.named = true
	id, err := equality.ParseID(text)
	switch {
	case err != nil:
		return equality.IDForm
	case id == uuid.Nil:
		return equality.IDZero
	case s.path != uuid.Nil && id != s.path:
		return equality.IDMismatch
	}
	s.ID = id
	return ""
}

// ParseName reads a name or title, and trims what cannot be seen at its ends. If it will not
// do, code is the failure's code.
func ParseName(text string) (name, code string) {
	name = strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(invisible, r)
	})
	switch {
	case name == "" && text != "":
		return "", equality.NameBlank
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }):
		return "", equality.TextControl
	case strings.ContainsFunc(name, directs):
		return "", equality.TextDirection
	case utf8.RuneCountInString(name) > MaxName:
		return "", equality.NameLength
	}
	return name, ""
}

// invisible are the characters that show nothing, without those that direct text. The contract
// lists the same, so that its pattern takes what ParseName takes.
var invisible = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x00AD, Hi: 0x00AD, Stride: 1}, {Lo: 0x061C, Hi: 0x061C, Stride: 1}, {Lo: 0x115F, Hi: 0x1160, Stride: 1},
	{Lo: 0x180E, Hi: 0x180E, Stride: 1}, {Lo: 0x200B, Hi: 0x200F, Stride: 1}, {Lo: 0x2060, Hi: 0x2064, Stride: 1},
	{Lo: 0x206A, Hi: 0x206F, Stride: 1}, {Lo: 0x2800, Hi: 0x2800, Stride: 1}, {Lo: 0x3164, Hi: 0x3164, Stride: 1},
	{Lo: 0xFEFF, Hi: 0xFEFF, Stride: 1}, {Lo: 0xFFA0, Hi: 0xFFA0, Stride: 1}, {Lo: 0xFFF9, Hi: 0xFFFB, Stride: 1},
}, LatinOffset: 1}

// directs says whether a character changes the direction of the text behind it, which could
// show another name than is meant. Names in scripts from right to left need no such
// character, nor the joiners and marks that some have.
func directs(r rune) bool { return '\u202A' <= r && r <= '\u202E' || '\u2066' <= r && r <= '\u2069' }
