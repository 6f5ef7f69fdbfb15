package postgres

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/storetest"
)

// newStore is an open store on an empty database.
func newStore(t *testing.T, d database) *Store {
	t.Helper()
	keys, err := sealing.Generate()
	ok(t, err)
	s := d.Open(t, storetest.Options{Keys: keys, Now: time.Now, KeyRetention: time.Hour, EventRetention: time.Hour,
		Report: func(what string, err error) { t.Log(what, err) }}).(*Store)
	t.Cleanup(func() { ok(t, s.Close()) })
	return s
}

// A batch whose end is unknown goes over another connection, which has
// prepared none of its statements.
func TestBatchIsSentAgain(t *testing.T) {
	t.Parallel()
	s := newStore(t, newDatabase(t))
	b := newBatch(s, audit.Head{Lane: 3}, []*job{{entry: audit.Entry{ID: uuid.New()}}})
	if _, err := b.send(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	s.pool.Reset()
	if _, err := b.send(t.Context(), s); code(err) != uniqueViolation {
		t.Errorf("sent again, it is answered %v, want that its place is taken", err)
	}
}
