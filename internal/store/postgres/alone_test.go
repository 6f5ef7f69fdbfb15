package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/store"
)

// stuck begins a load and waits until it is in the middle of its transaction. The load
// continues when released.
func (f *fixture) stuck() (release func(), loaded <-chan error) {
	f.t.Helper()
	r := person()
	l := f.loading(store.Opened{ID: r.ID, Target: r.TargetID, Record: r})
	begun, free := make(chan struct{}), make(chan struct{})
	l.Mark = "stuck"
	l.Position = func([]store.Landing) ([]byte, error) {
		close(begun)
		<-free
		return nil, nil
	}
	done := make(chan error, 1)
	go func() {
		_, err := f.Load(context.Background(), l)
		done <- err
	}()
	<-begun
	return func() { close(free) }, done
}

// Long work blocks nobody, and uses up nobody's deadline.
func TestNobodyWaitsBehindALoad(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(1)
	release, loaded := f.stuck()
	ctx, cancel := context.WithTimeout(t.Context(), commitTimeout/2)
	defer cancel()
	for _, err := range together(4, func(int) error {
		for range 5 {
			if err := f.writing(person(), true, entry("write")); err != nil {
				return err
			}
			if _, err := f.read(r.ID); err != nil {
				return err
			}
			if err := f.Append(ctx, entry("meanwhile")); err != nil {
				return err
			}
			if _, err := f.Events(ctx, uuid.Nil, 0, 10, 0); err != nil {
				return err
			}
		}
		return nil
	}) {
		ok(t, err)
	}
	select {
	case err := <-loaded:
		t.Errorf("the load is over: %v", err)
	default:
	}
	release()
	ok(t, <-loaded)
	f.goesOn()
}

// A load still gets its own time after other work has used all of its.
func TestALoadMayTakeLongerThanABatch(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits as long as a batch may take")
	}
	f := setup(t)
	release, loaded := f.stuck()
	time.Sleep(commitTimeout + time.Second)
	ok(t, f.Append(t.Context(), entry("after the deadline of a batch")))
	release()
	ok(t, <-loaded)
	f.goesOn()
}

// A change of a record that someone else has locked does not fail the changes that share
// its transaction.
func TestALockThatIsNotHadIsOneJobsOwn(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits as long as a lock is waited for")
	}
	f := setup(t)
	r := f.written(1)
	jobs := append(f.changing(r), &job{entry: entry("read"), done: make(chan struct{})})
	f.db.holding(t, "SELECT 1 FROM record WHERE id = $1 FOR UPDATE", r.ID[:])
	(&lane{store: f.Store, lease: noLease}).finish(jobs)
	if !errors.Is(jobs[0].err, store.ErrUnavailable) {
		t.Errorf("who waits for the lock is told %v", jobs[0].err)
	}
	ok(t, jobs[1].err)
}
