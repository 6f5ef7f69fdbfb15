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

// A Directory outside the store knows who people are: their names, titles and dates of birth.
// Package personapi has one. The directory in the store can also be changed, and asked for many
// people at once.
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

// answer reads an entry, unless the store could not.
func (d storedDirectory) answer(entry store.Document, err error) (of answer) {
	switch of.err = err; {
	case err != nil:
	case entry.State != store.Present:
		return answer{err: directory.ErrUnknown}
	default:
		of.person, of.err = directory.Read(entry.Content)
	}
	d.tell(of.err)
	return of
}

// tell reports what does not pass by itself.
func (d storedDirectory) tell(err error) {
	passing := []error{store.ErrUnavailable, context.Canceled, context.DeadlineExceeded, nil}
	if !slices.ContainsFunc(passing, func(known error) bool { return errors.Is(err, known) }) {
		d.report("an entry of the directory cannot be read", err)
	}
}

// findRecord finds the record of a lookup, and in Document the entry of the person whom the
// lookup asks for, if the directory is the store's. If they cannot be read together, the record
// comes alone.
func (s *Service) findRecord(ctx context.Context, l Lookup) (store.Opened, error) {
	if !l.Person || s.stored == nil {
		return s.records.Find(ctx, l.ID)
	}
	patient, cancel := context.WithTimeout(ctx, directoryPatience)
	defer cancel()
	o, unread := s.records.FindWithEntry(patient, l.ID)
	if unread == nil {
		return o, nil
	}
	o, err := s.records.Find(ctx, l.ID)
	o.Unread = unread
	return o, err
}

// personOf returns what the directory says of the person of a record that findRecord found.
func (s *Service) personOf(ctx context.Context, a Access, o store.Opened) answer {
	if s.stored != nil {
		return s.stored.answer(o.Document, o.Unread)
	}
	p, err := s.person(ctx, a, o.Target)
	return answer{p, err}
}

// person looks up a person in a directory outside the store. Errors as those of Directory.
func (s *Service) person(ctx context.Context, a Access, id uuid.UUID) (directory.Person, error) {
	ctx, cancel := context.WithTimeout(ctx, directoryPatience)
	defer cancel()
	return s.Directory.Person(ctx, id, a.request.CorrelationID)
}

// answer is what the directory said of a person.
type answer struct {
	person directory.Person
	err    error // as those of Directory
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
func (s *Service) withPerson(a Access, shown Shown, of answer) Shown {
	const most = 512 // bytes of what is added, rarely exceeded
	text := append(make([]byte, 0, len(shown.Text)+most), shown.Text[:len(shown.Text)-len("}")]...)
	p, status := of.person, statusOf(of.err)
	if status == personFound {
		text = p.Shown().AppendJSON(append(text, `,"person":`...))
	}
	text = append(append(append(text, `,"personStatus":"`...), status...), '"')
	if status == personFound && s.misses(a, shown, "ageGroup") {
		if group := p.AgeGroup(equality.DateOf(s.Now())); group != "" {
			text = append(append(append(text, `,"suggested":{"ageGroup":"`...), group...), `"}`...)
		}
	}
	shown.Text, shown.Document = append(text, '}'), store.Document{}
	return shown
}
