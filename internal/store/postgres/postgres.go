// Package postgres implements the store on a PostgreSQL database that several processes
// share. It owns the pool, the lanes of the access log with their batched writes, and the
// migrations. Package store defines what writes and reads mean; the SQL is in
// store/queries.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// Options say how a store is opened.
type Options struct {
	// DSN is a libpq connection string or URL. It may name several hosts.
	DSN  string
	Keys *sealing.Keyset
	Now  func() time.Time
	// DatabaseClock is the time by the database's clock; nil asks the database.
	DatabaseClock func(context.Context) (time.Time, error)
	// KeyRetention is how long the outcome of a write is remembered for its idempotency
	// key; EventRetention is how long an event stays in the feed.
	KeyRetention, EventRetention time.Duration
	// Report receives failures that no caller waits for.
	Report func(what string, err error)
	// Bound is called once the database is known to be the keyset's. It may be nil.
	Bound func()
}

// Store implements package store's contract on PostgreSQL. Any number of goroutines may use
// it, and any number of processes may share the database.
type Store struct {
	Options
	store.Reader
	pool   *pool // for everything except scans
	scans  *pool
	doubts doubts
	leases *leases
	lanes  []*lane
	jobs   *store.Queue[*job] // for the lanes
	alone  *store.Queue[*job] // for the lane of jobs that are transactions of their own
	// waiting are jobs that a lock may be in the way of, for the lane that does one at a time.
	waiting *store.Queue[*job]
	turns   turns
	clock   *store.Clock
	// stamped is the time of the last change, in microseconds.
	stamped atomic.Int64

	rows            *finder[*store.Row] // of records
	rowsWithEntries *finder[*store.Row]
	entries         *finder[store.EntryRow] // in the directory
	feed            *watch
	// numbering are readers that wait for events to get their positions. keptOut says that
	// another session kept the lock last time.
	numbering *store.Queue[*numbered]
	keptOut   bool
	stop      func()
	working   sync.WaitGroup // the lanes
	finders   sync.WaitGroup // the lanes need them until they are done

	closing atomic.Bool

	life   context.Context // ends when Close gives up running jobs
	giveUp context.CancelFunc

	checking sync.Mutex
	checked  atomic.Bool // the database can be used
	unusable atomic.Bool // as last reported, so that each change is reported once
	notOurs  atomic.Bool // reported
}

// laneCount is how many lanes a process writes at once: enough that one works while another
// waits for the disk, but few, so that many jobs share a commit.
func laneCount() int { return max(1, min(8, runtime.GOMAXPROCS(0)/2)) }

// Open opens a database. If the database cannot be reached, or its schema is older than
// this program's, that is no error: the store becomes ready by itself when the database can
// be used. A keyset other than the one the database was made with is refused.
func Open(ctx context.Context, o Options) (*Store, error) {
	config, err := poolConfig(o.DSN)
	if err != nil {
		return nil, err
	}
	s := &Store{Options: o, clock: store.NewClock(o.Now, o.Report), leases: newLeases(config.ConnConfig), jobs: store.NewQueue[*job](), alone: store.NewQueue[*job](),
		waiting: store.NewQueue[*job](), numbering: store.NewQueue[*numbered]()}
	s.rows, s.rowsWithEntries, s.entries = newFinder(s, readRows), newFinder(s, readRowsWithEntries), newFinder(s, readEntries)
	if s.DatabaseClock == nil {
		s.DatabaseClock = s.databaseClock
	}
	s.life, s.giveUp = context.WithCancel(context.Background())
	config.ShouldPing = s.doubts.ping
	if s.pool, err = newPool(ctx, config); err != nil {
		return nil, err
	}
	if s.scans, err = newPool(ctx, scanConfig(config)); err != nil {
		s.pool.Close()
		return nil, err
	}
	s.Reader = store.NewReader(tables{s}, o.Keys)
	if err := s.checkOnce(ctx); notOurs(err) {
		s.closePools()
		return nil, err
	} else if err != nil {
		s.unusable.Store(true)
		o.Report("the database cannot be used yet", err)
	}
	s.feed = watchFeed(s)
	for range laneCount() {
		l := &lane{store: s, lease: noLease}
		s.lanes = append(s.lanes, l)
		s.working.Go(func() { l.work(s.jobs, batchLength, lanePatience) })
		s.finders.Go(s.rows.work)
		s.finders.Go(s.entries.work)
		s.finders.Go(s.rowsWithEntries.work)
	}
	alone, aside := &lane{store: s, lease: noLease}, &lane{store: s, lease: noLease, aside: true}
	s.lanes = append(s.lanes, alone, aside)
	s.working.Go(alone.workAlone)
	s.finders.Go(s.numberFeed)
	s.working.Go(func() { aside.work(s.waiting, 1, 0) })
	s.stop = store.Regularly(s.trimBatch, o.Report)
	return s, nil
}

var errNoCheck = errors.New("the database has entries but no check value for its keyset: it has been tampered with")

// ErrGone means that an empty database is in the place of the one that the keyset has had.
var ErrGone error = store.Cause("This keyset has had a database, but the database is empty. If it is the wrong one, correct --database. " +
	"Otherwise restore the newest backup into it and run equality-api finish-restore. " +
	"To begin without the old records, make a new keyset in an empty directory with equality-api keys init.")

// check checks that the database belongs to this keyset and has this program's schema, and
// that the feed has an epoch. It does this once; until it succeeds, every use tries again.
// Error: store.ErrUnavailable.
func (s *Store) check(ctx context.Context) error {
	err := s.checkOnce(ctx)
	if notOurs(err) { // the database came after the start; another may yet take its place
		if !s.notOurs.Swap(true) {
			s.Report("the database is not one for this keyset", err)
		}
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}

// notOurs reports whether a database is not one for this keyset.
func notOurs(err error) bool {
	return errors.Is(err, sealing.ErrWrongKeyset) || errors.Is(err, errNoCheck) || errors.Is(err, ErrGone)
}

// checkOnce is check. Further errors: sealing.ErrWrongKeyset, errNoCheck, ErrGone.
func (s *Store) checkOnce(ctx context.Context) error {
	if s.checked.Load() {
		return nil
	}
	s.checking.Lock()
	defer s.checking.Unlock()
	if s.checked.Load() {
		return nil
	}
	if err := s.checkSchema(ctx); err != nil {
		return err
	}
	if err := s.checkKeyset(ctx); err != nil {
		return err
	}
	if _, err := s.meta(ctx, store.MetaEpoch, func() []byte { id := uuid.New(); return id[:] }); err != nil {
		return err
	}
	known, err := s.meta(ctx, store.MetaClock, s.clock.Known)
	if err != nil {
		return err
	}
	s.clock.Know(known)
	s.checked.Store(true)
	if s.Bound != nil {
		s.Bound()
	}
	return nil
}

func (s *Store) databaseClock(ctx context.Context) (time.Time, error) {
	var micros int64
	err := s.pool.QueryRow(ctx, queries.PostgresClock.SQL).Scan(&micros)
	return store.FromMicros(micros), err
}

// Warning says what is wrong with the clock; empty if nothing is.
func (s *Store) Warning() string { return s.clock.Warning() }

// Ready reports whether the primary accepts writes and has this program's schema, or a
// later one: a schema only gains things that older programs do not use. It also reports the
// cause to Report, which reads that fail do not.
func (s *Store) Ready(ctx context.Context) error {
	err := s.checkSchema(ctx)
	if err == nil {
		err = s.check(ctx)
	}
	switch unusable := err != nil; {
	case errors.Is(err, context.Canceled): // the caller has gone
	case s.unusable.Swap(unusable) == unusable:
	case unusable:
		s.Report("the database cannot be used", err)
	default:
		s.Report("the database can be used", nil)
	}
	return err
}

func (s *Store) checkSchema(ctx context.Context) error {
	var version *int64
	var writable bool
	err := s.pool.QueryRow(ctx, queries.PostgresSchema.SQL).Scan(&version, &writable)
	switch {
	case code(err) == undefinedTable || err == nil && (version == nil || *version < schemaVersion()):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, store.ErrOlderSchema)
	case err != nil:
		return classify(err)
	case !writable:
		s.reset()
		return fmt.Errorf("%w: the server does not take writes", store.ErrUnavailable)
	}
	return nil
}

// checkKeyset ties a new database to its keyset. Later it refuses any other keyset. If
// processes start at the same time on a new database, the first one's keyset counts.
func (s *Store) checkKeyset(ctx context.Context) error {
	check, err := s.meta(ctx, store.MetaKeyset, nil)
	if errors.Is(err, pgx.ErrNoRows) {
		var entered bool
		if err := s.pool.QueryRow(ctx, queries.PostgresEntered.SQL).Scan(&entered); err != nil {
			return classify(err)
		}
		if entered {
			return errNoCheck
		}
		if s.Keys.HasHadDatabase(s.Now()) {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, ErrGone)
		}
		check, err = s.meta(ctx, store.MetaKeyset, s.Keys.CheckValue)
	}
	if err != nil {
		return err
	}
	return s.Keys.VerifyCheckValue(check)
}

// meta reads a value that belongs to the whole database. It makes a missing value, or
// returns pgx.ErrNoRows if it cannot.
func (s *Store) meta(ctx context.Context, name string, make func() []byte) (value []byte, err error) {
	err = s.pool.QueryRow(ctx, queries.MetaRead.SQL, name).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) && make != nil {
		if _, err := s.pool.Exec(ctx, queries.PostgresMetaMake.SQL, name, make()); err != nil {
			return nil, classify(err)
		}
		err = s.pool.QueryRow(ctx, queries.MetaRead.SQL, name).Scan(&value)
	}
	return value, classify(err)
}
