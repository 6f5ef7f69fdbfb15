package directory

import (
	"errors"
	"slices"
	"strings"

	"equality-information-api/internal/equality"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Person is an entry of the directory. A member that is empty is not known.
type Person struct {
	ID                  uuid.UUID     `json:"id"` // a record's target id
	Title               string        `json:"title,omitzero"`
	PreferredTitle      string        `json:"preferredTitle,omitzero"`
	FirstName           string        `json:"firstName,omitzero"`
	MiddleName          string        `json:"middleName,omitzero"`
	Surname             string        `json:"surname,omitzero"`
	PreferredFirstName  string        `json:"preferredFirstName,omitzero"`
	PreferredMiddleName string        `json:"preferredMiddleName,omitzero"`
	PreferredSurname    string        `json:"preferredSurname,omitzero"`
	DateOfBirth         equality.Date `json:"dateOfBirth,omitzero"`
	DateOfDeath         equality.Date `json:"dateOfDeath,omitzero"`
}

// Whole is an entry as those see it who may read all of it.
type Whole struct {
	Person
	DisplayName string `json:"displayName,omitzero"`
}

// Whole returns the entry with its computed name.
func (p Person) Whole() Whole { return Whole{p, p.DisplayName()} }

// Shown is as much of an entry as stands beside a record and in the results of a search:
// with preferred forms, and without given names, which can say more than a person wants
// known.
type Shown struct {
	ID          uuid.UUID     `json:"id"`
	Title       string        `json:"title,omitzero"`
	DisplayName string        `json:"displayName,omitzero"`
	Surname     string        `json:"surname,omitzero"`
	DateOfBirth equality.Date `json:"dateOfBirth,omitzero"`
	DateOfDeath equality.Date `json:"dateOfDeath,omitzero"`
}

// AppendJSON appends the JSON of what is shown. It is written by hand for speed: a list has
// many.
func (s Shown) AppendJSON(dst []byte) []byte {
	dst = append(append(append(dst, `{"id":"`...), s.ID.String()...), '"')
	text := func(before, value string) {
		if value != "" {
			dst, _ = jsontext.AppendQuote(append(dst, before...), value)
		}
	}
	text(`,"title":`, s.Title)
	text(`,"displayName":`, s.DisplayName)
	text(`,"surname":`, s.Surname)
	text(`,"dateOfBirth":`, s.DateOfBirth.String())
	text(`,"dateOfDeath":`, s.DateOfDeath.String())
	return append(dst, '}')
}

// Shown returns what of the entry is shown beside a record.
func (p Person) Shown() Shown {
	return Shown{
		ID: p.ID, Title: preferred(p.PreferredTitle, p.Title), DisplayName: p.DisplayName(),
		Surname: preferred(p.PreferredSurname, p.Surname), DateOfBirth: p.DateOfBirth, DateOfDeath: p.DateOfDeath,
	}
}

// DisplayName returns the names by which the person wants to be called, in order. A middle
// name that goes with a first name no longer used is not one of them.
func (p Person) DisplayName() string {
	middle := p.PreferredMiddleName
	if p.PreferredFirstName == "" {
		middle = preferred(middle, p.MiddleName)
	}
	names := []string{preferred(p.PreferredFirstName, p.FirstName), middle, preferred(p.PreferredSurname, p.Surname)}
	return strings.Join(slices.DeleteFunc(names, func(name string) bool { return name == "" }), " ")
}

func preferred(form, other string) string {
	if form != "" {
		return form
	}
	return other
}

// Encode returns the entry as JSON, always the same for the same entry.
func (p Person) Encode() []byte {
	content, err := json.Marshal(p)
	if err != nil { // cannot happen: every member can be encoded
		panic(err)
	}
	return content
}

// Read reads back what [Person.Encode] wrote. It trusts it: names and dates that a later
// rule would refuse are fine. Its error quotes nothing.
func Read(content []byte) (Person, error) {
	var p Person
	if err := json.Unmarshal(content, &p); err != nil {
		return Person{}, errors.New("a stored entry of the directory has an unknown form")
	}
	return p, nil
}

// ErrUnknown means that a directory does not know a person.
var ErrUnknown = errors.New("the directory does not know the person")
