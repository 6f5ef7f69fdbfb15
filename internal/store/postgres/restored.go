package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// FinishOptions say which restored database is finished, and by whom.
type FinishOptions struct {
	DSN  string // of the role that owns the tables
	Keys *sealing.Keyset
	Now  time.Time
	// Entry is who restores, for the access log.
	Entry audit.Entry
}

// Finished is what finishing a restore has done.
type Finished struct {
	Records int64 // that there are
	Erased  int64 // that were erased since what was restored
	Astray  int64 // keys of records that came later, which are not there any more
	// Report is what verification found of the finished database.
	Report *audit.Report
}

// Errors of FinishRestore that leave the database as it was.
var (
	ErrInUse       = errors.New("a server, or another command, is using the database: stop every one first")
	ErrKeysMissing = errors.New("restore the newest keys into this database: they may be older than its records")
	ErrNotRestored = errors.New("the database has no check value for a keyset: nothing has been restored into it")
)

// finishName is what the sessions of a restore are called, so that they are
// not taken for a server's.
const finishName = applicationName + " finish-restore"

// FinishRestore makes a database fit for use that PostgreSQL's own tools have
// put back: it removes the keys of records that came later and the records
// that were erased since, enters each of those and itself in the access log,
// and begins a new feed, in one transaction; then it verifies log and records.
// It may be repeated. Errors: ErrInUse, ErrKeysMissing, ErrNotRestored,
// sealing.ErrWrongKeyset, store.ErrUnavailable.
func FinishRestore(ctx context.Context, o FinishOptions) (f Finished, err error) {
	config, err := poolConfig(o.DSN)
	if err != nil {
		return f, err
	}
	r := restored{FinishOptions: o, others: []string{applicationName, config.ConnConfig.RuntimeParams[nameSetting]}}
	config.ConnConfig.RuntimeParams[nameSetting] = finishName
	unhurried(config.ConnConfig, "0")
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return f, err
	}
	defer pool.Close()
	r.store = &Store{Options: Options{DSN: o.DSN, Keys: o.Keys}, pool: pool, scans: pool, leases: newLeases(config.ConnConfig), life: context.Background()}
	defer func() { err = errors.Join(err, r.store.leases.close()) }()
	if err := r.check(ctx); err != nil {
		return f, err
	}
	l := &lane{store: r.store, lease: noLease}
	if err := l.doAlone(ctx, &job{alone: r.finish}); err != nil {
		return f, err
	}
	r.done.Report, err = verify(ctx, o)
	return r.done, err
}

// restored is a database that is being finished.
type restored struct {
	FinishOptions
	store  *Store
	others []string // what sessions of servers are called
	done   Finished
}

// check sees that the database is this keyset's, without making it so.
func (r *restored) check(ctx context.Context) error {
	if err := r.store.checkSchema(ctx); err != nil {
		return err
	}
	_, err := r.store.meta(ctx, store.MetaKeyset, nil)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotRestored
	}
	return err
}

// finish is the transaction.
func (r *restored) finish(ctx context.Context, tx pgx.Tx) (entries []audit.Entry, news bool, err error) {
	r.done = Finished{}
	if err := r.alone(ctx, tx); err != nil {
		return nil, false, err
	}
	astray, err := tx.Exec(ctx, queries.PostgresKeysAstray.SQL)
	if err != nil {
		return nil, false, err
	}
	r.done.Astray = astray.RowsAffected()
	var lost int64
	if err := tx.QueryRow(ctx, queries.RestoreLost.SQL).Scan(&lost); err != nil {
		return nil, false, err
	}
	if lost > 0 {
		return nil, false, foreign{fmt.Errorf("%d records have neither a key nor a tombstone, and nothing was changed: %w", lost, ErrKeysMissing)}
	}
	if entries, err = r.followErasures(ctx, tx); err != nil {
		return nil, false, err
	}
	if err := tx.QueryRow(ctx, queries.RecordCount.SQL).Scan(&r.done.Records); err != nil {
		return nil, false, err
	}
	epoch := uuid.New()
	if _, err := tx.Exec(ctx, queries.MetaWrite.SQL, store.MetaEpoch, epoch[:]); err != nil {
		return nil, false, err
	}
	entry := r.entry(audit.ActionRestore)
	entry.Scope, entry.Count = "all records", r.done.Records
	return append(entries, entry), false, nil
}

// alone sees that nobody else uses the database. Who comes later waits for the
// end of the transaction, and so reads the new feed's epoch.
func (r *restored) alone(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, queries.PostgresRestoreAlone.SQL); code(err) == lockNotAvailable {
		return foreign{ErrInUse}
	} else if err != nil {
		return err
	}
	var sessions int64
	if err := tx.QueryRow(ctx, queries.PostgresRestoreSessions.SQL, r.others).Scan(&sessions); err != nil {
		return err
	}
	// A server may call its sessions something else, but has leased a lane once it has entered anything.
	all, err := r.store.leases.takeAll(ctx)
	if err == nil && (sessions > 0 || !all) {
		err = foreign{ErrInUse}
	}
	return err
}

// followErasures removes the records that have a tombstone, and tells of each
// in an entry.
func (r *restored) followErasures(ctx context.Context, tx pgx.Tx) (entries []audit.Entry, err error) {
	rows, err := tx.Query(ctx, queries.RestoreErased.SQL)
	if err != nil {
		return nil, err
	}
	buried, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b store.Buried, err error) {
		b.Tombstone, err = scanTombstone(row, &b.Number)
		return b, err
	})
	if err != nil {
		return nil, err
	}
	statements, entries, erased, err := store.Follow(r.Keys, buried, r.entry(audit.ActionErase))
	if err != nil {
		return nil, foreign{err}
	}
	var all pgx.Batch
	for _, s := range statements {
		all.Queue(s.Query.SQL, s.Args...)
	}
	r.done.Erased = erased
	return entries, tx.SendBatch(ctx, &all).Close()
}

func (r *restored) entry(action string) audit.Entry {
	e := r.Entry
	e.ID, e.At, e.Action, e.Outcome = uuid.New(), r.Now.UTC(), action, audit.Done
	return e
}

func verify(ctx context.Context, o FinishOptions) (*audit.Report, error) {
	log, err := OpenLog(ctx, o.DSN, o.Keys)
	if err != nil {
		return nil, err
	}
	report, err := audit.Verify(ctx, o.Keys, log, nil)
	if err == nil {
		err = audit.VerifyRecords(ctx, log, report)
	}
	return report, errors.Join(err, log.Close())
}
