package personapi

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
)

// answer is what of the Person API's answer is read: PersonResponseObject has more members,
// such as tenures. All are text or null there, titles by their name.
type answer struct {
	ID                  *string `json:"id,omitzero"`
	Title               *string `json:"title,omitzero"`
	PreferredTitle      *string `json:"preferredTitle,omitzero"`
	FirstName           *string `json:"firstName,omitzero"`
	MiddleName          *string `json:"middleName,omitzero"`
	Surname             *string `json:"surname,omitzero"`
	PreferredFirstName  *string `json:"preferredFirstName,omitzero"`
	PreferredMiddleName *string `json:"preferredMiddleName,omitzero"`
	PreferredSurname    *string `json:"preferredSurname,omitzero"`
	DateOfBirth         *string `json:"dateOfBirth,omitzero"`
	DateOfDeath         *string `json:"dateOfDeath,omitzero"`
}

// decode reads an answer about the person with this id. What would not be accepted from a
// caller of this program is not believed from the Person API either. Errors quote nothing.
func decode(body []byte, id uuid.UUID, today equality.Date) (directory.Person, error) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil { // also for a repeated member, or bytes that are not UTF-8
		return directory.Person{}, errors.New("the answer is not JSON, or a member has another type")
	}
	for _, name := range []*string{a.Title, a.PreferredTitle, a.FirstName, a.MiddleName, a.Surname, a.PreferredFirstName, a.PreferredMiddleName, a.PreferredSurname} {
		if name == nil {
			continue
		}
		if _, code := directory.ParseName(*name); code == equality.NameBlank {
			*name = "" // other systems keep a blank for no name, and nobody is hidden for that
		}
	}
	for _, date := range []*string{a.DateOfBirth, a.DateOfDeath} {
		if date != nil {
			*date = day(*date)
		}
	}
	entry, err := json.Marshal(a)
	if err != nil {
		return directory.Person{}, errors.New("the answer cannot be read")
	}
	person, err := directory.Decode(entry, uuid.Nil, today)
	var invalid *equality.InvalidError
	switch {
	case errors.As(err, &invalid):
		first := invalid.Failures[0]
		return directory.Person{}, fmt.Errorf("the answer breaks the rule %s at %s", first.Code, first.Pointer)
	case err == nil && person.ID != id:
		return directory.Person{}, errors.New("the answer is about another person")
	}
	return person, err
}

// day returns the day of a date with a time, as it is written: in which zone it was chosen
// cannot be known. The first day that .NET knows stands for none.
func day(text string) string {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if _, err := time.Parse(form, text); err == nil {
			text, _, _ = strings.Cut(text, "T")
		}
	}
	if text == "0001-01-01" {
		return ""
	}
	return text
}
