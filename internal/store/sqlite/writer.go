package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

const (
	// queueLength is how many jobs may wait for the writer; further ones wait to be queued.
	queueLength = 1024
	// batchLength is how many jobs share a transaction at the most.
	batchLength = 256
	// lane is the access log's only lane: SQLite has one writer.
	lane = 0
)

// writer is the only one to write. It takes all the jobs that wait, does them
// in one transaction and answers them when that is durable, so that they share
// one fsync.
type writer struct {
	conn    *sql.Conn
	db      *sql.DB
	stmts   map[string]*sql.Stmt
	keys    *sealing.Keyset
	report  func(what string, err error)
	queue   chan *job
	stopped chan struct{}
	closing sync.RWMutex // held for reading while a job is being queued
	closed  bool

	head      audit.Head
	headKnown bool      // false after a failed commit: the head is read again
	modified  time.Time // of the last change
	durable   atomic.Pointer[audit.Head]
	failing   atomic.Bool // the last transaction failed

	feed *broadcast
}

// job is one piece of work for the writer.
type job struct {
	run func(*tx) error
	// own gives the job a savepoint, so that it can fail alone.
	own  bool
	err  error
	done chan struct{}
}

// writeQueries are prepared once on the writer's connection.
var writeQueries = []string{"record-read", "tombstone-read", "record-insert", "identifier-insert",
	"identifier-pair-insert",
	"data-key-insert", "history-insert", "record-update", "nino-delete", "nino-insert", "audit-insert",
	"audit-target-insert", "audit-head", "outbox-insert", "outbox-trim-until", "outbox-trim",
	"modified-last", "idempotency-insert", "idempotency-trim", "meta-read", "meta-write"}

// control are the statements that make a transaction.
var control = map[string]string{
	"begin": "BEGIN IMMEDIATE", "commit": "COMMIT", "rollback": "ROLLBACK",
	"savepoint": "SAVEPOINT job", "release": "RELEASE job", "undo": "ROLLBACK TO job",
}

func startWriter(ctx context.Context, db *sql.DB, s *Store) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, classify(err)
	}
	w := &writer{
		conn: conn, db: db, stmts: make(map[string]*sql.Stmt), keys: s.Keys, report: s.Report,
		queue: make(chan *job, queueLength), stopped: make(chan struct{}), feed: newBroadcast(),
	}
	texts := make(map[string]string)
	for _, name := range writeQueries {
		texts[name] = store.Query(name)
	}
	for name, text := range control {
		texts[name] = text
	}
	for name, text := range texts {
		if w.stmts[name], err = conn.PrepareContext(ctx, text); err != nil {
			return nil, errors.Join(fmt.Errorf("prepare %s: %w", name, err), conn.Close())
		}
	}
	var modified sql.NullInt64
	if err := w.stmts["modified-last"].QueryRowContext(ctx).Scan(&modified); err != nil {
		return nil, errors.Join(classify(err), conn.Close())
	}
	w.modified = fromMicros(modified.Int64)
	go w.loop()
	return w, nil
}

// do has a job done and returns its error once the transaction is durable, or
// when it is known not to be.
func (w *writer) do(ctx context.Context, own bool, run func(*tx) error) error {
	j := &job{run: run, own: own, done: make(chan struct{})}
	if err := w.put(ctx, j); err != nil {
		return err
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// put queues a job. A closed writer is unavailable.
func (w *writer) put(ctx context.Context, j *job) error {
	w.closing.RLock()
	defer w.closing.RUnlock()
	if w.closed {
		return store.ErrUnavailable
	}
	select {
	case w.queue <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tryPut queues a job nobody waits for, unless the queue is full.
func (w *writer) tryPut(j *job) bool {
	w.closing.RLock()
	defer w.closing.RUnlock()
	if w.closed {
		return false
	}
	select {
	case w.queue <- j:
		return true
	default:
		return false
	}
}

// close does what is queued and stops.
func (w *writer) close() error {
	w.closing.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.closing.Unlock()
	<-w.stopped
	// A connection with statements left on it stays open, and its WAL with it.
	var err error
	for _, stmt := range w.stmts {
		err = errors.Join(err, stmt.Close())
	}
	return errors.Join(err, w.conn.Close(), w.db.Close())
}

func (w *writer) loop() {
	defer close(w.stopped)
	batch := make([]*job, 0, batchLength)
	for first := range w.queue {
		batch = append(batch[:0], first)
	gather:
		for len(batch) < batchLength {
			select {
			case j, ok := <-w.queue:
				if !ok {
					break gather
				}
				batch = append(batch, j)
			default:
				break gather
			}
		}
		w.commit(batch)
		for _, j := range batch {
			close(j.done)
		}
	}
}

// commit does a batch in one transaction. Either all of it is durable
// afterwards, but for the jobs that failed by themselves, or every job has an error.
func (w *writer) commit(batch []*job) {
	t := &tx{w: w}
	err := w.attempt(t, batch)
	err = classify(err)
	switch failed := w.failing.Swap(err != nil); {
	case err != nil && !failed:
		w.report("writing to the database fails", err)
	case err == nil && failed:
		w.report("writing to the database works again", nil)
	}
	if err == nil {
		head := w.head
		if head.Seq > 0 {
			w.durable.Store(&head)
		}
		if t.events > 0 {
			w.feed.notify()
		}
		return
	}
	w.headKnown = false
	// A statement that failed for want of space may have rolled back already: then this does nothing.
	_, _ = w.stmts["rollback"].Exec()
	for _, j := range batch {
		j.err = err
	}
}

func (w *writer) attempt(t *tx, batch []*job) error {
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
	return t.control("commit")
}

// one does one job. Its error is the batch's; the job's own is kept in it.
func (w *writer) one(t *tx, j *job) error {
	if !j.own {
		return j.run(t)
	}
	if err := t.control("savepoint"); err != nil {
		return err
	}
	before, events := w.head, t.events
	j.err = guarded(j.run, t)
	if j.err == nil {
		return t.control("release")
	}
	if err := classify(j.err); errors.Is(err, store.ErrUnavailable) {
		return err
	}
	w.head, t.events = before, events
	return errors.Join(t.control("undo"), t.control("release"))
}

// guarded keeps a panic of one job from ending the writer. The panic's value
// may hold what a caller sent, so only its type is told.
func guarded(run func(*tx) error, t *tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a panic of type %T in a write", r)
		}
	}()
	return run(t)
}

func (w *writer) readHead(t *tx) error {
	if w.headKnown {
		return nil
	}
	w.head = audit.Head{Lane: lane}
	var hash []byte
	err := t.queryRow("audit-head", lane).Scan(&w.head.Seq, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	copy(w.head.Hash[:], hash)
	w.headKnown = true
	return nil
}
