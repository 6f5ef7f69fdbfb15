// Package bulk owns the import and export of many records, or of the directory's entries of
// persons, as files: their lines and rows, the CSV header, the mapping of another system's
// columns and codes, the file of rejects, and the run of an import from file to store.
//
// It does not own what a valid record is (internal/equality) or a valid entry
// (internal/directory), what an import may do and what the access log says about it
// (internal/service), or flags, progress bars and the location of files (cmd).
package bulk

import (
	"errors"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// The rules for rejects, in addition to those of internal/equality. They never
// change; Meanings explains them.
const (
	LineLength   = "import.line-length"
	VersionForm  = "import.version"
	Differs      = "import.differs"
	IDTaken      = "import.id-taken"
	IDErased     = "import.id-erased"
	AmbiguousMap = "import.ambiguous"
	AnswerCoding = "import.answer-coding"
	DateOrder    = "import.date-order"
	DateMonth    = "import.date-month"
	DateNumber   = "import.date-number"
	DateCentury  = "import.date-century"
	MorePages    = "import.more-pages"
	RowQuotes    = "csv.quotes"
	RowCells     = "csv.cells"
	RowUTF8      = "csv.utf8"
)

// Meanings lists the rules of this package and what each means.
var Meanings = []equality.FailureCode{
	{Code: LineLength, Meaning: "is too long: the limit is 1 MiB for a line and 64 KiB for a CSV row"},
	{Code: VersionForm, Meaning: "must be a whole number from 0 to 9007199254740991"},
	{Code: Differs, Meaning: "is about a person who already has a record, with another id or different answers, or a different entry"},
	{Code: IDTaken, Meaning: "has an id or target id that another record already uses, or is about a person who was merged into another"},
	{Code: IDErased, Meaning: "is about a person whose record or entry was erased, or has the id of an erased record"},
	{Code: AmbiguousMap, Meaning: "is a value that stands for more than one code or day"},
	{Code: AnswerCoding, Meaning: "is 0 or 2, which systems use for different answers: say in a mapping what they mean"},
	{Code: DateOrder, Meaning: "is a date such as 04/01/2024: say dateFormat: DD/MM/YYYY or MM/DD/YYYY in a mapping"},
	{Code: DateMonth, Meaning: "is a date such as 04-Jan-24: say dateFormat: DD-MMM-YY in a mapping"},
	{Code: DateNumber, Meaning: "is a number, as spreadsheets store dates: say dateFormat: excel in a mapping"},
	{Code: DateCentury, Meaning: "is the date of a birth or death whose year has two digits, which do not say the century"},
	{Code: MorePages, Meaning: "says that the scan did not read the whole table: import its other pages as well (a finding, not a reject)"},
	{Code: RowQuotes, Meaning: "has a quote that is not closed, or a quote in the middle of a cell"},
	{Code: RowCells, Meaning: "has more or fewer cells than the header"},
	{Code: RowUTF8, Meaning: "is not valid UTF-8"},
}

// RowError is a row that cannot be read. It names the rule it breaks.
type RowError struct{ Rule string }

func (e *RowError) Error() string { return "bulk: a row breaks the rule " + e.Rule }

// parseVersion reads a version, which has only digits.
func parseVersion(text string) (version int64, ok bool) {
	if text == "" || len(text) > 16 {
		return 0, false
	}
	for _, digit := range []byte(text) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		version = version*10 + int64(digit-'0')
	}
	return version, version <= store.MaxVersion
}

// failuresOf returns the failures in a Decoder's error; false for any other
// error.
func failuresOf(err error) ([]equality.Failure, bool) {
	var invalid *equality.InvalidError
	if errors.As(err, &invalid) {
		return invalid.Failures, true
	}
	var row *RowError
	if errors.As(err, &row) {
		return []equality.Failure{{Code: row.Rule}}, true
	}
	return nil, false
}
