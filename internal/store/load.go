package store

import (
	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
)

// An Arrival is a record that comes from elsewhere, sealed and ready to be
// stored. Its history begins at the version it arrives with.
type Arrival struct {
	Row
	Record equality.Record
	// EventID names the event of the arrival; zero raises none.
	EventID uuid.UUID
	// NINO is the keyed hash of the National Insurance number; nil where there is none.
	NINO []byte
	// Members are those of the event, sensitive ones masked.
	Members []string
}

// NewArrival seals a record that comes from elsewhere. Any number of
// goroutines may do so.
func NewArrival(keys *sealing.Keyset, o Opened, eventID uuid.UUID) (Arrival, error) {
	row, err := o.seal(keys)
	return Arrival{Row: row, Record: o.Record, EventID: eventID, NINO: ninoHash(keys, o.Record.NationalInsuranceNumber),
		Members: equality.MaskSensitive(o.Record.Members())}, err
}

// A Load is many arrivals that are written in one transaction, with one entry
// in the access log for all of them. They are judged in order: of two with an
// id in common the first lands. One that has neither arrivals, nor events of
// its own, nor a mark writes nothing, and no entry.
type Load struct {
	Arrivals []Arrival
	// Entry tells of the load; its Count is set to the number of records that
	// were written.
	Entry audit.Entry
	// Event is the type of the arrivals' events.
	Event string
	// Further are events of the load itself. Their times are set.
	Further []events.Event
	// Mark names a place to keep a position under, so that a load of many parts
	// can be resumed behind the last part that is durable. Empty keeps nothing.
	Mark string
	// Position is told what becomes of the arrivals, in their order, before
	// that is durable, and gives the position. It is called in the transaction,
	// and again where that has to be done again. Its error undoes the load.
	Position func([]Landing) ([]byte, error)
}

// Empty says whether there is nothing to be written.
func (l *Load) Empty() bool { return len(l.Arrivals) == 0 && len(l.Further) == 0 && l.Mark == "" }

// Arrived is the event of an arrival that has landed.
func (l *Load) Arrived(a *Arrival) events.Event {
	return events.Event{ID: a.EventID, At: FromMicros(a.Modified), Type: l.Event, Record: a.ID, Target: a.Target,
		Version: a.Version, Members: a.Members, CorrelationID: l.Entry.CorrelationID}
}

// A Landing is what became of an arrival.
type Landing int

// The landings of an arrival. All but Landed leave what is stored as it was.
const (
	Landed Landing = iota
	// Same is a record that was there already, with the same ids and answers.
	Same
	// Differs is a person who has a record already, with other ids or answers.
	Differs
	// Taken is an id, or a target, that another record has as either.
	Taken
	// WasErased is the id of a record that was erased.
	WasErased
)

// Judge says what becomes of an arrival whose target, else whose id, leads to
// what was found; a record in the way of it is never changed.
func (a *Arrival) Judge(found Opened) Landing {
	switch {
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

// JudgeAll says what becomes of arrivals, in their order: of two for one person
// the first lands. taken are the ids that lead to a record or to an erased
// one's tombstone, and find gives what they lead to.
func JudgeAll(arrivals []Arrival, taken map[uuid.UUID]bool, find func(uuid.UUID) (Opened, error)) (landings []Landing, landed []int, err error) {
	here := make(map[uuid.UUID]*Arrival, 2*len(arrivals)) // by the ids of those that have landed
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
		if err == nil && found.State != Present {
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
