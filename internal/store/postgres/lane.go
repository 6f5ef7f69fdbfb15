package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

const (
	// lanePatience is how often a lane lets others add to a batch before it starts.
	lanePatience = 10
	// batchLength is the maximum number of jobs in a transaction.
	batchLength = 128
	// commitTimeout is how long a transaction may take.
	commitTimeout = 15 * time.Second
	// unknownTimeout is how long to look for the outcome of a transaction whose connection
	// was lost, before its callers learn that the store is unavailable.
	unknownTimeout = 5 * time.Second
	// maxTries limits retries because of other processes.
	maxTries = 20
	// lockPatience is how long a job waits in all for locks that others hold.
	lockPatience = 5 * time.Second
	// hurriedLock is how long a statement waits for a lock when locks are known to be in the
	// way, and lockMemory how long that is known for.
	hurriedLock = "50ms"
	lockMemory  = time.Second
)

// lane appends to one lane of the access log, and makes the changes that the entries record
// in the same transaction. It takes the waiting jobs, sends them in one round trip, and
// answers them when they are durable, so that they share a commit.
type lane struct {
	store   *Store
	lease   lease
	head    audit.Head
	known   bool // false after an unknown outcome: the head is then read again
	doubt   bool // a transaction with these jobs may still be running, on a lost connection
	durable atomic.Pointer[audit.Head]
	failing bool // the last transaction failed
	// aside says that this lane does jobs one at a time that a lock may be in the way of.
	aside bool
	locks lately // that were in the way
}

// job is a piece of work for a lane: a plan with its entry, an entry alone, or a
// transaction of its own, for the lane that only does those.
type job struct {
	waits      bool // a lock may be in the way, so it is not done together with others
	plan       *store.Plan
	command    store.Command
	statements []store.Statement // of the stamped plan
	entry      audit.Entry
	alone      func(ctx context.Context, tx pgx.Tx) (entries []audit.Entry, news bool, err error)
	err        error
	done       chan struct{}
}

// do runs a job. It returns the job's error once the job is durable, or has failed.
func (s *Store) do(ctx context.Context, j *job) error {
	j.done = make(chan struct{})
	jobs := s.jobs
	switch {
	case j.alone != nil:
		jobs = s.alone
	case j.waits:
		jobs = s.waiting
	}
	if err := jobs.Put(ctx, j); err != nil {
		return err
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.life.Done():
		return errGivenUp
	}
}

// work does jobs, this many at once, until their queue is closed and empty.
func (l *lane) work(jobs *store.Queue[*job], together, patience int) {
	batch := make([]*job, 0, together)
	for ok := true; ok; {
		if batch, ok = jobs.Take(batch, patience); !ok {
			return
		}
		l.finish(batch)
		for _, j := range batch {
			close(j.done)
		}
	}
}

// finish does a batch, and sets the error of every job that failed.
func (l *lane) finish(batch []*job) {
	ctx, cancel := context.WithTimeout(l.store.life, commitTimeout)
	defer cancel()
	l.commit(ctx, slices.Clone(batch))
}

// commit does jobs in as few transactions as possible: one, unless some no longer fit, or a
// lock is in their way. Those get an error, and the others continue without them.
func (l *lane) commit(ctx context.Context, jobs []*job) {
	jobs = inOrder(oneOfEach(jobs))
	l.doubt = false
	var patience patience
	for try := 0; len(jobs) > 0; {
		hurried := l.aside || l.locks.any()
		unfit, err := l.transaction(ctx, jobs, hurried)
		if errors.Is(err, errBlocked) {
			l.locks.happened(lockMemory)
			if left := leave(jobs, unfit, hurried); len(left) < len(jobs) || patience.left() {
				jobs = left
				continue
			}
		} else if unfit != nil {
			jobs = without(jobs, unfit)
			continue
		}
		if try++; again(err) && try <= maxTries {
			continue
		}
		err = l.store.givenUp(err)
		l.report(err)
		for _, j := range jobs {
			j.err = err
		}
		return
	}
}

// report reports when writing begins to fail, and when it works again.
func (l *lane) report(err error) {
	switch failing := err != nil; {
	case failing == l.failing:
	case failing:
		l.store.Report("writing to the database fails", err)
	default:
		l.store.Report("writing to the database works again", nil)
	}
	l.failing = err != nil
}

// oneOfEach keeps only one change of each record in a transaction: the others were decided
// on the version that it replaces, so they no longer fit.
func oneOfEach(jobs []*job) []*job {
	changed := make(map[store.DocumentID]bool)
	kept := jobs[:0]
	for _, j := range jobs {
		if j.plan != nil {
			if slices.ContainsFunc(j.plan.Changes, func(id store.DocumentID) bool { return changed[id] }) {
				j.err = errMoved
				continue
			}
			for _, id := range j.plan.Changes {
				changed[id] = true
			}
		}
		kept = append(kept, j)
	}
	return kept
}

// inOrder sorts jobs by the person they change. Every lane does this, so that all wait for
// rows in the same order, and no two wait for each other.
func inOrder(jobs []*job) []*job {
	person := func(j *job) (id uuid.UUID) {
		if j.plan != nil {
			id = j.plan.Order()
		}
		return id
	}
	slices.SortStableFunc(jobs, func(a, b *job) int {
		first, second := person(a), person(b)
		return bytes.Compare(first[:], second[:])
	})
	return jobs
}

// errBlocked means that somebody holds a lock that a job needs. It may pass by itself.
var errBlocked = fmt.Errorf("%w: somebody holds a lock that it needs", store.ErrUnavailable)

// patience lasts for lockPatience, from its first use.
type patience struct {
	begun bool
	over  atomic.Bool
}

func (p *patience) left() bool {
	if !p.begun {
		p.begun = true
		time.AfterFunc(lockPatience, func() { p.over.Store(true) })
	}
	return !p.over.Load()
}

// leave lets the job go whose statement a lock is in the way of. If that is known of none, or
// locks are in the way again, all jobs go that change anything: the others are only entries.
func leave(jobs []*job, unfit *job, again bool) []*job {
	kept := jobs[:0]
	for _, j := range jobs {
		if j == unfit || j.plan != nil && (unfit == nil || again) {
			j.err = errBlocked
			continue
		}
		kept = append(kept, j)
	}
	return kept
}

func without(jobs []*job, unfit *job) []*job {
	kept := jobs[:0]
	for _, j := range jobs {
		if j != unfit {
			kept = append(kept, j)
		}
	}
	return kept
}

// errCollision means that another process is at this lane's position. If it happens on
// every try, the store is unavailable.
var errCollision = fmt.Errorf("%w: another process has written the same entry", store.ErrUnavailable)

// again reports whether a transaction is worth retrying.
func again(err error) bool { return conflicts(err) || errors.Is(err, errCollision) }

// transaction does jobs in one transaction. Afterwards it is durable; or it had no effect
// and there is an error; or one job did not fit, which has its error. With errBlocked it
// returns the job whose statement a lock is in the way of, if it is a job's own.
func (l *lane) transaction(ctx context.Context, jobs []*job, hurried bool) (unfit *job, err error) {
	if err := l.ready(ctx); err != nil {
		return nil, err
	}
	var patience patience
	for sent := false; ; sent = true {
		// Made again for each try: a sent batch assumes that its statements are prepared on
		// any connection.
		b := newBatch(l.store, l.head, jobs, hurried)
		at, err := b.send(ctx, l.store)
		switch {
		case errors.Is(err, errNotSent) && !sent:
			return nil, classify(err)
		case err == nil:
			l.committed(b.head, b.news)
			return nil, nil
		case violates(err):
			// The rows in the way are another process's, or those of this very batch, whose
			// connection was lost before its commit was known.
			if at == nil || l.doubt {
				if done, err := l.learn(ctx, b.head); err != nil {
					return nil, l.unknown(err)
				} else if done {
					l.committed(b.head, b.news)
					return nil, nil
				}
			}
			if at != nil {
				return b.blame(at)
			}
			l.known = false
			l.yield(ctx)
			return nil, errCollision
		case code(err) == lockNotAvailable && l.doubt && patience.left():
			continue // the lock may be that of these very jobs
		case code(err) == lockNotAvailable && !l.doubt:
			if at != nil {
				unfit = at.job
			}
			return unfit, errBlocked
		case answered(err):
			return nil, l.refused(err)
		}
		// Nobody knows whether it was committed. The same rows at the same position can
		// exist only once, so send them again until it is known.
		l.doubt = true
		l.store.doubts.lost()
		done, asking := l.learn(ctx, b.head)
		if asking != nil {
			return nil, l.unknown(err)
		}
		if done {
			l.committed(b.head, b.news)
			return nil, nil
		}
	}
}

// refused returns the error of a transaction that the server has refused.
func (l *lane) refused(err error) error {
	if code(err) == readOnlyTransaction {
		l.store.reset()
	}
	return classify(err)
}

// learn is isCommitted with a server that may first have to come back.
func (l *lane) learn(ctx context.Context, head audit.Head) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, unknownTimeout)
	defer cancel()
	for {
		if done, err = l.isCommitted(ctx, head); err == nil || !sleep(ctx, 50*time.Millisecond) {
			return done, err
		}
	}
}

// unknown returns the error of a transaction whose outcome could not be found out: its
// callers learn that the store is unavailable, and may ask again.
func (l *lane) unknown(err error) error {
	l.known = false
	return classify(err)
}

func (l *lane) committed(head audit.Head, news bool) {
	l.head = head
	if head.Seq > 0 {
		l.durable.Store(&head)
	}
	if news {
		l.store.feed.Notify()
	}
}

// isCommitted reports whether the entry of a head is in the log.
func (l *lane) isCommitted(ctx context.Context, head audit.Head) (bool, error) {
	var hash []byte
	err := l.store.pool.QueryRow(ctx, queries.PostgresEntryAt.SQL, head.Lane, head.Seq).Scan(&hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return bytes.Equal(hash, head.Hash[:]), classify(err)
}

// ready makes sure that the lane has a number and knows its head.
func (l *lane) ready(ctx context.Context) error {
	if err := l.store.check(ctx); err != nil {
		return err
	}
	if l.lease == noLease {
		lease, err := l.store.leases.take(ctx)
		if refused(err) { // there is no connection to lease one with
			lease, err = shared(), nil
		}
		if err != nil {
			return err
		}
		l.lease, l.known = lease, false
	}
	if l.known {
		return nil
	}
	head := audit.Head{Lane: l.lease.lane}
	var hash []byte
	err := l.store.reading(ctx, func(ctx context.Context) error {
		return l.store.pool.QueryRow(ctx, queries.AuditHead.SQL, l.lease.lane).Scan(&head.Seq, &hash)
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	copy(head.Hash[:], hash)
	l.head, l.known = head, true
	return nil
}

// yield gives up a lane that another process also has: it was shared, or its lease was
// lost.
func (l *lane) yield(ctx context.Context) {
	if !l.store.leases.holds(ctx, l.lease) {
		l.lease = noLease
	}
}

// sleep waits. It returns false if the context ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
