package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/queries"
)

// None is the version of what there is not.
const None = -1

// Link is whom a person was merged into, and who was merged into the person. Without a
// document, nobody ever was.
type Link struct {
	// Into is the survivor; zero if the person is not merged into anybody.
	Into uuid.UUID `json:"into,omitzero"`
	// OutOf is the survivor of the person's last merge that was undone.
	OutOf uuid.UUID `json:"outOf,omitzero"`
	From  []Merge   `json:"from,omitempty"`

	document Document
}

// Merge is a person who was merged into another, as the other's link has it.
type Merge struct {
	Target uuid.UUID `json:"target"`
	At     time.Time `json:"at"`
	By     string    `json:"by"` // the subject of the caller
	// People is how many people that are, with those merged into the person before.
	People int `json:"people"`
	// Record and Entry are what the merge made of the survivor's; nil if it left it alone.
	Record *Brought `json:"record,omitempty"`
	Entry  *Brought `json:"entry,omitempty"`
}

// Brought is the version of a survivor's record or entry that a merge made, and the one before:
// None if there was none.
type Brought struct {
	Before  int64 `json:"before"`
	Version int64 `json:"version"`
}

// People is how many people have been merged into the person, directly or not.
func (l Link) People() (n int) {
	for _, m := range l.From {
		n += m.People
	}
	return n
}

// Of returns the merge of a person into the link's.
func (l Link) Of(person uuid.UUID) (Merge, bool) {
	i := slices.IndexFunc(l.From, func(m Merge) bool { return m.Target == person })
	if i < 0 {
		return Merge{}, false
	}
	return l.From[i], true
}

// With is the link with another person merged in.
func (l Link) With(m Merge) Link {
	l.From = append(slices.Clone(l.From), m)
	return l
}

// Without is the link without a person who was merged in.
func (l Link) Without(person uuid.UUID) Link {
	l.From = slices.DeleteFunc(slices.Clone(l.From), func(m Merge) bool { return m.Target == person })
	return l
}

// Away is the link of a person who is merged into another.
func (l Link) Away(into uuid.UUID) Link {
	l.Into, l.OutOf = into, uuid.Nil
	return l
}

// Back is the link of a person who is merged into nobody any more.
func (l Link) Back() Link {
	l.Into, l.OutOf = uuid.Nil, l.Into
	return l
}

// findLink finds a person's link.
func findLink(ctx context.Context, f Finder, keys *sealing.Keyset, person uuid.UUID) (l Link, err error) {
	if l.document, err = openDocument(ctx, f, keys, linkOf(person), nil); err != nil || l.document.State != Present {
		return l, err
	}
	return l, l.decode()
}

func (l *Link) decode() error {
	if err := json.Unmarshal(l.document.Content, l); err != nil {
		return errUnknownForm
	}
	return nil
}

var (
	// errNoLink means that a row says that its person was merged into another, and no link does.
	errNoLink = fmt.Errorf("%w: a person is merged into another whom no link names", ErrUnavailable)
	errCircle = fmt.Errorf("%w: the links of people who were merged lead nowhere", ErrUnavailable)
)

// lookUp opens the record that an id leads to, or the survivor's if the person has been merged
// into another: then at is the survivor, otherwise the id. The record is Absent if there is none.
func lookUp(ctx context.Context, f Finder, keys *sealing.Keyset, id uuid.UUID) (o Opened, at uuid.UUID, err error) {
	at = id
	for try := 0; ; try++ {
		found, err := openRow(ctx, f, keys, at)
		if err != nil {
			return Opened{}, at, err
		}
		if !found.Merged {
			if at != id {
				found.Survivor = at
			}
			return found, at, nil
		}
		next, err := survivor(ctx, f, keys, found.Target)
		switch {
		case err == nil:
			at = next
		case !errors.Is(err, errNoLink) || try == linkTries:
			return Opened{}, at, err
		}
	}
}

// linkTries is how often a merge may be undone, or the survivor erased, between reading a
// row and reading its link.
const linkTries = 3

// survivor follows the links of a person who was merged into another, to whom the person is
// now. Errors: errNoLink, errCircle.
func survivor(ctx context.Context, f Finder, keys *sealing.Keyset, person uuid.UUID) (uuid.UUID, error) {
	for n := range MaxMerged + 1 {
		l, err := findLink(ctx, f, keys, person)
		switch {
		case err != nil:
			return uuid.Nil, err
		case l.Into != uuid.Nil:
			person = l.Into
		case n == 0:
			return uuid.Nil, errNoLink
		default:
			return person, nil
		}
	}
	return uuid.Nil, errCircle
}

// findNames finds which names of a write, other than the record's ids, lead to the record that
// was found.
func findNames(ctx context.Context, f Finder, keys *sealing.Keyset, o *Opened, names []uuid.UUID) error {
	for _, name := range names {
		if o.State != Present || name == uuid.Nil || name == o.ID || name == o.Target {
			continue
		}
		other, _, err := lookUp(ctx, f, keys, name)
		if err != nil {
			return err
		}
		if other.State == Present && other.ID == o.ID {
			o.Names = append(o.Names, name)
		}
	}
	return nil
}

// PutLink writes a person's link. If the person is merged into another by it, the record and
// the entry become hidden behind the link, and the person's id stays taken without a record.
// If the person is there again by it, the write also puts the next version of both. A record that
// the write puts comes before the link.
type PutLink struct {
	Person Person
	Link   Link
	Event  string // the type of the event that it raises; empty raises none
}

func (e PutLink) plan(p *Plan, keys *sealing.Keyset) error {
	content, err := json.Marshal(e.Link)
	if err != nil {
		return err
	}
	was := e.Person.Link
	if err := (PutDocument{Found: was.document, Content: content, Event: e.Event, hides: e.Link.Into != uuid.Nil}).plan(p, keys); err != nil {
		return err
	}
	if e.Event != "" {
		p.told[len(p.told)-1].about = p.ofMerge(e)
	}
	switch {
	case was.Into == uuid.Nil && e.Link.Into != uuid.Nil:
		p.hide(e.Person)
	case was.Into != uuid.Nil && e.Link.Into == uuid.Nil && e.Person.Record.State != Present:
		p.add(queries.EraseIDs, e.Person.ID[:], e.Person.ID[:], int64(0))
	case was.Into == uuid.Nil:
		p.keep(e.Person.Record)
	}
	return nil
}

// keep has the write refused if a record that it does not write has changed or was erased: the
// tombstone of a record does not stop its person from getting documents.
func (p *Plan) keep(r Opened) {
	if r.State == Present && !slices.ContainsFunc(p.Puts, func(put Put) bool { return put.Number == r.number }) {
		p.add(queries.RecordExpect, r.number, r.Version, Bit(false))
	}
}

// ofMerge is the event of a person's link: about the record, at the version that the write
// leaves it with.
func (p *Plan) ofMerge(e PutLink) *events.Event {
	event := &events.Event{Type: e.Event, Target: e.Person.ID, Into: cmp.Or(e.Link.Into, e.Link.OutOf)}
	if record := e.Person.Record; record.State == Present {
		event.Record, event.Version = record.ID, record.Version
		for _, put := range p.Puts {
			if put.ID == record.ID {
				event.Version = put.Version
			}
		}
	}
	return event
}

// hide hides what is stored of a person behind the link: all of it as it was found, nothing
// more.
func (p *Plan) hide(person Person) {
	if r := person.Record; r.State == Present {
		p.add(queries.RecordHide, r.number, r.Version)
		p.add(queries.RecordExpect, r.number, r.Version, Bit(true))
		p.Changes = append(p.Changes, r.documentID())
	} else {
		p.add(queries.IdentifierHide, person.ID[:])
	}
	version := int64(None)
	if e := person.Entry; e.State == Present {
		version = e.Version
		p.add(queries.DocumentHide, append(e.Columns(), version)...)
		p.Changes = append(p.Changes, e.DocumentID)
	}
	p.expect(PersonEntry(person.ID), version)
}
