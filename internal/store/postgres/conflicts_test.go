package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// changing are changes of records in one transaction, in this order.
func (f *fixture) changing(records ...equality.Record) (jobs []*job) {
	f.t.Helper()
	for _, r := range records {
		found, err := store.FindFor(context.Background(), tables{f.Store}, f.Keys, store.Command{ID: r.ID})
		ok(f.t, err)
		r.AgeGroup += "+"
		plan, err := store.NewPlan(f.Keys, found, func(c store.Opened) (store.Decision, error) {
			return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: r, Event: events.Updated}}, Entry: entry("write")}, nil
		})
		ok(f.t, err)
		jobs = append(jobs, f.planned(plan, store.Command{ID: r.ID, EventID: uuid.New()}))
	}
	return jobs
}

func TestChangesInAnyOrderDoNotLockEachOtherOut(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	f := open(t, d, d.waitingLong())
	a, b := f.written(1), f.written(1)
	const deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
	before := value[int64](t, f.db, deadlocks)
	batches := [][]*job{f.changing(a, b), f.changing(b, a)}
	// Both wait for their first row, get it at the same time, and then want the other's.
	release := f.db.holding(t, "SELECT 1 FROM record FOR UPDATE")
	done := make(chan struct{}, 2)
	for _, jobs := range batches {
		go func() {
			(&lane{store: f.Store, lease: noLease}).finish(jobs)
			done <- struct{}{}
		}()
	}
	f.db.waiting(t, 2)
	release()
	<-done
	<-done
	won := 0
	for _, j := range append(batches[0], batches[1]...) {
		switch {
		case j.err == nil:
			won++
		case !errors.Is(j.err, errMoved):
			t.Error(j.err)
		}
	}
	if won != 2 {
		t.Errorf("%d of four changes of two records were made", won)
	}
	if n := value[int64](t, f.db, deadlocks) - before; n != 0 {
		t.Errorf("%d deadlocks", n)
	}
	f.db.sound(t, f.Heads()...)
}

func TestADeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	f := open(t, d, d.waitingLong())
	jobs := f.changing(f.written(1), f.written(1))
	// Someone else has the second row, and then wants the first.
	ctx := context.Background()
	other, err := pgx.Connect(ctx, f.db.owner)
	ok(t, err)
	defer func() { ok(t, other.Close(ctx)) }()
	tx, err := other.Begin(ctx)
	ok(t, err)
	first, second := sortedByTarget(jobs)
	_, err = tx.Exec(ctx, "SELECT 1 FROM record WHERE id = $1 FOR UPDATE", second[:])
	ok(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		(&lane{store: f.Store, lease: noLease}).finish(jobs)
	}()
	f.db.waiting(t, 1)
	_, err = tx.Exec(ctx, "SELECT 1 FROM record WHERE id = $1 FOR UPDATE", first[:])
	// The session whose deadlock check comes later is refused: on a slow machine, the other
	// one.
	if err != nil && code(err) != deadlockDetected {
		t.Fatal(err)
	}
	ok(t, tx.Rollback(ctx))
	<-done
	for _, j := range jobs {
		ok(t, j.err)
	}
	f.db.sound(t, f.Heads()...)
}

func sortedByTarget(jobs []*job) (first, second uuid.UUID) {
	a, b := jobs[0].plan.Puts[0], jobs[1].plan.Puts[0]
	if a.Target.String() > b.Target.String() {
		a, b = b, a
	}
	return a.ID, b.ID
}

func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.expected.Store(true)
	f.written(1)
	f.db.exec(t, "CREATE SEQUENCE tried", "GRANT USAGE ON tried TO PUBLIC",
		`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			PERFORM nextval('tried'); RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$`,
		"CREATE TRIGGER refuse BEFORE INSERT ON audit EXECUTE FUNCTION refuse()")()
	heal := func() { f.db.exec(t, "DROP FUNCTION IF EXISTS refuse CASCADE", "DROP SEQUENCE IF EXISTS tried")() }
	defer heal()
	if err := f.Append(t.Context(), entry("read")); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("the caller is told %v", err)
	}
	if n := value[int64](t, f.db, "SELECT last_value FROM tried"); n != maxTries+1 {
		t.Errorf("it was tried %d times", n)
	}
	if _, err := f.Load(t.Context(), store.Load{Mark: "test", Entry: entry("import"),
		Position: func([]store.Landing) ([]byte, error) { return nil, nil }}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("who loads is told %v", err)
	}
	if n := value[int64](t, f.db, "SELECT last_value FROM tried"); n != 2*(maxTries+1) {
		t.Errorf("both were tried %d times", n)
	}
	heal()
	f.goesOn()
}

func TestManyThatNoLongerFitLeaveTheOthersTheirTries(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(2)
	var jobs []*job
	for range maxTries + 5 { // creates for a person who already has a record
		fresh := person()
		fresh.TargetID = r.TargetID
		plan, err := store.NewPlan(f.Keys, store.Opened{}, func(c store.Opened) (store.Decision, error) {
			return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: fresh, Event: events.Updated}}, Entry: entry("write")}, nil
		})
		ok(t, err)
		jobs = append(jobs, f.planned(plan, store.Command{ID: fresh.ID, Target: fresh.TargetID, EventID: uuid.New()}))
	}
	last := &job{entry: entry("read"), done: make(chan struct{})}
	l := &lane{store: f.Store, lease: noLease}
	ok(t, l.enters(1))
	l.head.Seq = 0 // it collides until it gives up
	l.finish(append(jobs, last))
	ok(t, last.err)
	for i, j := range jobs {
		if !errors.Is(j.err, errMoved) {
			t.Errorf("job %d: %v", i, j.err)
		}
	}
	f.db.sound(t, f.Heads()...)
}

// Behind a slow writer of a record, nobody waits longer than their own context allows.
func TestATurnIsWaitedForAsLongAsTheCallerDoes(t *testing.T) {
	t.Parallel()
	var all turns
	id := uuid.New()
	release, err := all.take(t.Context(), id)
	ok(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := all.take(ctx, id); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second: %v", err)
	}
	release()
	again, err := all.take(t.Context(), id)
	ok(t, err)
	again()
	if len(all.waiting) > 0 {
		t.Error("turns are left that nobody waits for")
	}
}
