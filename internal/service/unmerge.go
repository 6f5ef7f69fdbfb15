package service

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// What is in the way of undoing a merge.
const (
	notAway      MergeConflictError = "The person is not merged into another. Nothing was changed."
	tooLate      MergeConflictError = "The merge was more than 30 days ago. Nothing was changed."
	survivorAway MergeConflictError = "The survivor has been merged into another person. Undo that merge first. Nothing was changed."
)

// Unmerged is what became of undoing a merge.
type Unmerged struct {
	From uuid.UUID // the survivor
	// Kept are the members that the merge brought, and that have changed since.
	Kept []string
}

// UnmergePerson undoes the merge of a person into another.
// Errors: MergeConflictError, ErrNotFound, ErrErased, ErrLastVersion, ErrUnavailable.
func (s *Service) UnmergePerson(ctx context.Context, a Access, id uuid.UUID) (Unmerged, error) {
	if err := a.permits(Unmerge); err != nil {
		return Unmerged{}, err
	}
	var done Unmerged
	cmd := store.Command{People: []uuid.UUID{id}, Parting: true, EventID: newEventID()}
	_, err := s.records.Write(ctx, cmd, func(o store.Opened) (d store.Decision, err error) {
		switch err := partable(o.People, s.Now()); {
		case errors.Is(err, ErrNotFound), errors.Is(err, ErrErased):
			return s.absent(a, id, o.People[0].Record), err
		case err != nil:
			return s.refusal(a, id, o.People[0].Record, 409, ""), err
		}
		done.From = o.People[1].ID
		d, done.Kept, err = s.part(a, o.People[0], o.People[1])
		return d, err
	})
	if err != nil {
		return Unmerged{}, foreign(err)
	}
	done.Kept = s.names(a, done.Kept)
	return done, nil
}

// partable returns what is in the way of undoing a person's merge into the survivor, who comes
// second if there is one.
func partable(people []store.Person, now time.Time) error {
	person := people[0]
	switch {
	case person.Erased():
		return ErrErased
	case !person.Known():
		return ErrNotFound
	case len(people) == 1:
		return notAway
	case people[1].Link.Into != uuid.Nil:
		return survivorAway
	case people[1].Past == nil:
		return nil // of the survivor nothing is left
	case now.After(people[1].Past.Merge.At.Add(UnmergeWithin)):
		return tooLate
	}
	return nil
}

// part decides on the effects of taking a person out of the survivor: the person as before, at
// a version after both, so that no tag of either matches; and the survivor without what the
// merge brought and nobody has changed since.
func (s *Service) part(a Access, person, survivor store.Person) (d store.Decision, kept []string, err error) {
	d.Entry = s.entry(a, person.ID, audit.Done, 200)
	if r := person.Record; r.State == store.Present {
		put := s.put(a, r, r.Record, nil, ReasonUnmerge, "")
		put.Least = survivor.Record.Version + 1
		d.Effects = append(d.Effects, put)
	}
	if e := person.Entry; e.State == store.Present {
		d.Effects = append(d.Effects, store.PutDocument{Found: e, Content: e.Content, Event: events.PersonUpdated, Least: survivor.Entry.Version + 1})
	}
	back := store.PutLink{Person: person, Link: person.Link.Back(), Event: events.Unmerged}
	past := survivor.Past
	if past == nil {
		d.Effects = append(d.Effects, back)
		return d, nil, nil
	}
	if r := survivor.Record; past.Merge.Record != nil && r.State == store.Present {
		next, still := r.Record.Unmerge(past.RecordBefore.Record, past.RecordMerged.Record)
		kept = append(kept, still...)
		d.Effects = append(d.Effects, s.put(a, r, next, equality.Diff(r.Record, next), ReasonUnmerge, events.Updated))
	}
	if e := survivor.Entry; past.Merge.Entry != nil && e.State == store.Present {
		next, still, err := partEntry(survivor)
		if err != nil {
			return store.Decision{}, nil, err
		}
		kept = append(kept, still...)
		d.Effects = append(d.Effects, store.PutDocument{Found: e, Content: next.Encode(), Event: events.PersonUpdated})
	}
	d.Effects = append(d.Effects, back, store.PutLink{Person: survivor, Link: survivor.Link.Without(person.ID)})
	return d, kept, nil
}

// partEntry is the survivor's entry without what the merge brought.
func partEntry(survivor store.Person) (next directory.Person, kept []string, err error) {
	var versions [3]directory.Person
	for i, d := range []store.Document{survivor.Entry, survivor.Past.EntryBefore, survivor.Past.EntryMerged} {
		if versions[i], err = entryIn(d, survivor.ID); err != nil {
			return directory.Person{}, nil, err
		}
	}
	next, kept = versions[0].Unmerge(versions[1], versions[2])
	return next, kept, nil
}
