package service

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// The reasons of versions that are made when two people become one, and two again. Requests
// cannot use them.
const (
	ReasonMerge   = "merge"
	ReasonUnmerge = "unmerge"
)

// UnmergeWithin is how long a merge can be undone.
const UnmergeWithin = 30 * 24 * time.Hour

// A MergeConflictError refuses to merge people, or to undo that. It says why, in a
// sentence.
type MergeConflictError string

func (e MergeConflictError) Error() string { return string(e) }

// What is in the way of a merge.
const (
	samePerson   MergeConflictError = "Both ids are the same person's. Nothing was changed."
	fromAway     MergeConflictError = "The person has been merged into another already. Nothing was changed."
	intoAway     MergeConflictError = "The person in into has been merged into another. Nothing was changed."
	eitherErased MergeConflictError = "One of the two was erased. Nothing was changed."
	takenID      MergeConflictError = "The id of one of the two is also that of another person's record. Nothing was changed."
	tooMany      MergeConflictError = "Too many people have been merged into one of the two. Nothing was changed."
)

// ErrPeopleMoved refuses a merge because one of the two has changed since the dry run.
var ErrPeopleMoved = errors.New("one of the two people has changed since the dry run")

// Merged is what became of a merge; after a dry run, only what differs and the versions.
type Merged struct {
	DryRun      bool
	Differences []Difference
	// FromVersion and IntoVersion are tokens of what the two were like.
	FromVersion, IntoVersion string
	Into                     uuid.UUID
	UnmergeUntil             time.Time
}

// Difference is a member that both people have and that differs, with its values as JSON;
// without them if the caller may not see them.
type Difference struct {
	Member     string
	From, Into jsontext.Value
}

// MergePeople merges a person into another, as a body says; or shows what differs.
//
// Errors: *equality.InvalidError, MergeConflictError, ErrPeopleMoved, ErrNotFound,
// ErrLastVersion, ErrUnavailable.
func (s *Service) MergePeople(ctx context.Context, a Access, from uuid.UUID, body []byte) (Merged, error) {
	if err := a.permits(Merge); err != nil {
		return Merged{}, err
	}
	m, asked, err := decodeMerging(s.Keys, body, from)
	if err != nil {
		return Merged{}, err
	}
	if m.dryRun {
		return s.tryMerge(ctx, a, m, asked)
	}
	spare, at := uuid.New(), s.Now().UTC().Truncate(time.Microsecond)
	cmd := store.Command{People: []uuid.UUID{m.from, m.into}, EventID: newEventID()}
	_, err = s.records.Write(ctx, cmd, func(o store.Opened) (store.Decision, error) {
		p, err := newPair(o.People)
		if err != nil {
			return store.Decision{}, err
		}
		switch status, err := p.check(m, asked, s.stored != nil); {
		case errors.Is(err, ErrNotFound):
			return s.absent(a, m.from, p.from.Record), err
		case err != nil:
			return s.refusal(a, m.from, p.from.Record, status, ""), err
		}
		return s.merge(a, m, p, spare, at)
	})
	if err != nil {
		return Merged{}, foreign(err)
	}
	return Merged{Into: m.into, UnmergeUntil: at.Add(UnmergeWithin)}, nil
}

// pair is two people, one to be merged into the other, with their entries.
type pair struct {
	from, into           store.Person
	fromEntry, intoEntry directory.Person
}

func newPair(people []store.Person) (p pair, err error) {
	p.from, p.into = people[0], people[1]
	if p.fromEntry, err = entryIn(p.from.Entry, p.from.ID); err == nil {
		p.intoEntry, err = entryIn(p.into.Entry, p.into.ID)
	}
	return p, err
}

// entryIn is the entry that a document holds; without one, an entry that says nothing.
func entryIn(d store.Document, person uuid.UUID) (directory.Person, error) {
	if d.State != store.Present {
		return directory.Person{ID: person}, nil
	}
	return directory.Read(d.Content)
}

// check returns what is in the way of a merge, and the status of the refusal.
func (p pair) check(m merging, asked peopleVersions, ownDirectory bool) (status int, err error) {
	if err := p.mergeable(ownDirectory); err != nil {
		if errors.Is(err, ErrNotFound) {
			return 404, err
		}
		return 409, err
	}
	if m.versions != nil && asked != (peopleVersions{versionsOf(p.from), versionsOf(p.into)}) {
		return 412, ErrPeopleMoved
	}
	if m.dryRun && m.choices == nil {
		return 0, nil
	}
	if err := p.chosen(m.choices); err != nil {
		return 400, err
	}
	return 0, nil
}

// mergeable says what is in the way of a merge, whatever was chosen. With a directory of our own
// the survivor must be known: a mistyped id would take everything to a person who is nobody.
// Elsewhere a person can be known of whom nothing is stored here.
func (p pair) mergeable(ownDirectory bool) error {
	from, into := p.from, p.into
	switch {
	case from.ID == into.ID:
		return samePerson
	case !into.Known() && !into.Erased() && !from.Erased() && (ownDirectory || !from.Known()):
		return ErrNotFound
	case from.Erased() || into.Erased():
		return eitherErased
	case from.Link.Into != uuid.Nil:
		return fromAway
	case into.Link.Into != uuid.Nil:
		return intoAway
	case from.Taken || into.Taken:
		return takenID
	case from.Link.People()+into.Link.People() >= store.MaxMerged:
		return tooMany
	}
	return nil
}

// differing returns the names of the members that somebody has to choose between.
func (p pair) differing() []string {
	return append(equality.Differing(p.from.Record.Record, p.into.Record.Record), directory.Differing(p.fromEntry, p.intoEntry)...)
}

// chosen checks that there is a choice for every member that differs, and no other; and that
// what was chosen goes together.
func (p pair) chosen(choices *choicesSent) error {
	if choices == nil {
		choices = new(choicesSent)
	}
	var failures equality.InvalidError
	fail := func(member, code string) {
		failures.Note(equality.Failure{Pointer: "/choices/" + member, Code: code, Message: equality.Meaning(code)})
	}
	differs := make(map[string]bool)
	for _, member := range p.differing() {
		differs[member] = true
		if choices.of[member] == unchosen {
			fail(member, equality.ChoiceMissing)
		}
	}
	for _, member := range mergeMembers {
		if choices.of[member] != unchosen && !differs[member] {
			fail(member, equality.ChoiceNeedless)
		}
	}
	if len(failures.Failures) == 0 && p.entry(choices).DiesBeforeBirth() {
		fail("dateOfDeath", equality.DateBeforeBirth)
	}
	if len(failures.Failures) > 0 {
		return &failures
	}
	return equality.CheckBounds(p.into.Record.Record, p.record(choices))
}

// record is the merged record, with the ids of the survivor's.
func (p pair) record(choices *choicesSent) equality.Record {
	return p.into.Record.Record.Merge(p.from.Record.Record, choices.takes)
}

// entry is the merged entry.
func (p pair) entry(choices *choicesSent) directory.Person {
	return p.intoEntry.Merge(p.fromEntry, choices.takes)
}

func (c *choicesSent) takes(member string) bool { return c != nil && c.of[member] == ofFrom }

// merge decides on the effects of a merge that nothing is in the way of.
func (s *Service) merge(a Access, m merging, p pair, spare uuid.UUID, at time.Time) (d store.Decision, err error) {
	d.Entry = s.entry(a, m.from, audit.Done, 200)
	link := store.Merge{Target: m.from, At: at, By: a.request.Caller.Subject, People: 1 + p.from.Link.People()}
	if p.from.Record.State == store.Present {
		put := s.mergedRecord(a, p, m.choices, spare)
		if link.Record, err = brought(p.into.Record.State, p.into.Record.Version, put); err != nil {
			return s.refusal(a, m.from, p.from.Record, 409, ""), err
		}
		d.Effects = append(d.Effects, put)
		d.Entry.Members = equality.MaskSensitive(put.Provenance.Members)
	}
	if p.from.Entry.State == store.Present {
		put := store.PutDocument{Found: p.into.Entry, Event: events.PersonUpdated, Least: p.from.Entry.Version + 1}
		put.Content = p.entry(m.choices).Encode()
		if p.into.Entry.State != store.Present {
			put.Event = events.PersonCreated
		}
		if link.Entry, err = brought(p.into.Entry.State, p.into.Entry.Version, put); err != nil {
			return s.refusal(a, m.from, p.from.Record, 409, ""), err
		}
		d.Effects = append(d.Effects, put)
	}
	d.Effects = append(d.Effects,
		store.PutLink{Person: p.from, Link: p.from.Link.Away(m.into), Event: events.Merged},
		store.PutLink{Person: p.into, Link: p.into.Link.With(link)})
	return d, nil
}

// mergedRecord is the survivor's record with what the other's brings.
func (s *Service) mergedRecord(a Access, p pair, choices *choicesSent, spare uuid.UUID) store.PutRecord {
	was := p.into.Record.Record
	next, event := p.record(choices), events.Updated
	if p.into.Record.State != store.Present {
		event = events.Created
		next.ID, next.TargetID = p.into.ID, p.into.ID
		if reusable(p.into.Record.Tombstones, next, false) != free {
			next.ID = spare
		}
	}
	put := s.put(a, p.into.Record, next, equality.Diff(was, next), ReasonMerge, event)
	put.Least = p.from.Record.Version + 1
	return put
}

// brought are the versions of a merge: of what was there, and of what it makes.
func brought(state store.State, version int64, put interface{ Version() (int64, error) }) (*store.Brought, error) {
	if state != store.Present {
		version = store.None
	}
	next, err := put.Version()
	return &store.Brought{Before: version, Version: next}, err
}

// tryMerge shows what a merge would have to choose between. An entry for each of the two is
// durable before anybody sees it.
func (s *Service) tryMerge(ctx context.Context, a Access, m merging, asked peopleVersions) (Merged, error) {
	people, err := s.records.FindPeople(ctx, []uuid.UUID{m.from, m.into})
	if err != nil {
		return Merged{}, foreign(err)
	}
	p, err := newPair(people)
	if err != nil {
		return Merged{}, err
	}
	status, refused := p.check(m, asked, s.stored != nil)
	how := done
	switch {
	case errors.Is(refused, ErrNotFound):
		how = gone(store.Absent)
	case refused != nil:
		how = ending{Outcome: audit.Refused, status: status}
	}
	for _, person := range people {
		if err := s.log.Append(ctx, s.entryOfTried(a, person, how)); err != nil {
			return Merged{}, foreign(err)
		}
	}
	if refused != nil {
		return Merged{}, refused
	}
	return s.differences(a, p)
}

// entryOfTried is the entry of a dry run about one of the two: about the record, and the entry in
// the directory if that was shown too; or about the entry alone.
func (s *Service) entryOfTried(a Access, p store.Person, e ending) audit.Entry {
	if p.Record.State == store.Absent {
		return s.entryOfPerson(a, p.ID, p.Entry, e)
	}
	if e == done && p.Entry.State == store.Present && a.may(identity.PersonRead) {
		e.scope = includesPerson
	}
	return s.entryOf(a, p.ID, p.Record, e)
}

// differences are the members that differ, with the values that the caller may see.
func (s *Service) differences(a Access, p pair) (Merged, error) {
	from, err := s.seen(a, p.from)
	if err != nil {
		return Merged{}, err
	}
	into, err := s.seen(a, p.into)
	if err != nil {
		return Merged{}, err
	}
	merged := Merged{DryRun: true, FromVersion: versionsOf(p.from).seal(s.Keys, p.from.ID), IntoVersion: versionsOf(p.into).seal(s.Keys, p.into.ID)}
	for _, member := range p.differing() {
		d := Difference{Member: member}
		if from[member] != nil && into[member] != nil {
			d.From, d.Into = from[member], into[member]
		}
		merged.Differences = append(merged.Differences, d)
	}
	return merged, nil
}

// seen are the members of a person's record and entry that the caller may see.
func (s *Service) seen(a Access, p store.Person) (members map[string]jsontext.Value, err error) {
	if p.Record.State == store.Present {
		shown, err := s.show(a, p.Record, false)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(shown.Text, &members); err != nil {
			return nil, err
		}
	}
	if p.Entry.State == store.Present && a.may(identity.PersonRead) {
		var entry map[string]jsontext.Value
		if err := json.Unmarshal(p.Entry.Content, &entry); err != nil {
			return nil, err
		}
		for name, value := range entry {
			if members == nil {
				members = make(map[string]jsontext.Value)
			}
			members[name] = value
		}
	}
	return members, nil
}
