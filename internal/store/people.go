package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// MaxMerged is how many people may be merged into one, those merged into them included.
const MaxMerged = 50

// Person is what is stored of a person, whether merged into another or not: nothing here is
// the survivor's.
type Person struct {
	ID uuid.UUID
	// Record is the person's; if there is none, what the tombstones say.
	Record Opened
	Entry  Document // in the directory
	Link   Link
	// Taken says that another person's record has the id.
	Taken bool
	// Past are versions before a merge that is to be undone, and those that it made; nil if
	// nothing is left of the survivor. A restore has then brought back a merge that was undone
	// before the survivor was erased.
	Past *Past
}

// Past are the versions of a survivor before a merge and those that the merge made, as far as
// it made any: Absent where the survivor had nothing, and all if the merge brought nothing.
type Past struct {
	Merge                      Merge
	RecordBefore, RecordMerged Opened
	EntryBefore, EntryMerged   Document
}

// Known says whether anything is stored of the person.
func (p Person) Known() bool {
	return p.Record.State == Present || p.Entry.State == Present || p.Link.Into != uuid.Nil
}

// Erased says whether all there was of the person has been erased.
func (p Person) Erased() bool {
	return !p.Known() && (p.Record.State == Erased || p.Entry.State == Erased)
}

func linkOf(person uuid.UUID) DocumentID { return DocumentID{Kind: sealing.KindLink, Owner: person} }

// FindPeople returns what is stored of people, in their order. Error: ErrUnavailable.
func (r Reader) FindPeople(ctx context.Context, ids []uuid.UUID) (people []Person, err error) {
	o, err := FindFor(ctx, r.tables, r.keys, Command{People: ids})
	return o.People, err
}

// findPeople finds the people that a write is about, given what its id leads to. Somebody may
// change them between two of its reads, so what does not go together is read again.
func findPeople(ctx context.Context, t Tables, keys *sealing.Keyset, o Opened, cmd Command) (people []Person, err error) {
	for range 3 {
		if people, err = findPeopleOnce(ctx, t, keys, o, cmd); !errors.Is(err, errTorn) {
			break
		}
	}
	return people, err
}

func findPeopleOnce(ctx context.Context, t Tables, keys *sealing.Keyset, o Opened, cmd Command) (people []Person, err error) {
	ids := cmd.People
	if cmd.Together {
		ids = []uuid.UUID{o.person(cmd.ID)}
	}
	for _, id := range ids {
		p, err := findPerson(ctx, t, keys, id)
		if err == nil && cmd.Together && !p.Known() && o.Survivor != uuid.Nil {
			p, err = findMerged(ctx, t, keys, cmd.ID)
		}
		if err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	switch {
	case cmd.Parting && people[0].Link.Into != uuid.Nil:
		into := people[0].Link.Into
		survivor, err := findPerson(ctx, t, keys, into)
		if err != nil {
			return nil, err
		}
		if survivor.Known() {
			if survivor.Past, err = findPast(ctx, t, survivor, people[0].ID); err != nil {
				return nil, err
			}
		}
		people = append(people, survivor)
	case cmd.Together:
		for i := 0; i < len(people); i++ {
			for _, merge := range people[i].Link.From {
				p, err := findPerson(ctx, t, keys, merge.Target)
				if err != nil {
					return nil, err
				}
				if p.Link.Into == people[i].ID { // not if a restore has brought back less than there was
					people = append(people, p)
				}
			}
			if len(people) > 2*MaxMerged {
				return nil, errCircle
			}
		}
	}
	return people, nil
}

// person is whom an id leads to, given what was found: the record's person, or the survivor, or
// the id itself.
func (o Opened) person(id uuid.UUID) uuid.UUID {
	switch {
	case o.State == Present:
		return o.Target
	case o.Survivor != uuid.Nil:
		return o.Survivor
	case o.Document.State == Present:
		return o.Document.Owner
	}
	return id
}

// findMerged finds what is stored of somebody who was merged into a person of whom nothing is
// left, by the person's id or the record's.
func findMerged(ctx context.Context, t Tables, keys *sealing.Keyset, id uuid.UUID) (Person, error) {
	row, err := openRow(ctx, t, keys, id)
	if err != nil {
		return Person{}, err
	}
	return findPerson(ctx, t, keys, cmp.Or(row.Target, id))
}

// findPerson finds what is stored of a person.
func findPerson(ctx context.Context, t Tables, keys *sealing.Keyset, id uuid.UUID) (p Person, err error) {
	p.ID = id
	if p.Record, err = openRow(ctx, t, keys, id); err != nil {
		return Person{}, err
	}
	if p.Record.State == Present && p.Record.Target != id {
		p.Taken, p.Record = true, Opened{}
	}
	if p.Record.State != Present {
		if p.Record, err = behind(ctx, t, keys, id, id); err != nil {
			return Person{}, err
		}
	}
	if p.Record, err = p.Record.Decode(); err != nil {
		return Person{}, err
	}
	if p.Entry, err = openDocument(ctx, t, keys, PersonEntry(id), nil); err != nil {
		return Person{}, err
	}
	p.Link, err = findLink(ctx, t, keys, id)
	return p, err
}

// findPast finds the versions that undoing a merge needs.
func findPast(ctx context.Context, t Tables, survivor Person, merged uuid.UUID) (*Past, error) {
	past := new(Past)
	var ok bool
	if past.Merge, ok = survivor.Link.Of(merged); !ok {
		return nil, fmt.Errorf("%w: a person was merged into one whose link does not say so", errTorn)
	}
	var err error
	if b := past.Merge.Record; b != nil && survivor.Record.State == Present {
		if past.RecordBefore, err = pastRecord(ctx, t, survivor.Record, b.Before); err != nil {
			return nil, err
		}
		if past.RecordMerged, err = pastRecord(ctx, t, survivor.Record, b.Version); err != nil {
			return nil, err
		}
	}
	if b := past.Merge.Entry; b != nil && survivor.Entry.State == Present {
		if past.EntryBefore, err = pastEntry(ctx, t, survivor.Entry, b.Before); err != nil {
			return nil, err
		}
		past.EntryMerged, err = pastEntry(ctx, t, survivor.Entry, b.Version)
	}
	return past, err
}

// errTorn means that what is stored of a merge does not go together: it was read while it was
// changed, or somebody has changed the database directly.
var errTorn = fmt.Errorf("%w: what is stored of a merge does not go together", ErrUnavailable)

var errNoVersion = fmt.Errorf("%w: a version that it names is missing", errTorn)

// pastRecord returns a version of a record; nothing if it is None.
func pastRecord(ctx context.Context, t Tables, current Opened, version int64) (Opened, error) {
	switch version {
	case current.Version:
		return current, nil
	case None:
		return Opened{}, nil
	}
	rows, err := t.PastRows(ctx, current.number, version, 1)
	if err != nil {
		return Opened{}, err
	}
	if len(rows) == 0 || rows[0].Version != version {
		return Opened{}, errNoVersion
	}
	return decoded(current.past(rows[0]))
}

// pastEntry returns a version of an entry; nothing if it is None.
func pastEntry(ctx context.Context, t Tables, current Document, version int64) (Document, error) {
	switch version {
	case current.Version:
		return current, nil
	case None:
		return Document{}, nil
	}
	rows, err := t.PastDocuments(ctx, current.DocumentID, version, 1)
	if err != nil {
		return Document{}, err
	}
	if len(rows) == 0 || rows[0].Version != version {
		return Document{}, errNoVersion
	}
	return current.open(rows[0])
}
