package postgres

import (
	"errors"
	"math"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// A document that does not open will not open later either. Callers must not be told to try
// again, and the connection was not lost.
func TestADocumentThatDoesNotOpenIsNoOutage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(2)
	f.db.query(t, bySQL(`UPDATE history SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)`))
	tampered := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, sealing.ErrTampered) || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, _, err := f.History(t.Context(), r.ID, math.MaxInt64, 10)
	tampered("history", err)
	f.db.query(t, bySQL(`UPDATE record SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)`))
	_, err = f.read(r.ID)
	tampered("read", err)
	_, err = f.List(t.Context(), store.ListQuery{Limit: 10}, passed)
	tampered("list", err)
	err = f.Walk(t.Context(), entry("walk"), func(int64, store.Opened) error { return nil })
	tampered("walk", err)
	arrival, err := store.NewArrival(f.Keys, store.Opened{ID: r.ID, Target: r.TargetID, Record: r}, uuid.Nil)
	ok(t, err)
	_, err = f.Load(t.Context(), store.Load{Arrivals: []store.Arrival{arrival}, Event: events.Created, Entry: entry("import")})
	tampered("load", err)
	if n := f.doubts.losses.n.Load(); n != 0 {
		t.Errorf("%d connections were taken for lost", n)
	}
}

// The caller's own error comes back unchanged.
func TestAPositionThatCannotBeKeptIsNoOutage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	full := errors.New("test: no space for rejects")
	_, err := f.Load(t.Context(), store.Load{Entry: entry("import"), Mark: "test",
		Position: func([]store.Landing) ([]byte, error) { return nil, full }})
	if !errors.Is(err, full) || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}
