package bulk

import (
	"github.com/google/uuid"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
)

// Persons is the kind of the directory's entries.
var Persons = newKind(Kind[directory.Person]{
	layout: layout{owner: "id"},
	member: "person",
	person: func(p *directory.Person) uuid.UUID { return p.ID },
	line:   func(p *directory.Person) Exported { return Exported{ID: p.ID, Person: p.Encode()} },
}, []column[directory.Person]{
	{form{name: "id", also: "targetId"}, func(p *directory.Person) string { return p.ID.String() }},
	{form{name: versionColumn, apart: true}, nil},
	{form{name: modifiedColumn, apart: true}, nil},
	nameColumn("title", func(p *directory.Person) string { return p.Title }),
	nameColumn("preferredTitle", func(p *directory.Person) string { return p.PreferredTitle }),
	nameColumn("firstName", func(p *directory.Person) string { return p.FirstName }),
	nameColumn("middleName", func(p *directory.Person) string { return p.MiddleName }),
	nameColumn("surname", func(p *directory.Person) string { return p.Surname }),
	nameColumn("preferredFirstName", func(p *directory.Person) string { return p.PreferredFirstName }),
	nameColumn("preferredMiddleName", func(p *directory.Person) string { return p.PreferredMiddleName }),
	nameColumn("preferredSurname", func(p *directory.Person) string { return p.PreferredSurname }),
	dateColumn("dateOfBirth", func(p *directory.Person) equality.Date { return p.DateOfBirth }),
	dateColumn("dateOfDeath", func(p *directory.Person) equality.Date { return p.DateOfDeath }),
})

func nameColumn(name string, of func(*directory.Person) string) column[directory.Person] {
	return column[directory.Person]{form{name: name}, func(p *directory.Person) string { return guard(of(p)) }}
}

func dateColumn(name string, of func(*directory.Person) equality.Date) column[directory.Person] {
	return column[directory.Person]{form{name: name, date: true, lifetime: true}, func(p *directory.Person) string { return of(p).String() }}
}

// DecodePerson returns what reads and checks entries from elsewhere.
func DecodePerson(today equality.Date) Decode[directory.Person] {
	return func(text []byte, id uuid.UUID) (directory.Person, []equality.Finding, error) {
		person, err := directory.Decode(text, id, today)
		return person, nil, err
	}
}
