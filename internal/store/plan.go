package store

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/queries"
)

// Statement is a query of a write, with its arguments. If the data have changed since the
// decision, it violates a key, or sets a NULL where none is allowed.
type Statement struct {
	Query *queries.Query
	Args  []any
}

// Plan is a decision about what was found, ready to be executed. An engine stamps it with
// its time. It then executes Puts and the Statements in one transaction with the entries, the
// events and the outcome.
type Plan struct {
	Found    Opened
	Decision Decision
	Refusal  error
	// Puts are the versions of records to write, in the order of their targets: whoever
	// writes several takes them in the order in which everybody does.
	Puts []Put
	// Changes name what the plan changes; what it writes the first version of is not there.
	Changes []DocumentID

	result     Opened
	ofRecord   bool // the result has a written or erased record
	ofDocument bool // the result has a written or erased document
	told       []told
	at         time.Time
	after      []time.Time // of what the plan changes
	statements []func(at time.Time) Statement
	keys       map[sealing.Owner]*sealing.DataKey // new ones of owners that are not records
	destroys   bool
}

// Put is a version of a record to write. Its number is that of the record that was found,
// whose version it replaces; 0 for a new record.
type Put struct {
	Row          // Merged is whether the record that was found is hidden; it no longer is then
	Before int64 // the version that was found
	// Unindex and Index are keyed hashes of the National Insurance number that
	// the record no longer has and has from now on; nil where nothing changes.
	Unindex, Index []byte
}

// told is what the access log and the feed record of one effect.
type told struct {
	object     audit.Object
	name       string
	id, target uuid.UUID
	version    int64
	document   []byte        // SHA-256 of the sealed document
	members    []string      // that changed, for a further entry
	event      string        // its type; empty for none
	about      *events.Event // what the event is about, if not what was written
}

// NewPlan has a write decided on what was found, and seals what is to be
// written.
func NewPlan(keys *sealing.Keyset, found Opened, decide func(Opened) (Decision, error)) (*Plan, error) {
	p := &Plan{Found: found, result: found}
	if p.Decision, p.Refusal = decide(found); p.Refusal != nil {
		p.Decision.Effects = nil
	}
	for _, effect := range p.Decision.Effects {
		if err := effect.plan(p, keys); err != nil {
			return nil, err
		}
	}
	if len(p.Puts) > 1 {
		slices.SortFunc(p.Puts, func(a, b Put) int { return bytes.Compare(a.Target[:], b.Target[:]) })
	}
	return p, nil
}

// tell notes what the log and the feed record of an effect, and what it changes: zero if it
// writes a first version.
func (p *Plan) tell(t told, changes DocumentID, modified time.Time) {
	p.told = append(p.told, t)
	if changes.Kind != 0 {
		p.Changes = append(p.Changes, changes)
	}
	if !modified.IsZero() {
		p.after = append(p.after, modified)
	}
}

// wroteRecord makes a record the result of the write, unless an effect before has done so.
func (p *Plan) wroteRecord(o Opened) {
	if !p.ofRecord {
		o.Document = p.result.Document
		p.result, p.ofRecord = o, true
	}
}

// wroteDocument does the same for the document that the write named.
func (p *Plan) wroteDocument(d Document) {
	if d.DocumentID == p.result.Document.DocumentID {
		p.result.Document, p.ofDocument = d, true
	}
}

// keyOf returns a new data key for an owner without one, and what to store of it unless an
// effect before has made it.
func (p *Plan) keyOf(owner sealing.Owner, keys *sealing.Keyset) (key *sealing.DataKey, wrapped []byte, err error) {
	if key := p.keys[owner]; key != nil {
		return key, nil, nil
	}
	if key, wrapped, err = keys.NewDataKey(owner); err != nil {
		return nil, nil, err
	}
	if p.keys == nil {
		p.keys = make(map[sealing.Owner]*sealing.DataKey)
	}
	p.keys[owner] = key
	return key, wrapped, nil
}

// add adds a statement that does not depend on the time of the write.
func (p *Plan) add(query *queries.Query, args ...any) {
	p.statements = append(p.statements, func(time.Time) Statement { return Statement{query, args} })
}

// timed adds a statement whose last argument is the time of the write.
func (p *Plan) timed(query *queries.Query, args ...any) {
	p.statements = append(p.statements, func(at time.Time) Statement {
		return Statement{query, append(slices.Clone(args), Micros(at))}
	})
}

// Writes says whether the plan changes what is stored.
func (p *Plan) Writes() bool { return len(p.Decision.Effects) > 0 }

// Destroys says whether the plan destroys a key: no copy that an engine makes
// by itself may keep it.
func (p *Plan) Destroys() bool { return p.destroys }

// Several says whether the plan changes several records or documents.
func (p *Plan) Several() bool { return len(p.told) > 1 }

// After are the times that the time of the write must be later than.
func (p *Plan) After() []time.Time { return p.after }

// Order is the id by which writers that share a database sort their plans, so
// that none waits for another that waits for it.
func (p *Plan) Order() (id uuid.UUID) {
	if len(p.Puts) > 0 {
		return p.Puts[0].Target
	}
	if len(p.told) > 0 {
		return p.told[0].target
	}
	return id
}

// Stamp gives the plan the time of its change and returns the statements that
// are to be executed besides Puts. It may be called again with another time.
func (p *Plan) Stamp(at time.Time) []Statement {
	p.at = at
	if p.ofRecord {
		p.result.Modified = at
	}
	if p.ofDocument {
		p.result.Document.Modified = at
	}
	for i := range p.Puts {
		p.Puts[i].Modified = Micros(at)
	}
	statements := make([]Statement, 0, len(p.statements))
	for _, of := range p.statements {
		statements = append(statements, of(at))
	}
	return statements
}

// Told returns the plan's entries in the access log, the outcome to remember, and the events
// that it raises: an entry, and perhaps an event, for each version that was written and each
// thing that was erased. The first is the request's own. The plan has been stamped.
func (p *Plan) Told(eventID uuid.UUID) (entries []audit.Entry, outcome Outcome, raised []events.Event) {
	entry, outcome := p.Decision.Entry, p.Decision.Outcome
	if !p.Writes() {
		return []audit.Entry{entry}, outcome, nil
	}
	entries = make([]audit.Entry, 0, len(p.told))
	for i := range p.told {
		t, e := &p.told[i], entry
		if i > 0 {
			e.ID, e.Members = nth(entry.ID, i), equality.MaskSensitive(t.members)
		}
		e.Object, e.ObjectName, e.Record, e.Version = t.object, t.name, t.id, t.version
		e.Document, e.At = t.document, p.at
		entries = append(entries, e)
		if t.event != "" {
			raised = append(raised, t.raise(nth(eventID, i), &e))
		}
	}
	outcome.Record, outcome.Version = entries[0].Record, entries[0].Version
	return entries, outcome, raised
}

// raise is the event of what an entry tells.
func (t *told) raise(id uuid.UUID, entry *audit.Entry) events.Event {
	e := events.Event{Type: t.event, Target: t.target, Version: t.version}
	if t.about != nil {
		e = *t.about
	}
	e.ID, e.At, e.CorrelationID = id, entry.At, entry.CorrelationID
	if t.object == audit.ObjectRecord {
		e.Record, e.Members = t.id, slices.Clone(entry.Members)
	}
	return e
}

// nth derives the id of a further entry or event of a write from that of the first: always the
// same, because a transaction may be sent again.
func nth(id uuid.UUID, n int) uuid.UUID {
	last := id[len(id)-8:]
	binary.BigEndian.PutUint64(last, binary.BigEndian.Uint64(last)+uint64(n)) // of an id's random part
	return id
}

// Result returns the caller's result once the plan is durable: the record after the write,
// or as it was found, with the refusal.
func (p *Plan) Result() (Opened, error) {
	if p.Refusal != nil || !p.Writes() {
		return p.Found, p.Refusal
	}
	return p.result, nil
}
