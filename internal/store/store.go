// Package store owns the store contract: what a record looks like to the
// service, the one call that changes it, the reads that leave a trace, and the
// named queries both engines run. The engines are in packages of their own.
//
// The store seals and opens documents, numbers versions, and writes record,
// history, access-log entry, event and idempotency outcome in one transaction.
// It decides nothing: what may change, and who may see it, is the service's.
package store

import (
	"errors"
	"math"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
)

var (
	// ErrUnavailable is every failure of the store that may pass by itself: a
	// full disk, a read-only directory, an I/O error. Nothing was changed, or
	// nobody was told that it was.
	ErrUnavailable = errors.New("the store is unavailable")
	// ErrKeyTaken is a write whose idempotency key another request has used
	// in the meantime. Its outcome can be looked up; nothing was changed.
	ErrKeyTaken = errors.New("the idempotency key has been used")
	// ErrCursorExpired is a place in the feed that is no longer kept, or that
	// belongs to another feed.
	ErrCursorExpired = errors.New("the feed no longer goes back to that place")
)

// State is what an id leads to.
type State int

// The states of an id.
const (
	Absent State = iota
	Present
	Erased
)

// Change is who made a version of a record, why, and which members it changed.
type Change struct {
	Subject string   `json:"subject"`
	Name    string   `json:"name,omitzero"`
	Reason  string   `json:"reason"`
	Members []string `json:"members"`
}

// Version is one version of a record, opened.
type Version struct {
	ID       uuid.UUID
	Target   uuid.UUID
	Version  int64
	Modified time.Time // UTC, microseconds
	Change   Change
	Record   equality.Record
	// Verbatim says that the record is shown as its JSON is stored: each value
	// that has a list was in it when the version was made.
	Verbatim bool
}

// Current is a record as it stands when it is read or decided on. Where the
// state is Erased, only Version.ID and Version.Version (the last one) are set.
type Current struct {
	State State
	Version
}

// Found is a record as it was read, opened only as far as needed.
type Found struct {
	Current        // without Record and Change where Text is set
	Text    []byte // the record's JSON, where that can be shown as it is stored
	plain   []byte
}

// Open gives the record whole. Error: one that names no value.
func (f Found) Open() (Current, error) {
	if f.Text == nil {
		return f.Current, nil
	}
	err := f.decode(f.plain)
	return f.Current, err
}

// Command is a write before it is decided.
type Command struct {
	// ID is the id of the record to change, or its target's; for a create,
	// the id the record is to have.
	ID uuid.UUID
	// Target is the person of a record to create; zero makes the command a change.
	Target uuid.UUID
	// EventID names the event of the change, and so the change itself: made
	// once before the first attempt, unique in the store.
	EventID uuid.UUID
	// Key is set where the caller sent an idempotency key.
	Key *Key
}

// Key is an idempotency key and the body it was sent with, as keyed hashes.
type Key struct {
	Key  [32]byte
	Body [32]byte
}

// Decision is what a use case makes of a record as it stands.
type Decision struct {
	// Next is the record as it is to be; nil changes nothing. Its ID and
	// TargetID are those of the stored record.
	Next     *equality.Record
	Verbatim bool // of the version that Next makes
	Change   Change
	// Entry is written to the access log whatever is decided. The store
	// fills in Record, Version and Document for a change.
	Entry audit.Entry
	// Event is the type of the change's event.
	Event string
	// Outcome is remembered under the idempotency key where there is one,
	// unless its status is 0.
	Outcome Outcome
}

// Outcome is how a write ended, as a retry with the same key is told.
type Outcome struct {
	Status  int
	Problem string // stable code of the problem, empty on success
	Record  uuid.UUID
	Version int64
}

// Remembered is an outcome together with the body it belongs to.
type Remembered struct {
	Outcome
	Body [32]byte
}

// ListQuery asks for a page of records. Without From and Before the order is
// by id; with either it is by time of change, then id.
type ListQuery struct {
	ByTime  bool
	From    time.Time // inclusive; zero is the beginning
	Before  time.Time // exclusive; zero is no end
	AfterAt time.Time // the last record of the page before
	AfterID uuid.UUID
	Limit   int
}

// Feed is a page of events. Next is the place behind its last event, and Floor
// the last position that has been dropped.
type Feed struct {
	Epoch  uuid.UUID
	Floor  int64
	Events []events.Event
	Next   int64
}

// Keys are the query that gives a page, list-by-id or list-by-time, and its
// parameters. It gives one record more than was asked for, which tells whether
// there is a next page.
func (q ListQuery) Keys() (name string, args []any) {
	if !q.ByTime {
		return "list-by-id", []any{q.AfterID[:], q.Limit + 1}
	}
	at, after, before := int64(math.MinInt64), uuid.Max, int64(math.MaxInt64)
	if !q.From.IsZero() {
		at = Micros(q.From) - 1 // behind every id of that time, so inclusive
	}
	if !q.AfterAt.IsZero() {
		at, after = Micros(q.AfterAt), q.AfterID
	}
	if !q.Before.IsZero() {
		before = Micros(q.Before)
	}
	return "list-by-time", []any{at, after[:], before, q.Limit + 1}
}
