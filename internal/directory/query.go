package directory

import (
	"strconv"
	"unicode/utf8"

	"equality-information-api/internal/equality"

	"github.com/google/uuid"
)

// Query says whom to search for. People match who fit all of it; what is zero does not count.
type Query struct {
	Name        string
	DateOfBirth equality.Date
	Year        int // of birth
	ID          uuid.UUID
	// NationalInsuranceNumber is looked up elsewhere: an index has none. Whom that finds is Only.
	NationalInsuranceNumber string
	// Only are the only people who may match, if it is not nil.
	Only []uuid.UUID
}

// DecodeQuery reads a query from a body, as strictly as [Decode] reads an entry. It needs at
// least one term. The error is an [*equality.InvalidError].
func DecodeQuery(body []byte) (Query, error) {
	var q Query
	failures, whole := equality.DecodeObject(body, queryFields, &q)
	if len(failures.Failures) > 0 {
		return Query{}, &failures
	}
	if whole && q.isEmpty() {
		failures.Note(equality.Failure{Code: equality.SearchTerm, Message: equality.Meaning(equality.SearchTerm)})
		return Query{}, &failures
	}
	return q, nil
}

func (q Query) isEmpty() bool { return q.NationalInsuranceNumber == "" && q.OnlyNINO() }

// OnlyNINO reports whether a query asks for nothing but a National Insurance number.
func (q Query) OnlyNINO() bool {
	return q.Name == "" && q.DateOfBirth.IsZero() && q.Year == 0 && q.ID == uuid.Nil
}

var queryFields = []equality.Field[Query]{
	equality.TextField("name", func(q *Query, text string) (code string) {
		switch q.Name, code = ParseName(text); code {
		case equality.NameBlank:
			return equality.NameWords
		case "":
			if n := len(queryWords(q.Name)); n == 0 || n > MaxWords {
				return equality.NameWords
			}
		}
		return code
	}),
	equality.TextField("dateOfBirth", func(q *Query, text string) (code string) {
		if year, err := strconv.ParseUint(text, 10, 16); err == nil && len(text) == len("1980") && year > 0 {
			q.Year = int(year)
			return ""
		}
		var err error
		if q.DateOfBirth, err = equality.ParseDate(text); err != nil {
			return equality.DateOrYear
		}
		return ""
	}),
	equality.TextField("id", func(q *Query, text string) (code string) {
		var err error
		switch q.ID, err = equality.ParseID(text); {
		case err != nil:
			return equality.IDForm
		case q.ID == uuid.Nil:
			return equality.IDZero
		}
		return ""
	}),
	equality.TextField("nationalInsuranceNumber", func(q *Query, text string) (code string) {
		if utf8.RuneCountInString(text) > equality.MaxNINOAsSent {
			return equality.TooLong
		}
		var ok bool
		if q.NationalInsuranceNumber, ok = equality.ParseNINO(text); !ok {
			return equality.NINOForm
		}
		return ""
	}),
}
