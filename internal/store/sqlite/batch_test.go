package sqlite

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	driver "modernc.org/sqlite"

	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// yield lets other goroutines run while a test waits for them.
func yield() { runtime.Gosched() }

// commits counts the writer's transactions.
func (f *fixture) commits() *atomic.Int64 {
	f.t.Helper()
	var n atomic.Int64
	ok(f.t, f.writer.conn.Raw(func(conn any) error {
		conn.(driver.HookRegisterer).RegisterCommitHook(func() int32 {
			n.Add(1)
			return 0
		})
		return nil
	}))
	return &n
}

// start starts n writes and waits until all of them wait for the writer.
func (f *fixture) start(n int, run func(i int) error) (wait func() []error) {
	f.t.Helper()
	errs, done := make([]error, n), make(chan struct{}, n)
	for i := range n {
		go func() {
			errs[i] = run(i)
			done <- struct{}{}
		}()
	}
	f.queued(n)
	return func() []error {
		for range n {
			<-done
		}
		return errs
	}
}

func TestWhatWaitsTogetherSharesATransaction(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(1)
	entries := f.db.value(t, "SELECT count(*) FROM audit")
	commits := f.commits()
	const n = 60
	release := f.hold()
	wait := f.start(n, func(i int) error {
		if i%2 == 0 {
			return f.write(person())
		}
		_, err := f.read(r.ID)
		return err
	})
	before := commits.Load()
	release()
	for _, err := range wait() {
		ok(t, err)
	}
	// One for the job that held the writer, one for all the others.
	if got := commits.Load() - before; got > 2 {
		t.Errorf("%d commits for %d that waited together", got, n)
	}
	if got := f.db.value(t, "SELECT count(*) FROM audit") - entries; got != n {
		t.Errorf("%d entries, not %d", got, n)
	}
	f.db.sound(t, testKeys())
}

func TestABatchHasABound(t *testing.T) {
	t.Parallel()
	f := setup(t)
	commits := f.commits()
	const n = batchLength + batchLength/2
	release := f.hold()
	wait := f.start(n, func(int) error {
		_, err := f.read(person().ID)
		return err
	})
	before := commits.Load()
	release()
	for _, err := range wait() {
		ok(t, err)
	}
	if got := commits.Load() - before; got < 2 || got > 3 {
		t.Errorf("%d commits", got)
	}
}

func TestWhatFailsInABatchFailsAlone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	key := &store.Key{Key: [32]byte{1}}
	victim := f.written(1)
	release := f.hold()
	panics := 0
	wait := f.start(12, func(i int) error {
		switch i {
		case 3: // its record changes before it is written
			_, err := f.Write(context.Background(), store.Command{ID: victim.ID, Target: victim.TargetID}, func(c store.Opened) (store.Decision, error) {
				if c.State == store.Present {
					panics++
					panic("a decision that cannot be made")
				}
				return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: victim}}, Entry: entry("write")}, nil
			})
			return err
		case 5, 6: // they share a key, so one of them is too late
			_, err := f.Write(context.Background(), store.Command{ID: victim.ID, Key: key}, func(c store.Opened) (store.Decision, error) {
				return store.Decision{Entry: entry("write"), Outcome: store.Outcome{Status: 200}}, nil
			})
			return err
		case 9:
			return f.writer.do(context.Background(), func(tx *tx) error {
				tx.enter(entry("undone"))
				return errors.New("test: failed after its entry")
			})
		case 10: // the whole transaction is repeated without it
			return f.writer.do(context.Background(), func(tx *tx) error {
				tx.enter(entry("undone"))
				if _, err := tx.exec(queries.MetaWrite, "undone", []byte{1}); err != nil {
					return err
				}
				return errors.New("test: failed after it had written")
			})
		}
		return f.write(person())
	})
	release()
	errs := wait()
	for i, err := range errs {
		switch i {
		case 3, 9, 10:
			if err == nil || errors.Is(err, store.ErrUnavailable) {
				t.Errorf("job %d: %v", i, err)
			}
		case 5, 6:
		default:
			ok(t, err)
		}
	}
	if (errs[5] == nil) == (errs[6] == nil) || !errors.Is(errors.Join(errs[5], errs[6]), store.ErrKeyTaken) {
		t.Errorf("of two with one key: %v, %v", errs[5], errs[6])
	}
	if panics < 1 || panics > 2 { // twice if it came before the job for which the transaction is repeated
		t.Errorf("it panicked %d times", panics)
	}
	if n := f.db.value(t, "SELECT count(*) FROM record"); n != 1+7 {
		t.Errorf("%d records", n)
	}
	if n := f.db.value(t, "SELECT count(*) FROM audit"); n != 1+7+1 {
		t.Errorf("%d entries", n)
	}
	if n := f.db.value(t, "SELECT count(*) FROM audit WHERE action = 'undone'"); n != 0 {
		t.Error("the entry of what failed is there")
	}
	if n := f.db.value(t, "SELECT count(*) FROM meta WHERE name = 'undone'"); n != 0 {
		t.Error("what was written before the failure is there")
	}
	head := f.Heads()[0]
	f.db.sound(t, testKeys(), head)
}

func TestAClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(1)
	release := f.hold()
	wait := f.start(5, func(int) error { return f.write(person()) })
	closed := make(chan error)
	go func() { closed <- f.Close() }()
	release()
	for _, err := range wait() {
		ok(t, err) // waiting jobs are done
	}
	ok(t, <-closed)
	err := f.writer.do(t.Context(), func(*tx) error { return nil })
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a job: %v", err)
	}
	if err := f.write(r); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a write: %v", err)
	}
	if err := f.Trim(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("trimming: %v", err)
	}
	if n := f.db.value(t, "SELECT count(*) FROM record"); n != 6 {
		t.Errorf("%d records", n)
	}
	f.db.sound(t, testKeys())
}

func TestWhoeverLeavesTheQueueLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	release := f.hold()
	ctx, cancel := context.WithCancel(t.Context())
	wait := f.start(1, func(int) error {
		return f.Append(ctx, entry("read"))
	})
	cancel()
	if err := wait()[0]; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	after := f.start1(func() error { return f.write(person()) })
	release()
	ok(t, <-after)
	f.db.sound(t, testKeys())
}

// An event that waits for its batch is not in the feed yet when the erasure empties those of the record.
func TestAnErasureEmptiesTheEventsOfItsOwnBatch(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(1)
	release := f.hold()
	change := r
	change.AgeGroup = "35-44"
	changing := f.start(1, func(int) error { return f.write(change) })
	erasing := f.start1(func() error { f.erase(r.ID); return nil })
	release()
	ok(t, changing()[0])
	ok(t, <-erasing)
	if n := f.db.value(t, "SELECT count(*) FROM outbox"); n != 3 {
		t.Errorf("%d events, not one for each of the three writes", n)
	}
	if n := f.db.value(t, "SELECT count(*) FROM outbox WHERE members <> ''"); n != 0 {
		t.Errorf("%d events still name members of a record that was erased", n)
	}
	f.db.sound(t, testKeys())
}

func (f *fixture) start1(run func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- run() }()
	f.queued(2) // including the caller that has left: its job is still done
	return done
}
