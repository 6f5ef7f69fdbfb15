package postgres

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// Others steadily create records of the people in a load. It goes on: whom it finds has a
// record, and each of the others gets theirs.
func TestALoadGoesOnBesideCreatesOfTheSamePeople(t *testing.T) {
	t.Parallel()
	d := ownDatabase(t)
	// The load is slow between judging and writing, so that each time someone else was first.
	d.exec(t, `CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN IF current_query() NOT LIKE '%created%' THEN PERFORM pg_sleep(0.03); END IF; RETURN NULL; END $$`,
		"CREATE TRIGGER linger BEFORE INSERT ON identifier FOR EACH STATEMENT EXECUTE FUNCTION linger()")()
	f, other := open(t, d, ""), open(t, d, "")
	var people []equality.Record
	l := f.loading()
	for range 2000 {
		r := person()
		people = append(people, r)
		l.Arrivals = append(l.Arrivals, f.loading(store.Opened{ID: r.ID, Target: r.TargetID, Record: r}).Arrivals...)
	}
	l.Event = events.Created
	var next, created atomic.Int64
	ended := make(chan struct{})
	clashing := make(chan []error, 1)
	go func() {
		clashing <- together(2, func(int) error {
			for {
				select {
				case <-ended:
					return nil
				case <-time.After(5 * time.Millisecond):
				}
				n := next.Add(1) - 1
				if n >= int64(len(people)) {
					return nil
				}
				switch err := other.writing(people[n], true, entry("write")); {
				case err == nil:
					created.Add(1)
				case !errors.Is(err, errConflict):
					return err
				}
			}
		})
	}()
	eventually(t, func() bool { return next.Load() > 0 })
	landings, err := f.Load(context.Background(), l)
	ok(t, err)
	if next.Load() >= int64(len(people)) {
		t.Error("they had ended before the load: nothing was tried")
	}
	close(ended)
	for _, err := range <-clashing {
		ok(t, err)
	}
	landed := 0
	for i, landing := range landings {
		switch landing {
		case store.Landed:
			landed++
		case store.Same:
		default:
			t.Fatalf("arrival %d: %v", i, landing)
		}
	}
	if landed+int(created.Load()) != len(people) {
		t.Errorf("%d landed and %d were created, of %d people", landed, created.Load(), len(people))
	}
	if n := value[int](t, d, "SELECT count(*) FROM record"); n != len(people) {
		t.Errorf("%d records of %d people", n, len(people))
	}
	if n := value[int](t, d, "SELECT count(*) FROM identifier"); n != 2*len(people) {
		t.Errorf("%d ids of %d people", n, len(people))
	}
	heads := append(f.Heads(), other.Heads()...)
	ok(t, f.Close())
	ok(t, other.Close())
	d.sound(t, heads...)
}
