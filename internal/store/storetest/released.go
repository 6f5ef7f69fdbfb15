package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
)

// ReleasedPeople writes the entries of two invented people, one of whom is then erased, for what
// a schema version wrote; ReadReleasedPeople reads them again.
func ReleasedPeople(t *testing.T, e Engine, there, gone uuid.UUID, at time.Time) {
	t.Helper()
	for i, id := range []uuid.UUID{there, there, gone, gone} {
		_, err := e.Write(t.Context(), store.PersonEntry(id).Command(), func(c store.Opened) (store.Decision, error) {
			d := store.Decision{Entry: audit.Entry{ID: uuid.New(), At: at, Subject: "officer-1", Action: "put", Outcome: audit.Done, Status: 200}}
			if i == 3 {
				d.Entry.Action = audit.ActionErase
				d.Effects = []store.Effect{store.ErasePerson{Found: []store.Document{c.Document}, Reason: "unlawful", By: "officer-1"}}
				return d, nil
			}
			d.Effects = []store.Effect{store.PutDocument{Found: c.Document, Content: fmt.Appendf(nil, `{"surname":"Invented %d"}`, i)}}
			return d, nil
		})
		ok(t, "write a person", err)
	}
}

// ReadReleasedPeople reads what ReleasedPeople wrote.
func ReadReleasedPeople(t *testing.T, e Engine, there, gone uuid.UUID) {
	t.Helper()
	for id, want := range map[uuid.UUID]store.Document{
		there: {State: store.Present, Version: 1, Content: []byte(`{"surname":"Invented 1"}`)}, gone: {State: store.Erased},
	} {
		o, err := e.FindDocument(t.Context(), store.PersonEntry(id))
		ok(t, "read a person", err)
		want.DocumentID, want.Modified = store.PersonEntry(id), o.Document.Modified
		equal(t, "entry", o.Document, want)
	}
}
