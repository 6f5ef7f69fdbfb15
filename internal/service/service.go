// Package service holds the use cases: what a caller may do with people's equality
// information, what a write changes, what the access log records, and which events it
// raises. It knows neither HTTP nor SQL.
//
// Every use case takes an Access, which only Authorise makes: no use case runs unless its
// permission was checked.
package service

import (
	"context"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// Store is what the use cases need from a store, by role. Every method may return
// store.ErrUnavailable.
type Store interface {
	Records
	Log
	EventSource
	Bulk
	Relay
	Indexed
	Ready(ctx context.Context) error
	// Warning says what is wrong, although the store is ready: its clock; empty if nothing
	// is.
	Warning() string
}

// Records is what reading and changing records needs from a store. The caller must log a
// read in the access log before it shows the result.
type Records interface {
	Find(ctx context.Context, id uuid.UUID) (store.Opened, error)
	// FindWithEntry finds a record and, in Document, its person's entry in the directory.
	FindWithEntry(ctx context.Context, id uuid.UUID) (store.Opened, error)
	// FindDocument finds a sealed document that is no record, and the record that owns it.
	FindDocument(ctx context.Context, id store.DocumentID) (store.Opened, error)
	// Entries gives the entries of up to store.MostEntries people, in any order; none for people
	// without one. err is that of one entry alone.
	Entries(ctx context.Context, people []uuid.UUID, give func(d store.Document, err error)) error
	// History is for few versions, Versions for all: it does not keep their answers.
	History(ctx context.Context, id uuid.UUID, from int64, limit int) (store.Opened, []store.Opened, error)
	Versions(ctx context.Context, id uuid.UUID, limit int) (store.Opened, []store.Made, error)
	// List yields a page one record at a time. It may also return the error of yield.
	List(ctx context.Context, q store.ListQuery, yield func(store.Opened) error) (more bool, err error)
	// FindPeople is about people by themselves, merged into others or not.
	FindPeople(ctx context.Context, ids []uuid.UUID) ([]store.Person, error)
	// Write returns when everything is durable, including its entry. It may also return
	// store.ErrKeyTaken, or the error of decide.
	Write(ctx context.Context, cmd store.Command, decide func(store.Opened) (store.Decision, error)) (store.Opened, error)
	Remembered(ctx context.Context, key [32]byte) (store.Remembered, bool, error)
}

// Log is the access log.
type Log interface {
	// Append returns when the entry is durable.
	Append(ctx context.Context, entry audit.Entry) error
}

// EventSource is what reading events needs from a store.
type EventSource interface {
	// Events waits if there are no new events. A zero epoch means any feed: it begins after
	// the position, or after the floor if that is higher. It may also return
	// store.ErrCursorExpired.
	Events(ctx context.Context, epoch uuid.UUID, after int64, limit int, wait time.Duration) (store.Feed, error)
}

// Relay is what publishing events needs from a store, besides the feed.
type Relay interface {
	// Leads reports whether this process publishes, among those that share the store.
	Leads(ctx context.Context) (bool, error)
	// SwapMark sets the position of a mark if it is still as expected; nil means no mark.
	SwapMark(ctx context.Context, name string, was, now []byte) (swapped bool, err error)
}

// Bulk is what imports and exports need from a store.
type Bulk interface {
	// Load writes, in one transaction, all arrivals that can be stored, their events, the
	// load's own event, its mark and one entry. It returns the landings in order.
	Load(ctx context.Context, l store.Load) ([]store.Landing, error)
	// Mark returns the position of the last load with this mark; nil if there is none.
	Mark(ctx context.Context, name string) ([]byte, error)
	// Walk yields every record by id, as they all were at one moment, after the entry is
	// durable; Walk sets its count. Writes continue meanwhile. It may also return the error
	// of yield, which ends it.
	Walk(ctx context.Context, entry audit.Entry, yield func(total int64, o store.Opened) error) error
	// WalkEntries does the same with the directory's entries. yield is given the error of one
	// that cannot be opened.
	WalkEntries(ctx context.Context, entry *audit.Entry, yield func(total int64, d store.Document, err error) error) error
}

// Options configure the use cases.
type Options struct {
	Rules *equality.Rules
	Keys  *sealing.Keyset
	Now   func() time.Time
	// RequireIfMatch refuses a change that does not say which version it is for.
	RequireIfMatch bool
	// Directory is who knows people; nil for the store.
	Directory Directory
	// Report tells of what goes wrong without failing a request; nil for nobody.
	Report func(what string, err error)
	// Preset says whether what is held for monitoring takes a permission to see.
	Preset identity.Preset
	// EventRetention and KeyRetention are how long the store keeps events and remembered
	// outcomes. CopyRetention is how long copies of the database are kept: backups and
	// archived WAL. The certificate of an erasure states all three.
	EventRetention, KeyRetention, CopyRetention time.Duration
}

// Service runs the use cases. Any number of goroutines may use it.
type Service struct {
	Options
	visibility []rule
	records    Records
	stored     *storedDirectory // nil if the directory is that of the options
	log        Log
	feed       EventSource
	bulk       Bulk
	indexed    Indexed
	index      peopleIndex
	relay      Relay
	health     health
	flights    flights
}

// New returns a service that uses a store.
func New(s Store, o Options) *Service {
	if o.Report == nil {
		o.Report = func(string, error) {}
	}
	service := &Service{Options: o, visibility: visibility(o.Preset), records: s, log: s, feed: s, bulk: s, indexed: s, relay: s, health: health{store: s},
		flights: flights{running: make(map[[32]byte]chan struct{})}}
	if o.Directory == nil {
		service.stored = &storedDirectory{s, o.Report}
	}
	return service
}
