package postgres

import (
	"context"
	"errors"
	"testing"

	"equality-information-api/internal/store"
)

// If the connection is lost during a load's commit, the load may be done or not. Loading
// the same again returns what is stored.
func TestALoadThatCommitsLateIsFoundByTheNext(t *testing.T) {
	t.Parallel()
	d := ownDatabase(t)
	// Commits that append to the log wait while someone holds the lock.
	const lock = 42
	d.exec(t, `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NULL; END $$`,
		`CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()`)()
	p, way := through(t, d.app)
	f := open(t, d, way)
	f.expected.Store(true)
	f.written(1)
	r := person()
	v := store.Opened{ID: r.ID, Target: r.TargetID, Record: r}
	load := func() ([]store.Landing, error) { return f.Load(context.Background(), f.loading(v)) }
	release := d.holding(t, "SELECT pg_advisory_xact_lock($1)", lock)
	happened := p.cutAt(cut{mark: "commit\x00", forward: true})
	first := make(chan error, 1)
	go func() {
		_, err := load()
		first <- err
	}()
	lost(t, happened)
	if err := <-first; !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("who loads is told %v", err)
	}
	second := make(chan []store.Landing, 1)
	go func() {
		landings, err := load()
		if err != nil {
			t.Error(err)
		}
		second <- landings
	}()
	d.waiting(t, 2) // for the lock, and for the one who waits for it
	release()
	if landings := <-second; len(landings) != 1 || landings[0] != store.Same {
		t.Errorf("the second is told %v", landings)
	}
	if n := value[int64](t, d, "SELECT count(*) FROM record WHERE id = $1", r.ID[:]); n != 1 {
		t.Errorf("%d records", n)
	}
	f.goesOn()
}
