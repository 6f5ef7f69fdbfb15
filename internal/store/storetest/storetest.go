// Package storetest is the conformance suite of the store contract: what every engine must
// do, wherever it keeps its rows. An engine's own tests call [Run] with a factory of empty
// databases. They also test what is special about the engine: its settings, its files, its
// failures.
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

// Engine is the store contract: what the service needs, and what the program needs to run
// and verify a store.
type Engine interface {
	service.Store
	// FindDocument and DocumentHistory are those of store.Reader.
	FindDocument(ctx context.Context, id store.DocumentID) (store.Opened, error)
	DocumentHistory(ctx context.Context, id store.DocumentID, from int64, limit int) (store.Document, []store.Document, error)
	// Heads are the last durable entries of the access log's lanes that the
	// engine has written to since it was opened.
	Heads() []audit.Head
	// Trim deletes expired rows.
	Trim(ctx context.Context) error
	// Close does the waiting writes.
	Close() error
}

// Options are what a test passes to an engine.
type Options struct {
	Keys                         *sealing.Keyset
	Now                          func() time.Time
	KeyRetention, EventRetention time.Duration
	Report                       func(what string, err error)
}

// Database is one database of an engine, empty at first.
type Database interface {
	// Open opens the database; call it again after closing the engine.
	Open(t *testing.T, o Options) Engine
	// Indexed returns the records in the National Insurance number index under a keyed
	// hash.
	Indexed(t *testing.T, hash [32]byte) []uuid.UUID
	// Exec changes the database by hand. An engine may be open.
	Exec(t *testing.T, statement string)
	// ByHand is the database for whoever changes it directly, in spite of every constraint
	// that can be turned off. No engine is open.
	ByHand(t *testing.T) ByHand
	// Clear empties the database, on which no engine is open.
	Clear(t *testing.T)
	// Log shows the access log as it is now. An engine may be open.
	Log(t *testing.T, keys *sealing.Keyset, show func(audit.Log))
}

// test is one behaviour of the contract.
type test struct {
	name string
	run  func(t *testing.T, f *fixture)
}

// groups are all behaviours.
var groups = map[string][]test{
	"create":        creating,
	"erased":        erasing,
	"change":        changing,
	"history":       history,
	"access log":    accessLog,
	"idempotency":   idempotency,
	"list":          listing,
	"feed":          feeding,
	"retention":     retention,
	"clocks":        clocks,
	"parallel":      parallel,
	"durability":    durability,
	"load":          loading,
	"walk":          walking,
	"relay":         relaying,
	"documents":     documents,
	"several":       several,
	"merge":         merging,
	"people":        people,
	"erased people": erasingPeople,
	"load people":   loadingPeople,
	"numbers":       numbers,
	"large":         large,
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
	t.Run("tampering", func(t *testing.T) {
		t.Parallel()
		testTampering(t, create)
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
