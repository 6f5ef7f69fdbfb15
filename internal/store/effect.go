package store

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/queries"
)

// An Effect is one thing that a write does to the stored data. It names what it changes as
// that was found, so that a write can change several records and documents. A use case says
// what the result should be; the store numbers versions, seals documents, and makes
// statements that both engines execute.
type Effect interface {
	// plan adds the effect to a plan. It returns an error if the decision contradicts what
	// was found.
	plan(p *Plan, keys *sealing.Keyset) error
}

// PutRecord writes the next version of a record that was found, or the first version of a
// new one. The current version moves to the history, and the National Insurance number
// index follows.
type PutRecord struct {
	Found      Opened          // the record, or what stands behind its ids
	Record     equality.Record // with the ID and TargetID of the record that was found
	Verbatim   bool            // Opened.Verbatim
	Provenance Provenance
	Event      string // the type of the event that it raises; empty raises none
	Least      int64  // the version is at least this
}

// Version is the version that the effect writes. Error: ErrLastVersion.
func (e PutRecord) Version() (int64, error) {
	next, err := e.Found.NextVersion(e.Record.TargetID)
	if err != nil {
		return 0, err
	}
	return atLeast(next, e.Least)
}

// atLeast returns the version, or the least one if that is higher. Error: ErrLastVersion.
func atLeast(version, least int64) (int64, error) {
	if least > MaxVersion {
		return 0, ErrLastVersion
	}
	return max(version, least), nil
}

func (e PutRecord) plan(p *Plan, keys *sealing.Keyset) error {
	next := Opened{State: Present, ID: e.Record.ID, Target: e.Record.TargetID, Provenance: e.Provenance, Record: e.Record, Verbatim: e.Verbatim}
	before := ""
	var changes DocumentID
	var modified time.Time
	if e.Found.State == Present {
		if next.ID != e.Found.ID || next.Target != e.Found.Target {
			return errors.New("a decision would change the ids of a record")
		}
		next.number, next.key = e.Found.number, e.Found.key
		before = e.Found.Record.NationalInsuranceNumber
		changes, modified = e.Found.documentID(), e.Found.Modified
	}
	var err error
	if next.Version, err = e.Version(); err != nil {
		return err
	}
	row, err := next.seal(keys)
	if err != nil {
		return err
	}
	put := Put{Row: row, Before: e.Found.Version}
	put.Merged = e.Found.Merged
	if after := next.Record.NationalInsuranceNumber; after != before {
		put.Unindex, put.Index = ninoHash(keys, before), ninoHash(keys, after)
	}
	p.Puts = append(p.Puts, put)
	p.wroteRecord(next)
	p.tell(told{object: audit.ObjectRecord, id: next.ID, target: next.Target, version: next.Version, document: put.Hash(),
		members: e.Provenance.Members, event: e.Event}, changes, modified)
	return nil
}

// documentID names a record as what a plan changes.
func (o Opened) documentID() DocumentID { return DocumentID{Kind: sealing.KindRecord, Owner: o.ID} }

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

// Erase removes a record that was found: every version, its key, its ids and everything
// else stored for it. A tombstone and the record's events remain, without the names of
// members; the access log does not change.
type Erase struct {
	Found  Opened
	Reason string
	By     string // the subject of the caller who erases
	Event  string // the type of the event that it raises; empty raises none
}

func (e Erase) plan(p *Plan, keys *sealing.Keyset) error {
	found := e.Found
	if found.State != Present {
		return errors.New("a decision would erase a missing record")
	}
	grave := Tombstone{Kind: sealing.OwnerRecord, ID: found.ID, Target: found.Target, Version: found.Version, Reason: e.Reason, By: e.By}
	result := Opened{State: Erased, ID: grave.ID, Target: grave.Target, Version: grave.Version, Tombstones: []Tombstone{grave}}
	p.wroteRecord(result)
	p.statements = append(p.statements, func(at time.Time) Statement {
		grave.At = at
		result.Tombstones[0].At = at
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
	p.tell(told{object: audit.ObjectRecord, id: grave.ID, target: grave.Target, version: grave.Version, event: e.Event}, found.documentID(), found.Modified)
	p.destroys = true
	return nil
}

// ErasePerson removes a person's documents, which are those that were found: every version,
// and their key. A tombstone and the events remain.
type ErasePerson struct {
	Found  []Document // the first is the one that the write names, if it names one
	Reason string
	By     string // the subject of the caller who erases
	Event  string // the type of the event that it raises; empty raises none
}

func (e ErasePerson) plan(p *Plan, keys *sealing.Keyset) error {
	grave := Tombstone{Kind: sealing.OwnerPerson, Version: -1, Reason: e.Reason, By: e.By}
	sum := int64(0)
	var changes DocumentID
	var modified time.Time
	for _, d := range e.Found {
		if d.State != Present {
			continue
		}
		if d.Kind.Owner() != sealing.OwnerPerson || grave.ID != uuid.Nil && grave.ID != d.Owner {
			return errors.New("a decision would erase documents that are not one person's")
		}
		grave.ID, grave.Target, grave.Version = d.Owner, d.Owner, max(grave.Version, d.Version)
		sum += d.Version + 1
		changes = d.DocumentID
		if d.Modified.After(modified) {
			modified = d.Modified
		}
	}
	if changes.Kind == 0 {
		return errors.New("a decision would erase a missing person")
	}
	p.wroteDocument(Document{DocumentID: e.Found[0].DocumentID, State: Erased, Version: grave.Version})
	p.statements = append(p.statements, func(at time.Time) Statement {
		grave.At = at
		mac := TombstoneMAC(keys, grave)
		return Statement{queries.TombstoneInsertPerson, []any{grave.ID[:], grave.Version, Micros(grave.At), grave.Reason, grave.By, mac[:], sum}}
	})
	for _, statement := range grave.removal(0) {
		p.add(statement.Query, statement.Args...)
	}
	p.tell(told{object: audit.ObjectPerson, id: grave.ID, target: grave.ID, version: grave.Version, event: e.Event}, changes, modified)
	p.destroys = true
	return nil
}
