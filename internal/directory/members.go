package directory

import "equality-information-api/internal/equality"

// member is a member of an entry other than its ids: a part of it when two entries become
// one, and how it is read from a body.
type member struct {
	equality.Part[Person]
	read func(s *sent, text string) (code string)
}

// members are those of an entry, in the order of encoding.
var members = []member{
	name("title", func(p *Person) *string { return &p.Title }),
	name("preferredTitle", func(p *Person) *string { return &p.PreferredTitle }),
	name("firstName", func(p *Person) *string { return &p.FirstName }),
	name("middleName", func(p *Person) *string { return &p.MiddleName }),
	name("surname", func(p *Person) *string { return &p.Surname }),
	name("preferredFirstName", func(p *Person) *string { return &p.PreferredFirstName }),
	name("preferredMiddleName", func(p *Person) *string { return &p.PreferredMiddleName }),
	name("preferredSurname", func(p *Person) *string { return &p.PreferredSurname }),
	date("dateOfBirth", func(p *Person) *equality.Date { return &p.DateOfBirth }),
	date("dateOfDeath", func(p *Person) *equality.Date { return &p.DateOfDeath }),
}

func name(name string, of func(*Person) *string) member {
	return member{equality.NewPart(name, of), func(s *sent, text string) (code string) {
		*of(&s.Person), code = ParseName(text)
		return code
	}}
}

func date(name string, of func(*Person) *equality.Date) member {
	return member{equality.NewPart(name, of), func(s *sent, text string) (code string) {
		day, err := equality.ParseDate(text)
		switch {
		case err != nil:
			return equality.DateForm
		case day.Compare(s.today) > 0:
			return equality.DateFuture
		}
		*of(&s.Person) = day
		return ""
	}}
}
