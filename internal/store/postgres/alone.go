package postgres

import (
	"context"
	"fmt"
	"time"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store/queries"
)

// aloneTimeout is how long a transaction of its own may take, including retries.
const aloneTimeout = time.Minute

// workAlone does jobs that are transactions of their own, one after the other, until their
// queue is closed and empty. This lane does nothing else, so that no read or write waits
// behind a long one, or shares its deadline.
func (l *lane) workAlone() {
	next := make([]*job, 0, 1)
	for ok := true; ok; {
		if next, ok = l.store.alone.Take(next, 0); !ok {
			return
		}
		for _, j := range next {
			ctx, cancel := context.WithTimeout(l.store.life, aloneTimeout)
			j.err = l.store.givenUp(l.doAlone(ctx, j))
			cancel()
			close(j.done)
		}
	}
}

// doAlone does a job that is a transaction of its own.
func (l *lane) doAlone(ctx context.Context, j *job) (err error) {
	defer func() {
		if r := recover(); r != nil { // its value may hold what a caller sent
			l.known = false
			err = fmt.Errorf("a panic of type %T in a write", r)
		}
	}()
	for try := 0; ; try++ {
		err := l.oneAlone(ctx, j)
		if try < maxTries && (again(err) || code(err) == lockNotAvailable) {
			continue
		}
		return err
	}
}

func (l *lane) oneAlone(ctx context.Context, j *job) error {
	if err := l.ready(ctx); err != nil {
		return err
	}
	tx, err := l.store.pool.Begin(ctx)
	if err != nil {
		return classify(err)
	}
	defer func() { // does nothing after a commit
		ctx, cancel := context.WithTimeout(l.store.life, unknownTimeout)
		defer cancel()
		_ = tx.Rollback(ctx)
	}()
	if _, err := tx.Exec(ctx, queries.PostgresLockTimeout.SQL, lockPatience.String(), true); err != nil {
		return l.refused(err)
	}
	entries, news, err := j.alone(ctx, tx)
	if violates(err) { // another process took an id in the meantime
		return errCollision
	}
	if err != nil {
		return l.refused(err)
	}
	b := newBatch(l.store, l.head, entered(entries), false)
	if err := tx.SendBatch(ctx, &b.batch).Close(); err != nil {
		if violates(err) {
			l.known = false
			l.yield(ctx)
			return errCollision
		}
		return l.refused(err)
	}
	if err := tx.Commit(ctx); err != nil {
		if done, asking := l.learn(l.store.life, b.head); asking != nil || !done {
			l.known = false
			return classify(err)
		}
	}
	l.committed(b.head, news)
	return nil
}

// entered returns jobs that only write entries.
func entered(entries []audit.Entry) (jobs []*job) {
	for _, e := range entries {
		jobs = append(jobs, &job{entry: e})
	}
	return jobs
}
