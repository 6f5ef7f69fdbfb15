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
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// Store is what the use cases need of a store. Every method may return
// store.ErrUnavailable. A read returns only when its access-log entry is
// durable, a write when all of it is.
type Store interface {
	Read(ctx context.Context, id uuid.UUID, enter func(store.Current) audit.Entry) (store.Found, error)
	History(ctx context.Context, id uuid.UUID, from int64, limit int,
		enter func(store.Current, []store.Version) (audit.Entry, bool)) (store.Current, []store.Version, error)
	List(ctx context.Context, q store.ListQuery, enter func([]store.Version) audit.Entry) ([]store.Version, bool, error)
	// Write may also return store.ErrKeyTaken, or the error of decide.
	Write(ctx context.Context, cmd store.Command, decide func(store.Current) (store.Decision, error)) (store.Current, error)
	Remembered(ctx context.Context, key [32]byte) (store.Remembered, bool, error)
	// Events may also return store.ErrCursorExpired. The zero epoch is any feed:
	// it begins behind the position, or behind the floor where that is higher.
	Events(ctx context.Context, epoch uuid.UUID, after int64, limit int, wait time.Duration,
		enter func([]events.Event) audit.Entry) (store.Feed, error)
	// Enter waits for nothing and returns no error.
	Enter(audit.Entry)
	Ready(ctx context.Context) error
	Bulk
	Relay
}

// Relay is what publishing events needs of a store.
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
	// Walk gives every record by id, as all were at one moment, when the entry
	// that enter makes of their number is durable. It keeps nobody from
	// writing. It may also return the error of yield, which ends it.
	Walk(ctx context.Context, enter func(count int64) audit.Entry, yield func(store.Version) error) error
}

// Options say how the use cases behave.
type Options struct {
	Rules *equality.Rules
	Keys  *sealing.Keyset
	Now   func() time.Time
	// RequireIfMatch refuses a change that does not say which version it is of.
	RequireIfMatch bool
}

// Service runs the use cases. Any number of goroutines may use it.
type Service struct {
	Options
	store   Store
	flights flights
}

// New returns a service on a store.
func New(s Store, o Options) *Service {
	return &Service{Options: o, store: s, flights: flights{running: make(map[[32]byte]chan struct{})}}
}

// Ready says whether personal data can be read and written at present.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ready(ctx) }
