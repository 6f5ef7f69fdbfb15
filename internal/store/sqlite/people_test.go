package sqlite

import (
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// erasePerson erases a person's entry in the directory.
func (f *fixture) erasePerson(id uuid.UUID) {
	f.t.Helper()
	cmd := store.PersonEntry(id).Command()
	cmd.EventID = uuid.New()
	_, err := f.Write(f.t.Context(), cmd, func(c store.Opened) (store.Decision, error) {
		e := entry(audit.ActionErase)
		return store.Decision{Effects: []store.Effect{store.ErasePerson{Found: []store.Document{c.Document}, Reason: "unlawful", By: e.Subject, Event: events.PersonErased}}, Entry: e}, nil
	})
	ok(f.t, err)
}

func TestAPersonErasedBeforeTheNewestKeysIsInNoOlderBackup(t *testing.T) {
	t.Parallel()
	f := setup(t)
	kept, gone, back, again, twice := uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()
	for _, id := range []uuid.UUID{kept, gone, back, again, twice} {
		f.put(store.PersonEntry(id), 2)
	}
	for _, id := range []uuid.UUID{back, twice} { // erased, and there again at the backup
		f.erasePerson(id)
		f.put(store.PersonEntry(id), 1)
	}
	old := f.db.backup(t)
	for _, id := range []uuid.UUID{gone, again, twice} {
		f.erasePerson(id)
	}
	f.put(store.PersonEntry(again), 1) // under another key
	later := uuid.New()
	f.put(store.PersonEntry(later), 1)
	f.erasePerson(later)
	newest := f.db.backup(t)

	both := pair{old.records, newest.keys}.restored(t, 0, 3)
	for id, want := range map[uuid.UUID]store.Document{
		kept: {State: store.Present, Version: 1}, back: {State: store.Present, Version: 2},
		gone: {State: store.Erased, Version: 1}, again: {State: store.Erased, Version: 1}, twice: {State: store.Erased, Version: 2}, later: {State: store.Erased},
	} {
		o, err := both.FindDocument(t.Context(), store.PersonEntry(id))
		if d := o.Document; err != nil || d.State != want.State || d.Version != want.Version {
			t.Errorf("an entry is %v at version %d, want %+v: %v", d.State, d.Version, want, err)
		}
	}
	if n := both.db.value(t, "SELECT count(*) FROM owner_key"); n != 2 {
		t.Errorf("%d keys", n)
	}
	both.put(store.PersonEntry(again), 1)
	ok(t, both.Close())
	both.db.sound(t, testKeys())
	newest.restored(t, 0)
	// An entry that has lost its key was not erased.
	stranger := setup(t)
	stranger.put(store.PersonEntry(kept), 1)
	if _, _, err := (pair{old.records, stranger.db.backup(t).keys}).restore(t); err == nil {
		t.Error("the keys of another database were taken")
	}
}
