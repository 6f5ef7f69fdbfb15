package equality

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The codes of failures. They are part of the HTTP contract and never change.
// [FailureCodes] explains them.
const (
	// The body cannot be read to its end. There is then no other failure.
	JSONSyntax    = "json.syntax"
	JSONUTF8      = "json.utf8"
	JSONDepth     = "json.depth"
	JSONDuplicate = "json.duplicate-member"

	JSONUnknown = "json.unknown-member"
	Required    = "required"

	TypeObject  = "type.object"
	TypeArray   = "type.array"
	TypeString  = "type.string"
	TypeBoolean = "type.boolean"
	TypeAnswer  = "type.answer"

	IDForm     = "id.form"
	IDZero     = "id.zero"
	IDMismatch = "id.mismatch"

	CodeUnknown   = "code.unknown"
	CodeRetired   = "code.retired"
	CodeExclusive = "code.exclusive"

	TextLength  = "text.length"
	TextControl = "text.control"
	TextNoCode  = "text.no-code"

	DateForm  = "date.form"
	DateRange = "date.range"

	// Of a person's entry in the directory.
	NameBlank       = "name.blank"
	NameLength      = "name.length"
	TextDirection   = "text.direction"
	DateFuture      = "date.future"
	DateBeforeBirth = "date.before-birth"
	DateOrYear      = "date.or-year"
	NameWords       = "name.words"
	SearchTerm      = "search.no-term"

	// Of a merge.
	ChoiceForm     = "choice.form"
	ChoiceMissing  = "choice.missing"
	ChoiceNeedless = "choice.needless"
	VersionsForm   = "versions.form"

	ListLength    = "list.length"
	ListDuplicate = "list.duplicate"

	// TooLong is a bound of what is kept; TextLength and ListLength are older.
	TooLong = "too-long"

	NINOForm            = "nino.form"
	HoursNoCare         = "hours.no-care"
	LanguagesOnePrimary = "languages.one-primary"
)

// A FailureCode is a stable code and what it means.
type FailureCode struct {
	Code, Meaning string
}

// failureCodes are the codes in the order of the documentation. The meaning is
// the message of a failure that has no details.
var failureCodes = []FailureCode{
	{JSONSyntax, "is not JSON"},
	{JSONUTF8, "is not valid UTF-8"},
	{JSONDepth, fmt.Sprintf("has objects or arrays nested more than %d levels deep", maxDepth)},
	{JSONDuplicate, "appears more than once in the same object"},
	{JSONUnknown, "is not a member of this object; names must match exactly"},
	{Required, "is required"},
	{TypeObject, "must be an object"},
	{TypeArray, "must be an array"},
	{TypeString, "must be a string"},
	{TypeBoolean, "must be true or false"},
	{TypeAnswer, `must be true, false or "preferNotToSay"`},
	{IDForm, "must be a 36-character UUID"},
	{IDZero, "must not be the zero UUID"},
	{IDMismatch, "must match the id in the path or in the stored record"},
	{CodeUnknown, "is not a code in the reference list"},
	{CodeRetired, "is a retired code, which only a record that already has it may keep"},
	{CodeExclusive, "is a code that cannot be combined with others"},
	{TextLength, fmt.Sprintf("must be %d characters or less", maxText)},
	{TextControl, "must not contain control characters"},
	{TextDirection, "must not contain characters that change the direction of text"},
	{TextNoCode, "is only allowed with a code that takes text"},
	{DateForm, "must be a real date in the form YYYY-MM-DD"},
	{DateRange, "must be between 1900-01-01 and one year from today"},
	{DateFuture, "must not be in the future"},
	{DateBeforeBirth, "must not be before the date of birth"},
	{DateOrYear, "must be a real date in the form YYYY-MM-DD, or a year in the form YYYY"},
	{NameBlank, "must have a character that can be seen; for no name, leave it out or send null"},
	{NameLength, "must be 100 characters or less"},
	{NameWords, "must have at least 1 word and at most 10"},
	{SearchTerm, "must have at least one of name, dateOfBirth, id and nationalInsuranceNumber"},
	{ChoiceForm, "must be from or into"},
	{ChoiceMissing, "is required, because both people have this member and it differs: from or into"},
	{ChoiceNeedless, "must be left out, because there is nothing to choose"},
	{VersionsForm, "must be what a dry run for this person gave"},
	{ListLength, "has too many elements"},
	{ListDuplicate, "is already in the list"},
	{TooLong, "is too long"},
	{NINOForm, "must be two letters, six digits, and a letter from A to D or none"},
	{HoursNoCare, "is only allowed when provideUnpaidCare is true"},
	{LanguagesOnePrimary, "must have exactly one language with isPrimary true"},
}

// Meaning returns the meaning of a code, "" for a code of another package.
func Meaning(code string) string { return meanings[code] }

// meanings has the meaning of each code.
var meanings = func() map[string]string {
	byCode := make(map[string]string, len(failureCodes))
	for _, c := range failureCodes {
		byCode[c.Code] = c.Meaning
	}
	return byCode
}()

// FailureCodes returns every code that a [Failure] can have.
func FailureCodes() []FailureCode { return slices.Clone(failureCodes) }

// A Failure is one error in a request. Neither the pointer, nor the code, nor the
// message holds a submitted value.
type Failure struct {
	Pointer string // JSON pointer (RFC 6901) into the body, "" for all of it
	Code    string
	Message string // a sentence without its subject, which is the member pointed to
}

// A Finding is a value that breaks a rule in a record that is imported all the
// same: with the value, if it is Kept, otherwise without it. It does not hold
// the value.
type Finding struct {
	Pointer, Code string
	Kept          bool
}

// maxFailures is how many failures are described; the rest are only counted.
const maxFailures = 100

// InvalidError is everything wrong with a request, in the order found.
type InvalidError struct {
	Failures []Failure // at most 100
	Omitted  int       // how many more there are
}

// Error only says how many failures there are.
func (e *InvalidError) Error() string {
	return "equality: not valid, failures: " + strconv.Itoa(e.count())
}

func (e *InvalidError) count() int { return len(e.Failures) + e.Omitted }

// Note adds a failure. After 100 it only counts.
func (e *InvalidError) Note(f Failure) {
	if len(e.Failures) == maxFailures {
		e.Omitted++
		return
	}
	e.Failures = append(e.Failures, f)
}

// add notes a failure. The details follow the code's meaning in the message.
func (e *InvalidError) add(pointer, code string, details ...string) {
	e.Note(Failure{Pointer: pointer, Code: code, Message: strings.Join(append([]string{meanings[code]}, details...), "; ")})
}

// err returns e as an error, nil if there are no failures.
func (e *InvalidError) err() error {
	if len(e.Failures) == 0 {
		return nil
	}
	return e
}
