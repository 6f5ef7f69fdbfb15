// Package service holds the use cases: what a caller may do with people's
// equality information, what a write changes, what the access log says of it
// and which event it raises. It knows neither HTTP nor SQL.
//
// Every use case takes an Access, which only Authorise
// makes: no use case runs without its permission having been checked.
package service

import (
	"context"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// Store is what the use cases need of a store, by role. Every method may return
// store.ErrUnavailable.
type Store interface {
	Records
	Log
	EventSource
	Bulk
	Relay
	Ready(ctx context.Context) error
}

// Records is what reading and changing records needs of a store. What is read
// must not be shown before the log has an entry of it.
type Records interface {
	Find(ctx context.Context, id uuid.UUID) (store.Opened, error)
	History(ctx context.Context, id uuid.UUID, from int64, limit int) (store.Opened, []store.Opened, error)
	List(ctx context.Context, q store.ListQuery) (page []store.Opened, more bool, err error)
	// Write returns when all of it is durable, its entry too. It may also
	// return store.ErrKeyTaken, or the error of decide.
	Write(ctx context.Context, cmd store.Command, decide func(store.Opened) (store.Decision, error)) (store.Opened, error)
	Remembered(ctx context.Context, key [32]byte) (store.Remembered, bool, error)
}

// Log is the access log.
type Log interface {
	// Append returns when the entry is durable.
	Append(ctx context.Context, entry audit.Entry) error
}

// EventSource is what reading events needs of a store.
type EventSource interface {
	// Events waits for news where there are none. The zero epoch is any feed: it
	// begins behind the position, or behind the floor where that is higher. It
	// may also return store.ErrCursorExpired.
	Events(ctx context.Context, epoch uuid.UUID, after int64, limit int, wait time.Duration) (store.Feed, error)
}

// Relay is what publishing events needs of a store, besides the feed.
type Relay interface {
	// Leads says whether this process is the one to publish, of those that share the store.
	Leads(ctx context.Context) (bool, error)
	// SwapMark sets the position of a mark that is still as expected; nil is none.
	SwapMark(ctx context.Context, name string, was, now []byte) (swapped bool, err error)
}

// Bulk is what imports and exports need of a store.
type Bulk interface {
	// Load writes all arrivals that land, their events, the load's own, its
	// mark and one entry in one transaction, and gives the landings in order.
	Load(ctx context.Context, l store.Load) ([]store.Landing, error)
	// Mark gives the position of the last load with this mark, nil where there is none.
	Mark(ctx context.Context, name string) ([]byte, error)
	// Walk gives every record by id, as all were at one moment, once the entry
	// is durable, whose count it sets. It keeps nobody from writing. It may
	// also return the error of yield, which ends it.
	Walk(ctx context.Context, entry audit.Entry, yield func(total int64, o store.Opened) error) error
}

// Options say how the use cases behave.
type Options struct {
	Rules *equality.Rules
	Keys  *sealing.Keyset
	Now   func() time.Time
	// RequireIfMatch refuses a change that does not say which version it is of.
	RequireIfMatch bool
	// EventRetention and KeyRetention are how long the store keeps events and
	// remembered outcomes, and CopyRetention how long copies of the database
	// are kept: backups and archived WAL. The certificate of an erasure says so.
	EventRetention, KeyRetention, CopyRetention time.Duration
}

// Service runs the use cases. Any number of goroutines may use it.
type Service struct {
	Options
	records Records
	log     Log
	feed    EventSource
	bulk    Bulk
	relay   Relay
	ready   func(context.Context) error
	flights flights
}

// New returns a service on a store.
func New(s Store, o Options) *Service {
	return &Service{Options: o, records: s, log: s, feed: s, bulk: s, relay: s, ready: s.Ready,
		flights: flights{running: make(map[[32]byte]chan struct{})}}
}

// Ready says whether personal data can be read and written at present.
func (s *Service) Ready(ctx context.Context) error { return s.ready(ctx) }
