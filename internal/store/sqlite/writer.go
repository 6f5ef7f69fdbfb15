package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

const (
	// batchLength is the maximum number of jobs in a transaction.
	batchLength = 256
	// lane is the only lane of the access log: SQLite has one writer.
	lane = 0
)

// writer does all writing. It takes all waiting jobs, does them in one transaction, and
// answers them when it is durable, so that they share one fsync.
type writer struct {
	conn    *sql.Conn
	db      *sql.DB
	stmts   *statements
	control map[string]*sql.Stmt // the statements of the table control
	keys    *sealing.Keyset
	clock   *store.Clock
	report  func(what string, err error)
	jobs    *store.Queue[*job]
	stopped chan struct{}

	head      audit.Head
	headKnown bool      // false after a failed commit or errOvertaken: the head is then read again
	number    int64     // of the last record
	modified  time.Time // of the last change
	durable   atomic.Pointer[audit.Head]
	failing   atomic.Bool  // the last transaction failed
	held      func() error // the directory's lock
	isHeld    error        // what it last said
	heldFor   *time.Ticker

	feed         *store.Broadcast
	checkpointer *checkpointer
}

// job is a piece of work for the writer.
type job struct {
	// run may be repeated after its transaction was rolled back.
	run  func(*tx) error
	err  error
	done chan struct{}
}

// control are the statements that control a transaction.
var control = map[string]string{
	"begin": "BEGIN IMMEDIATE", "commit": "COMMIT", "rollback": "ROLLBACK",
	"mark": "SAVEPOINT several", "undo": "ROLLBACK TO several", "keep": "RELEASE several",
}

func startWriter(ctx context.Context, db *sql.DB, s *Store) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, classify(err)
	}
	w := &writer{
		conn: conn, db: db, stmts: newStatements(conn), control: make(map[string]*sql.Stmt), keys: s.Keys, clock: s.clock, report: s.Report,
		jobs: store.NewQueue[*job](), stopped: make(chan struct{}), feed: store.NewBroadcast(), held: s.held, heldFor: time.NewTicker(heldFor),
	}
	for name, text := range control {
		if w.control[name], err = conn.PrepareContext(ctx, text); err != nil {
			return nil, errors.Join(fmt.Errorf("prepare %s: %w", name, err), conn.Close())
		}
	}
	var number, modified sql.NullInt64
	if err := w.stmts.queryRow(ctx, queries.SQLiteRecordLast, store.Micros(s.clock.Fresh())).Scan(&number, &modified); err != nil {
		return nil, errors.Join(classify(err), conn.Close())
	}
	w.number, w.modified = number.Int64, store.FromMicros(modified.Int64)
	if w.checkpointer, err = startCheckpointer(filepath.Join(s.Dir, DatabaseFile), s.Report); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	go w.loop()
	return w, nil
}

// do runs a job. It returns the job's error once the transaction is durable, or has failed.
func (w *writer) do(ctx context.Context, run func(*tx) error) error {
	j := &job{run: run, done: make(chan struct{})}
	if err := w.jobs.Put(ctx, j); err != nil {
		return err
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close does the queued jobs and stops.
func (w *writer) close() error {
	w.jobs.Close()
	<-w.stopped
	w.heldFor.Stop()
	err := w.stmts.close()
	for _, stmt := range w.control {
		err = errors.Join(err, stmt.Close())
	}
	return errors.Join(err, w.checkpointer.close(), w.conn.Close(), w.db.Close())
}

func (w *writer) loop() {
	defer close(w.stopped)
	batch := make([]*job, 0, batchLength)
	for ok := true; ok; {
		if batch, ok = w.jobs.Take(batch, 3); !ok {
			return
		}
		w.commit(batch)
		for _, j := range batch {
			close(j.done)
		}
	}
}

// commit does a batch in one transaction. Afterwards everything is durable, except the jobs
// that failed on their own; or every job has an error. If a job failed after writing
// something, each job gets a transaction of its own, so that only that one fails.
func (w *writer) commit(batch []*job) {
	err := w.transaction(batch)
	if errors.Is(err, errSpoilt) && len(batch) > 1 {
		for _, j := range batch {
			w.finish([]*job{j}, w.transaction([]*job{j}))
		}
		return
	}
	w.finish(batch, err)
}

// finish tells the jobs how their transaction ended.
func (w *writer) finish(batch []*job, err error) {
	spoilt := errors.Is(err, errSpoilt)
	switch failing := err != nil && !spoilt; {
	case w.failing.Swap(failing) == failing:
	case failing:
		w.report("writing to the database fails", err)
	default:
		w.report("writing to the database works again", nil)
	}
	for _, j := range batch {
		if err != nil {
			j.err = err
		}
	}
}

// errSpoilt is a transaction in which a job failed after writing something. It is rolled
// back.
var errSpoilt = errors.New("nothing was written")

// errOvertaken is a transaction whose position in the access log another process has taken.
var errOvertaken = errors.New("another process has appended to the access log")

// transaction does the jobs in one transaction, which is either durable afterwards or had
// no effect.
func (w *writer) transaction(batch []*job) error {
	t := &tx{w: w}
	err := w.attempt(t, batch)
	if errors.Is(err, errOvertaken) {
		w.undo()
		// The head is now read within the transaction, in which nobody else writes.
		t = &tx{w: w}
		err = w.attempt(t, batch)
	}
	if err = classify(err); err != nil {
		w.undo()
		return err
	}
	w.checkpointer.note(t.destroyed)
	if w.head.Seq > 0 {
		head := w.head
		w.durable.Store(&head)
	}
	if t.news {
		w.feed.Notify()
	}
	return nil
}

// undo rolls a failed transaction back.
func (w *writer) undo() {
	w.headKnown = false
	// A statement that failed for lack of space may already have rolled back: then this
	// does nothing.
	_, _ = w.control["rollback"].Exec()
}

func (w *writer) attempt(t *tx, batch []*job) error {
	if err := w.stillHeld(); err != nil {
		return err
	}
	if err := t.control("begin"); err != nil {
		return err
	}
	if err := w.readHead(t); err != nil {
		return err
	}
	for _, j := range batch {
		if err := w.one(t, j); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	return t.control("commit")
}

// one does one job. If the job fails before writing anything, only that job fails; the job
// keeps its error.
func (w *writer) one(t *tx, j *job) error {
	t.dirty = false
	head, entries, events := w.head, len(t.entries), len(t.events)
	j.err = guarded(j.run, t)
	switch err := classify(j.err); {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrForged): // which concerns this job alone
		return err
	case t.dirty:
		return fmt.Errorf("%w: %w", errSpoilt, err)
	}
	w.head, t.entries, t.events = head, t.entries[:entries], t.events[:events]
	return nil
}

// guarded stops a panic in a job from ending the writer. The panic's value may hold what a
// caller sent, so the error has only its type.
func guarded(run func(*tx) error, t *tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a panic of type %T in a write", r)
		}
	}()
	return run(t)
}

func (w *writer) readHead(t *tx) (err error) {
	if w.headKnown {
		return nil
	}
	w.head, err = scanHead(t.queryRow(queries.AuditHead, lane))
	w.headKnown = err == nil
	return err
}

// scanHead reads the row of audit-head.
func scanHead(row *sql.Row) (audit.Head, error) {
	head := audit.Head{Lane: lane}
	var hash []byte
	if err := row.Scan(&head.Seq, &hash); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return head, err
	}
	copy(head.Hash[:], hash)
	return head, nil
}
