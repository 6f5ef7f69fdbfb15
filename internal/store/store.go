// Package store owns the store contract: what a record looks like to the service, the one
// call that changes it, the reads that leave an entry in the access log, and the named
// queries that both engines run. The engines are in packages of their own.
//
// The store seals and opens documents, numbers versions, and writes record, history,
// access-log entry, event and idempotency outcome in one transaction. It decides nothing:
// the service decides what may change and who may see it.
package store

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/queries"
)

var (
	// ErrUnavailable means a failure of the store that may pass by itself: a full disk, a
	// read-only directory, an I/O error. Either nothing was changed, or nobody was told
	// that it was.
	ErrUnavailable = errors.New("the store is unavailable")
	// ErrKeyTaken means that another request has used the idempotency key in the meantime.
	// Its outcome can be looked up; nothing was changed.
	ErrKeyTaken = errors.New("the idempotency key has been used")
	// ErrCursorExpired means that a position in the feed is no longer kept, or belongs to
	// another feed.
	ErrCursorExpired = errors.New("the feed no longer goes back that far")
)

// State says what an id leads to.
type State int

// The states of an id.
const (
	Absent State = iota
	Present
	Erased
)

// Provenance says who made a version, why, and which members it changed.
type Provenance struct {
	Subject string   `json:"subject"`
	Name    string   `json:"name,omitzero"`
	Reason  string   `json:"reason"`
	Members []string `json:"members"`
}

// Opened is a version of a record, opened; if there is none, its State says what the id
// leads to.
type Opened struct {
	State    State
	ID       uuid.UUID
	Target   uuid.UUID
	Version  int64
	Modified time.Time // UTC, microseconds
	// Text is the record's JSON if it can be shown as it is stored. If it is set, the
	// members below may not be: Decode sets them.
	Text       []byte
	Provenance Provenance
	Record     equality.Record
	// Verbatim means that the record may be shown in its stored JSON: when the version was
	// made, each coded value was in its list.
	Verbatim bool
	// Merged means that the record's person has been merged into another. Only what is asked for
	// by itself is shown so: an id otherwise leads to the survivor.
	Merged bool
	// Survivor is whom the person of the id was merged into; zero if to nobody. It is not
	// always the Target: the survivor may have no record.
	Survivor uuid.UUID
	// Names are those of the names of a write that lead to the record by a merge.
	Names []uuid.UUID
	// People are the people that a write is about.
	People []Person
	// Document is the document that a write named, if it named one, or the entry in the
	// directory that was read with the record; Unread says that the entry does not open.
	Document Document
	Unread   error
	// Tombstones are those of erased records that stand behind an id; of a
	// write that creates, behind either of its ids.
	Tombstones []Tombstone

	number int64 // the engine's own number for the record
	key    *sealing.DataKey
	plain  []byte
}

// Command is a write before it is decided.
type Command struct {
	// ID is the id of the record to change, or of its target; for a create, the id for the
	// new record. Zero if the write is only about a document.
	ID uuid.UUID
	// Target is the person of a record to create; zero makes the command a change.
	Target uuid.UUID
	// Document names a document that the write is about, besides the record of ID; zero if it
	// is about none. If ID leads to a record, the document is that record's, or that of its
	// person.
	Document DocumentID
	// Names are ids that the write says are the record's, or its person's.
	Names []uuid.UUID
	// People are people whom the write is about by themselves, merged into others or not.
	People []uuid.UUID
	// Parting adds to the only one of People whom the person was merged into, with the versions
	// that taking it back needs. Together adds the person whom ID leads to, and everybody merged
	// into that one, and into those.
	Parting, Together bool
	// EventID names the event of the change, and so the change itself: made
	// once before the first attempt, unique in the store.
	EventID uuid.UUID
	// Key is set if the caller sent an idempotency key.
	Key *Key
}

// IDs are those of all that the write is about, in order.
func (c Command) IDs() []uuid.UUID {
	ids := []uuid.UUID{c.ID}
	if c.ID == uuid.Nil {
		ids[0] = c.Document.Owner
	}
	ids = append(ids, c.People...)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

// Key is an idempotency key and the body it was sent with, as keyed hashes.
type Key struct {
	Key  [32]byte
	Body [32]byte
}

// Decision is what a use case decides about the record it was given: the effects of the
// write, which both engines execute in the same way, and what to log.
type Decision struct {
	// Effects change the stored data, all of them or none. A decision without effects
	// changes nothing.
	Effects []Effect
	// Entry is written to the access log whatever the decision. The store sets Record,
	// Version and Document for what the first effect writes, and adds an entry like it for
	// each further one.
	Entry audit.Entry
	// Outcome is remembered for the idempotency key, if there is one, unless its status is
	// 0.
	Outcome Outcome
}

// Outcome is how a write ended, which a retry with the same key gets.
type Outcome struct {
	Status  int
	Problem string // stable code of the problem, empty on success
	Record  uuid.UUID
	Version int64
}

// Remembered is an outcome, with the body it belongs to.
type Remembered struct {
	Outcome
	Body [32]byte
}

// ListQuery asks for a page of records. Without From and Before they are in order of id;
// with either, in order of the time of change, then id.
type ListQuery struct {
	ByTime  bool
	From    time.Time // inclusive; zero means from the beginning
	Before  time.Time // exclusive; zero means no end
	AfterAt time.Time // the last record of the previous page
	AfterID uuid.UUID
	Limit   int
	// Bytes ends a page before its sealed documents are longer, except a page of one record;
	// 0 means no bound.
	Bytes int
	// Entries asks for the entries in the directory of the records' people too.
	Entries bool
}

// Feed is a page of events. Next is the position after its last event, and Floor the last
// position that has been dropped.
type Feed struct {
	Epoch  uuid.UUID
	Floor  int64
	Events []events.Event
	Next   int64
}

// Keys returns the query for rows of a page, with entries or without, and its parameters.
func (q ListQuery) Keys() (query *queries.Query, args []any) {
	byID, byTime := queries.ListByID, queries.ListByTime
	if q.Entries {
		byID, byTime = queries.ListByIDEntries, queries.ListByTimeEntries
	}
	if !q.ByTime {
		return byID, []any{q.AfterID[:], q.Limit}
	}
	at, after, before := int64(math.MinInt64), uuid.Max, int64(math.MaxInt64)
	if !q.From.IsZero() {
		at = Micros(q.From) - 1 // after every id of the time before, so inclusive
	}
	if !q.AfterAt.IsZero() {
		at, after = Micros(q.AfterAt), q.AfterID
	}
	if !q.Before.IsZero() {
		before = Micros(q.Before)
	}
	return byTime, []any{at, after[:], before, q.Limit}
}
