package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// A Directory knows who people are: their names, titles and dates of birth. The use cases have
// one of their own, in the store, which can also be changed and asked for many people at once;
// package personapi has another.
type Directory interface {
	// Person returns the person with this id. Errors: directory.ErrUnknown; with any other
	// error the directory does not say.
	Person(ctx context.Context, id, correlationID uuid.UUID) (directory.Person, error)
}

// directoryPatience is how long a record waits for its person.
const directoryPatience = 2 * time.Second

// storedDirectory is the directory in the store.
type storedDirectory struct {
	records Records
	// report tells of an entry that cannot be read: the record comes without it.
	report func(what string, err error)
}

func (d storedDirectory) Person(ctx context.Context, id, _ uuid.UUID) (directory.Person, error) {
	o, err := d.records.FindDocument(ctx, store.PersonEntry(id))
	if err == nil {
		return d.opened(o.Document)
	}
	d.tell(err)
	return directory.Person{}, err
}

// opened reads an entry. Errors as those of Person.
func (d storedDirectory) opened(entry store.Document) (directory.Person, error) {
	if entry.State != store.Present {
		return directory.Person{}, directory.ErrUnknown
	}
	p, err := directory.Read(entry.Content)
	d.tell(err)
	return p, err
}

// tell reports what does not pass by itself.
func (d storedDirectory) tell(err error) {
	passing := []error{store.ErrUnavailable, context.Canceled, context.DeadlineExceeded, nil}
	if !slices.ContainsFunc(passing, func(known error) bool { return errors.Is(err, known) }) {
		d.report("an entry of the directory cannot be read", err)
	}
}

// person looks up whose record is to be shown. Errors as those of Directory.
func (s *Service) person(ctx context.Context, a Access, id uuid.UUID) (directory.Person, error) {
	ctx, cancel := context.WithTimeout(ctx, directoryPatience)
	defer cancel()
	return s.directory.Person(ctx, id, a.request.CorrelationID)
}

// answer is what the directory said of a person.
type answer struct {
	person directory.Person
	err    error // as those of Directory
}

// people looks up many people at once.
func (d storedDirectory) people(ctx context.Context, ids []uuid.UUID) map[uuid.UUID]answer {
	answers := make(map[uuid.UUID]answer, len(ids))
	err := d.records.Entries(ctx, ids, func(entry store.Document, err error) {
		var a answer
		if a.err = err; err == nil {
			a.person, a.err = d.opened(entry)
		} else {
			d.tell(err)
		}
		answers[entry.Owner] = a
	})
	d.tell(err)
	if err == nil {
		err = directory.ErrUnknown
	}
	for _, id := range ids {
		if _, answered := answers[id]; !answered {
			answers[id] = answer{err: err}
		}
	}
	return answers
}

// withPeople adds to the records of a page what the directory says of their people, and
// reports whether it knows any.
func (s *Service) withPeople(ctx context.Context, a Access, page []ListItem) (known bool) {
	ctx, cancel := context.WithTimeout(ctx, directoryPatience)
	defer cancel()
	ids := make([]uuid.UUID, len(page))
	for i := range page {
		ids[i] = page[i].Target
	}
	answers := s.stored.people(ctx, ids)
	for i := range page {
		of := answers[page[i].Target]
		known = known || of.err == nil
		page[i].Shown = s.withPerson(a, page[i].Shown, of.person, of.err)
	}
	return known
}

// personStatus says what the directory said of a person.
type personStatus string

const (
	personFound       personStatus = "found"
	personUnknown     personStatus = "unknown"
	personUnavailable personStatus = "unavailable"
)

// includesPerson is how the log says that a request was shown the person too.
const includesPerson = "include=person"

func statusOf(err error) personStatus {
	switch {
	case err == nil:
		return personFound
	case errors.Is(err, directory.ErrUnknown):
		return personUnknown
	}
	return personUnavailable
}

// withPerson adds to a shown record what the directory said of its person. The age group is
// suggested if it is missing from the record and the caller may see that.
func (s *Service) withPerson(a Access, shown Shown, p directory.Person, err error) Shown {
	const most = 512 // bytes of what is added, rarely exceeded
	text := append(make([]byte, 0, len(shown.Text)+most), shown.Text[:len(shown.Text)-len("}")]...)
	status := statusOf(err)
	if status == personFound {
		text = p.Shown().AppendJSON(append(text, `,"person":`...))
	}
	text = append(append(append(text, `,"personStatus":"`...), status...), '"')
	if status == personFound && s.misses(a, shown, "ageGroup") {
		if group := p.AgeGroup(equality.DateOf(s.Now())); group != "" {
			text = append(append(append(text, `,"suggested":{"ageGroup":"`...), group...), `"}`...)
		}
	}
	shown.Text = append(text, '}')
	return shown
}
