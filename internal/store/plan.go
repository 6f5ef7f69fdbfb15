package store

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/queries"
)

// An Effect is one thing that a write does to the stored data. A use case says what the
// result should be; the store numbers versions, seals documents, and makes statements that
// both engines execute.
type Effect interface {
	// plan adds the effect to a plan. It returns an error if the decision contradicts what
	// was found.
	plan(p *Plan, keys *sealing.Keyset) error
}

// PutRecord writes the next version of the record that was found, or the first version of a
// new one. The current version moves to the history, and the National Insurance number
// index follows.
type PutRecord struct {
	Record     equality.Record // with the ID and TargetID of the record that was found
	Verbatim   bool            // Opened.Verbatim
	Provenance Provenance
}

// Erase removes the record that was found: every version, its key, its ids and everything
// else stored for it. A tombstone and the record's events remain, without the names of
// members; the access log does not change.
type Erase struct {
	Reason string
	By     string // the subject of the caller who erases
}

// Statement is a query of a write, with its arguments. If the data have changed since the
// decision, it violates a key, or sets a NULL where none is allowed.
type Statement struct {
	Query *queries.Query
	Args  []any
}

// Plan is a decision about what was found, ready to be executed. An engine stamps it with
// its time. It then executes Put, Unindex, Index and the Statements in one transaction with
// the entry, the event and the outcome.
type Plan struct {
	Found    Opened
	Decision Decision
	Refusal  error
	// Put is the version of the record to write; nil if there is none. Its number is that
	// of the record that was found, whose version it replaces; 0 for a new record.
	Put *Row
	// Unindex and Index are keyed hashes of the National Insurance number that
	// the record no longer has and has from now on; nil where nothing changes.
	Unindex, Index []byte

	result     Opened
	told       told
	statements []func(at time.Time) Statement
	destroys   bool
}

// told is what the access log and the feed record of the effects.
type told struct {
	object     audit.Object
	name       string
	id, target uuid.UUID
	version    int64
	document   []byte // SHA-256 of the sealed document
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
	return p, nil
}

func (e PutRecord) plan(p *Plan, keys *sealing.Keyset) error {
	next := Opened{State: Present, ID: e.Record.ID, Target: e.Record.TargetID, Provenance: e.Provenance, Record: e.Record, Verbatim: e.Verbatim}
	before := ""
	if p.Found.State == Present {
		if next.ID != p.Found.ID || next.Target != p.Found.Target {
			return errors.New("a decision would change the ids of a record")
		}
		next.number, next.key = p.Found.number, p.Found.key
		before = p.Found.Record.NationalInsuranceNumber
	}
	var err error
	if next.Version, err = p.Found.NextVersion(next.Target); err != nil {
		return err
	}
	put, err := next.seal(keys)
	if err != nil {
		return err
	}
	p.Put, p.result = &put, next
	p.told = told{object: audit.ObjectRecord, id: next.ID, target: next.Target, version: next.Version, document: put.Hash()}
	if after := next.Record.NationalInsuranceNumber; after != before {
		p.Unindex, p.Index = ninoHash(keys, before), ninoHash(keys, after)
	}
	return nil
}

// ErrLastVersion means that there is no further version.
var ErrLastVersion = errors.New("there is no version after the last")

// NextVersion is the version after the current one. If there is none, it is the first of the
// person's new record: 0, or the one after the last version of the erased record. Error:
// ErrLastVersion.
func (o Opened) NextVersion(target uuid.UUID) (int64, error) {
	before := int64(-1)
	if o.State == Present {
		before = o.Version
	} else {
		for _, t := range o.Tombstones {
			if t.Target == target {
				before = max(before, t.Version)
			}
		}
	}
	return after(before)
}

func after(version int64) (int64, error) {
	if version >= MaxVersion {
		return 0, ErrLastVersion
	}
	return version + 1, nil
}

func ninoHash(keys *sealing.Keyset, nino string) []byte {
	if nino == "" {
		return nil
	}
	hash := NINOHash(keys, nino)
	return hash[:]
}

func (e Erase) plan(p *Plan, keys *sealing.Keyset) error {
	if p.Found.State != Present {
		return errors.New("a decision would erase a missing record")
	}
	found := p.Found
	grave := Tombstone{ID: found.ID, Target: found.Target, Version: found.Version, Reason: e.Reason, By: e.By}
	p.result = Opened{State: Erased, ID: grave.ID, Target: grave.Target, Version: grave.Version, Tombstones: []Tombstone{grave}}
	p.statements = append(p.statements, func(at time.Time) Statement {
		grave.At = at
		p.result.Modified, p.result.Tombstones = at, []Tombstone{grave}
		mac := TombstoneMAC(keys, grave)
		return Statement{queries.TombstoneInsert, []any{grave.ID[:], grave.Target[:], grave.Version, Micros(grave.At), grave.Reason,
			grave.By, mac[:], found.number}}
	})
	if hash := ninoHash(keys, found.Record.NationalInsuranceNumber); hash != nil {
		p.add(queries.NINODelete, hash, found.number)
	}
	for _, statement := range grave.removal(found.number) {
		p.add(statement.Query, statement.Args...)
	}
	p.told = told{object: audit.ObjectRecord, id: grave.ID, target: grave.Target, version: grave.Version}
	p.destroys = true
	return nil
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

// Changes names what the plan changes: a record, or a document. It is zero if
// the plan changes nothing, or writes a first version.
func (p *Plan) Changes() DocumentID {
	switch found := p.Found.Document; {
	case !p.Writes():
	case found.State == Present:
		return found.DocumentID
	case p.Found.State == Present && found.Kind == 0:
		return DocumentID{Kind: sealing.KindRecord, Owner: p.Found.ID}
	}
	return DocumentID{}
}

// Order is the id by which writers that share a database sort their plans, so
// that none waits for another that waits for it.
func (p *Plan) Order() uuid.UUID { return p.told.target }

// Stamp gives the plan the time of its change and returns the statements that
// are to be executed besides Put. It may be called again with another time.
func (p *Plan) Stamp(at time.Time) []Statement {
	p.result.Modified = at
	if p.result.Document.Kind != 0 {
		p.result.Document.Modified = at
	}
	if p.Put != nil {
		p.Put.Modified = Micros(at)
	}
	statements := make([]Statement, 0, len(p.statements))
	for _, of := range p.statements {
		statements = append(statements, of(at))
	}
	return statements
}

// Told returns the plan's entry in the access log, the outcome to remember, and the events
// that it raises. The plan has been stamped.
func (p *Plan) Told(eventID uuid.UUID) (entry audit.Entry, outcome Outcome, raised []events.Event) {
	entry, outcome = p.Decision.Entry, p.Decision.Outcome
	if !p.Writes() {
		return entry, outcome, nil
	}
	entry.Object, entry.ObjectName, entry.Record, entry.Version = p.told.object, p.told.name, p.told.id, p.told.version
	entry.Document, entry.At = p.told.document, p.result.Modified
	outcome.Record, outcome.Version = entry.Record, entry.Version
	if p.Decision.Event != "" {
		raised = append(raised, events.Event{ID: eventID, At: p.result.Modified, Type: p.Decision.Event, Record: p.told.id,
			Target: p.told.target, Version: p.told.version, Members: slices.Clone(entry.Members), CorrelationID: entry.CorrelationID})
	}
	return entry, outcome, raised
}

// Result returns the caller's result once the plan is durable: the record after the write,
// or as it was found, with the refusal.
func (p *Plan) Result() (Opened, error) {
	if p.Refusal != nil || !p.Writes() {
		return p.Found, p.Refusal
	}
	return p.result, nil
}
