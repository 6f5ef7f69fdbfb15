package store

import (
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/queries"
)

// EraseAll erases everything that was found of a person: the record, the entry in the
// directory and the link, each with its event and its tombstone. Nothing else may have come.
type EraseAll struct {
	Person Person
	Reason string
	By     string // the subject of the caller who erases
}

func (e EraseAll) plan(p *Plan, keys *sealing.Keyset) error {
	person := e.Person
	entry, link := person.Entry, person.Link.document
	documents := entry.State == Present || link.State == Present
	if !documents { // first, because a plan about one thing is found not to fit before it writes
		p.expect(entry.DocumentID, None)
		p.expect(link.DocumentID, None)
	}
	if r := person.Record; r.State == Present {
		if err := (Erase{Found: r, Reason: e.Reason, By: e.By, Event: events.Erased}).plan(p, keys); err != nil {
			return err
		}
	}
	if !documents {
		return nil
	}
	erase := ErasePerson{Found: []Document{entry, link}, Reason: e.Reason, By: e.By}
	if entry.State == Present {
		erase.Event = events.PersonErased
	}
	return erase.plan(p, keys)
}

// expect has the write refused if a document has another version than was found.
func (p *Plan) expect(id DocumentID, version int64) {
	p.add(queries.DocumentExpect, append(id.Columns(), version)...)
}
