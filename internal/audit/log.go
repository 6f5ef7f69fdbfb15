package audit

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Log is a stored access log, and what is stored beside it, for verification. All methods
// read it as it was at one moment, one row at a time.
type Log interface {
	// Lanes is the number of lanes that the log must have.
	Lanes() int
	// Entries yields every entry, lane by lane, in order of sequence number.
	Entries(ctx context.Context, yield func(Logged) error) error
	// Written yields every entry that has the hash of a document, or a packed list. Only
	// the fields about these are set, and time, members and correlation id.
	Written(ctx context.Context, yield func(Logged) error) error
	// Stored yields every stored version of every kind of object, opened.
	Stored(ctx context.Context, yield func(Stored) error) error
	// Tombstones yields what is left of everything erased.
	Tombstones(ctx context.Context, yield func(Tombstone) error) error
	// Events yields every event of the feed.
	Events(ctx context.Context, yield func(Event) error) error
	// Remembered yields every remembered outcome of a write.
	Remembered(ctx context.Context, yield func(Remembered) error) error
	// Amiss yields what is wrong with rows that the log tells nothing about, given what
	// Stored has opened.
	Amiss(ctx context.Context, yield func(finding string) error) error
}

// Stored is a stored version of an object.
type Stored struct {
	Object   Object
	Name     string // of the object, if its owner has several of the kind
	ID       uuid.UUID
	Version  int64
	Modified time.Time
	Document [HashSize]byte // SHA-256 of the sealed document
	Members  []string       // that a record has, sensitive ones masked
	// Misplaced means that the version cannot be in the table where it is stored, Closed
	// that it does not open as what its row says, Lost that its ids do not lead to it, and
	// Later that there is an earlier version.
	Misplaced, Closed, Lost, Later bool
	// Merge is what a link tells of.
	Merge Merge
}

// Merge is that a person was merged into another, or taken out again: Other is the survivor, zero
// if neither.
type Merge struct {
	Away  bool
	Other uuid.UUID
}

// Tombstone is what is left of an erased record, or of a person's erased entry.
type Tombstone struct {
	Object  Object // empty if it is of no kind
	ID      uuid.UUID
	Version int64 // the last
	Genuine bool  // it was written with this keyset
}

// Event is an event of the feed.
type Event struct {
	At            time.Time
	Object        Object    // empty for one about an import
	Record        uuid.UUID // or the owner of another kind of object
	Version       int64
	Members       []string
	CorrelationID uuid.UUID
	Kind          EventKind
	// Merge is what an event of a merge tells; its object is the link of the person.
	Merge Merge
	// Strange means that something about it is wrong whatever the log tells: its target, its
	// type or its place among the record's events.
	Strange bool
}

// EventKind is what an event tells.
type EventKind int

// The kinds of events. Earlier programs' tests wrote others.
const (
	EventOther EventKind = iota
	EventCreated
	EventUpdated
	EventErased
	EventImported
)

// Remembered is the remembered outcome of a write.
type Remembered struct {
	At      time.Time
	Record  uuid.UUID // zero if it is about none
	Version int64
	// Strange means that it is none that the program stores, whatever the log tells.
	Strange bool
}
