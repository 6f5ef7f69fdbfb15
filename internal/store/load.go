package store

import (
	"bytes"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
)

// An Arrival is a record from elsewhere, or a person's entry in the directory, sealed and ready
// to be stored. Its history begins at its version.
type Arrival struct {
	Row    // of an entry, both ids are the person's
	Record equality.Record
	Entry  []byte // the content of an entry, JSON; nil for a record
	// EventID is the id of the arrival's event; zero raises none.
	EventID uuid.UUID
	// NINO is the keyed hash of the National Insurance number; nil if there is none.
	NINO []byte
	// Members are the members in the event, sensitive ones masked.
	Members []string
}

// NewArrival seals a record from elsewhere. Any number of goroutines may call it.
func NewArrival(keys *sealing.Keyset, o Opened, eventID uuid.UUID) (Arrival, error) {
	row, err := o.seal(keys)
	return Arrival{Row: row, Record: o.Record, EventID: eventID, NINO: ninoHash(keys, o.Record.NationalInsuranceNumber),
		Members: equality.MaskSensitive(o.Record.Members())}, err
}

// NewEntryArrival seals a person's entry from elsewhere. Any number of goroutines may call it.
func NewEntryArrival(keys *sealing.Keyset, person uuid.UUID, version int64, content []byte, eventID uuid.UUID) (Arrival, error) {
	d := Document{DocumentID: PersonEntry(person), Version: version}
	key, wrapped, err := keys.NewDataKey(d.owner())
	if err != nil {
		return Arrival{}, err
	}
	row := Row{ID: person, Target: person, Version: version, Sealed: key.Seal(d.at(version), content), Wrapped: wrapped}
	return Arrival{Row: row, Entry: content, EventID: eventID}, nil
}

// A Load is many arrivals, of records or of entries in the directory, that are written in one transaction, with one entry in the access
// log for all of them. They are judged in order: of two with an id in common, the first is
// stored. A load without arrivals, events of its own and a mark writes nothing, not even an
// entry.
type Load struct {
	Arrivals []Arrival
	// Entry is the entry about the load; its Count is set to the number of records written.
	Entry audit.Entry
	// Event is the type of the arrivals' events.
	Event string
	// Further are events of the load itself. Their times are set.
	Further []events.Event
	// Mark names the stored position, so that a load of many batches can resume after the
	// last durable one. If it is empty, no position is stored.
	Mark string
	// Position receives the landings of the arrivals, in order, before they are durable,
	// and returns the position. It is called in the transaction, and again if the
	// transaction is repeated. Its error undoes the load.
	Position func([]Landing) ([]byte, error)
}

// OfPeople reports whether the arrivals are entries in the directory.
func (l *Load) OfPeople() bool { return len(l.Arrivals) > 0 && l.Arrivals[0].Entry != nil }

// Empty reports whether there is nothing to write.
func (l *Load) Empty() bool { return len(l.Arrivals) == 0 && len(l.Further) == 0 && l.Mark == "" }

// Arrived is the event of an arrival that was stored.
func (l *Load) Arrived(a *Arrival) events.Event {
	if a.Entry != nil {
		return events.Event{ID: a.EventID, At: FromMicros(a.Modified), Type: l.Event, Target: a.Target, Version: a.Version,
			CorrelationID: l.Entry.CorrelationID}
	}
	return events.Event{ID: a.EventID, At: FromMicros(a.Modified), Type: l.Event, Record: a.ID, Target: a.Target,
		Version: a.Version, Members: a.Members, CorrelationID: l.Entry.CorrelationID}
}

// A Landing is the result for an arrival.
type Landing int

// The landings of an arrival. All except Landed leave the stored data as it was.
const (
	Landed Landing = iota
	// Same means that the record is already stored, with the same ids and answers; or the
	// entry, with the same content.
	Same
	// Differs means that the person already has a record, with other ids or answers, or
	// another entry.
	Differs
	// Taken means that another record already has the id, or the target, as either.
	Taken
	// WasErased means that the person's record or entry was erased, or the id belonged to an
	// erased record: an import brings nobody back.
	WasErased
)

// Judge decides on an arrival, given the record that its target, or else its id, leads to.
// It never changes an existing record.
func (a *Arrival) Judge(found Opened) Landing {
	switch {
	case found.State == Absent && found.Survivor != uuid.Nil:
		return Taken // by the person who was merged into another
	case found.State == Absent:
		return Landed
	case found.State == Erased:
		return WasErased
	case found.Target != a.Target:
		return Taken
	case found.ID == a.ID && len(equality.Diff(found.Record, a.Record)) == 0:
		return Same
	}
	return Differs
}

// JudgeAll decides on arrivals in order: of two for one person, the first is stored. taken
// are the ids that lead to a record or to the tombstone of an erased one; find returns what
// they lead to.
func JudgeAll(arrivals []Arrival, taken map[uuid.UUID]bool, find func(uuid.UUID) (Opened, error)) (landings []Landing, landed []int, err error) {
	here := make(map[uuid.UUID]*Arrival, 2*len(arrivals)) // by the ids of those that will be stored
	look := func(id uuid.UUID) (Opened, error) {
		if a := here[id]; a != nil {
			return Opened{State: Present, ID: a.ID, Target: a.Target, Version: a.Version, Record: a.Record}, nil
		}
		if !taken[id] {
			return Opened{}, nil
		}
		return find(id)
	}
	for i := range arrivals {
		a := &arrivals[i]
		found, err := look(a.Target)
		if err == nil && (found.State == Absent && found.Survivor == uuid.Nil || found.State == Erased && found.Target != a.Target) {
			found, err = look(a.ID)
		}
		if err != nil {
			return nil, nil, err
		}
		landing := a.Judge(found)
		landings = append(landings, landing)
		if landing == Landed {
			landed = append(landed, i)
			here[a.ID], here[a.Target] = a, a
		}
	}
	return landings, landed, nil
}

// JudgeEntries is JudgeAll for entries in the directory, given the row of each of their people.
// It never changes an existing entry. stones gives the tombstones of a person's entries and records. An
// arrival whose person has a key, but no entry, is sealed again with that key.
func JudgeEntries(keys *sealing.Keyset, arrivals []Arrival, rows []EntryRow, stones func(person uuid.UUID) ([]Tombstone, error)) (landings []Landing, landed []int, err error) {
	standing := make(map[uuid.UUID]EntryRow, len(rows))
	for _, row := range rows {
		standing[row.Person] = row
	}
	here := make(map[uuid.UUID][]byte, len(arrivals)) // the content of those that will be stored
	for i := range arrivals {
		a := &arrivals[i]
		content, found := here[a.Target]
		landing := Landed
		switch row := standing[a.Target]; {
		case found:
		case row.Sealed != nil:
			d, err := row.Open(keys)
			if err != nil {
				return nil, nil, err
			}
			content, found = d.Content, true
		case row.Merged, row.Taken: // into another person; by another person's record
			landing = Taken
		case row.Erased:
			erased, err := stones(a.Target)
			if err == nil {
				_, err = Behind(keys, a.Target, erased)
			}
			if err != nil {
				return nil, nil, err
			}
			landing = WasErased
		case row.Wrapped != nil:
			if err := a.reseal(keys, row.Wrapped); err != nil {
				return nil, nil, err
			}
		}
		if found {
			landing = Differs
			if bytes.Equal(content, a.Entry) {
				landing = Same
			}
		}
		if landings = append(landings, landing); landing == Landed {
			landed, here[a.Target] = append(landed, i), a.Entry
		}
	}
	return landings, landed, nil
}

// reseal seals an entry with its person's key.
func (a *Arrival) reseal(keys *sealing.Keyset, wrapped []byte) error {
	d := Document{DocumentID: PersonEntry(a.Target)}
	key, err := keys.OpenDataKey(d.owner(), wrapped)
	if err == nil {
		a.Sealed, a.Wrapped = key.Seal(d.at(a.Version), a.Entry), nil
	}
	return err
}

// Columns are an entry's columns, in the order of document-add.
func (a *Arrival) Columns() []any {
	return append(PersonEntry(a.Target).Columns(), a.Version, a.Modified, a.Sealed)
}

// KeyColumns are the columns of an entry's key, in the order of owner-key-insert.
func (a *Arrival) KeyColumns() []any {
	return []any{int64(sealing.OwnerPerson), a.Target[:], a.Wrapped}
}
