// Package storetest is the conformance suite of the store contract: what every
// engine must do, whatever keeps its rows. An engine's own tests call [Run]
// with a factory of empty databases. What only one engine has (its settings,
// its files, its ways to fail) is for that engine's own tests.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store"
)

// Engine is the store contract: what the service needs, and what the program
// needs to run and verify a store.
type Engine interface {
	service.Store
	// FindDocument and DocumentHistory are those of store.Reader.
	FindDocument(ctx context.Context, id store.DocumentID) (store.Opened, error)
	DocumentHistory(ctx context.Context, id store.DocumentID, from int64, limit int) (store.Document, []store.Document, error)
	// Heads are the last durable entries of the access log's lanes that the
	// engine has written to since it was opened.
	Heads() []audit.Head
	// Trim drops a batch of what is past its retention.
	Trim(ctx context.Context) error
	// Close finishes what waits to be written.
	Close() error
}

// Options are what a test injects into an engine.
type Options struct {
	Keys                         *sealing.Keyset
	Now                          func() time.Time
	KeyRetention, EventRetention time.Duration
	Report                       func(what string, err error)
}

// Database is one database of an engine, empty at first.
type Database interface {
	// Open opens the database, once more after the engine it gave was closed.
	Open(t *testing.T, o Options) Engine
	// Indexed gives the records that the National Insurance number index has
	// under a keyed hash.
	Indexed(t *testing.T, hash [32]byte) []uuid.UUID
	// Exec changes the database by hand. An engine may be open.
	Exec(t *testing.T, statement string)
	// Clear empties the database, on which no engine is open.
	Clear(t *testing.T)
	// Log shows the access log as it is at the moment. An engine may be open.
	Log(t *testing.T, keys *sealing.Keyset, show func(audit.Log))
}

// test is one behaviour of the contract.
type test struct {
	name string
	run  func(t *testing.T, f *fixture)
}

// groups are all behaviours.
var groups = map[string][]test{
	"create":      creating,
	"erased":      erasing,
	"change":      changing,
	"history":     history,
	"access log":  accessLog,
	"idempotency": idempotency,
	"list":        listing,
	"feed":        feeding,
	"retention":   retention,
	"parallel":    parallel,
	"durability":  durability,
	"load":        loading,
	"walk":        walking,
	"relay":       relaying,
	"documents":   documents,
}

// Run tests an engine. create makes an empty database, which goes with the test.
func Run(t *testing.T, create func(t *testing.T) Database) {
	for group, tests := range groups {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					test.run(t, newFixture(t, create(t)))
				})
			}
		})
	}
	t.Run("model", func(t *testing.T) {
		t.Parallel()
		testModel(t, create)
	})
	t.Run("swaps", func(t *testing.T) {
		t.Parallel()
		testSwaps(t, create)
	})
	t.Run("list walk", func(t *testing.T) {
		t.Parallel()
		testWalk(t, create)
	})
}
