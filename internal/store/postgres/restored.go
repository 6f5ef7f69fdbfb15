package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// FinishOptions say which restored database to finish, and who does so.
type FinishOptions struct {
	DSN  string // for the role that owns the tables
	Keys *sealing.Keyset
	Now  time.Time
	// Entry says who restores, for the access log.
	Entry audit.Entry
}

// Finished is the result of finishing a restore.
type Finished struct {
	Records int64      // records in the database
	Erased  store.Gone // after the backup
	Astray  int64      // removed keys, of records and people that came after the backup
	// Report is the result of verifying the finished database.
	Report *audit.Report
}

// Errors of FinishRestore that leave the database as it was.
var (
	ErrInUse       = errors.New("a server, or another command, is using the database: stop every one first")
	ErrKeysMissing = errors.New("restore the newest keys into this database: they may be older than its records")
	ErrNotRestored = errors.New("the database has no check value for a keyset: nothing has been restored into it")
)

// finishName is the name of a restore's own sessions, so that they do not count as a
// server's.
const finishName = applicationName + " finish-restore"

// FinishRestore prepares a database that was restored with PostgreSQL's own tools. In one
// transaction it removes the keys of records and people that came after the backup, and the
// records and people erased since; it logs each of these erasures and itself in the access log, and begins a
// new feed. Then it verifies log and records. It may be repeated. Errors: ErrInUse,
// ErrKeysMissing, ErrNotRestored, sealing.ErrWrongKeyset, store.ErrUnavailable.
func FinishRestore(ctx context.Context, o FinishOptions) (f Finished, err error) {
	config, err := poolConfig(o.DSN)
	if err != nil {
		return f, err
	}
	r := restored{FinishOptions: o, others: []string{applicationName, config.ConnConfig.RuntimeParams[nameSetting]}}
	config.ConnConfig.RuntimeParams[nameSetting] = finishName
	unhurried(config.ConnConfig, "0")
	pool, err := newPool(ctx, config)
	if err != nil {
		return f, err
	}
	defer pool.Close()
	now := func() time.Time { return o.Now }
	r.store = &Store{Options: Options{DSN: o.DSN, Keys: o.Keys, Report: func(string, error) {}}, clock: store.NewClock(now, func(string, error) {}), pool: pool, scans: pool, leases: newLeases(config.ConnConfig), life: context.Background()}
	defer func() { err = errors.Join(err, r.store.leases.close()) }()
	if err := r.check(ctx); err != nil {
		return f, err
	}
	if err := r.store.checkOnce(ctx); err != nil {
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
	others []string // the names of servers' sessions
	done   Finished
}

// check checks that the database belongs to this keyset. Unlike Store.check it never ties a
// new one to it.
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
	for _, query := range []*queries.Query{queries.PostgresKeysAstray, queries.PostgresOwnerKeysAstray} {
		astray, err := tx.Exec(ctx, query.SQL)
		if err != nil {
			return nil, false, err
		}
		r.done.Astray += astray.RowsAffected()
	}
	var lost int64
	if err := tx.QueryRow(ctx, queries.RestoreLost.SQL).Scan(&lost); err != nil {
		return nil, false, err
	}
	if lost > 0 {
		return nil, false, foreign{fmt.Errorf("%d records or people have neither a key nor a tombstone, and nothing was changed: %w", lost, ErrKeysMissing)}
	}
	if entries, err = r.followErasures(ctx, tx); err != nil {
		return nil, false, err
	}
	if err := tx.QueryRow(ctx, queries.RecordCount.SQL).Scan(&r.done.Records); err != nil {
		return nil, false, err
	}
	epoch := uuid.New()
	for name, value := range map[string][]byte{store.MetaEpoch: epoch[:], store.MetaClock: store.ClockValue(r.Now)} {
		if _, err := tx.Exec(ctx, queries.MetaWrite.SQL, name, value); err != nil {
			return nil, false, err
		}
	}
	entry := r.entry(audit.ActionRestore)
	entry.Scope, entry.Count = "all records", r.done.Records
	return append(entries, entry), false, nil
}

// alone checks that nobody else uses the database. A server that starts later waits for the
// end of the transaction, and so reads the epoch of the new feed.
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
	// A server may name its sessions differently, but it leases a lane for its first entry.
	all, err := r.store.leases.takeAll(ctx)
	if err == nil && (sessions > 0 || !all) {
		err = foreign{ErrInUse}
	}
	return err
}

// followErasures removes the records and people that have a tombstone, and returns an entry for each.
func (r *restored) followErasures(ctx context.Context, tx pgx.Tx) (entries []audit.Entry, err error) {
	rows, err := tx.Query(ctx, queries.RestoreErased.SQL)
	if err != nil {
		return nil, err
	}
	buried, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b store.Buried, err error) {
		b.Tombstone, err = scanTombstone(row, &b.Number, &b.LogEnd)
		return b, err
	})
	if err != nil {
		return nil, err
	}
	followed, err := store.Follow(r.Keys, buried, r.entry(audit.ActionErase))
	if err != nil {
		return nil, foreign{err}
	}
	var all pgx.Batch
	for _, s := range followed.Statements {
		all.Queue(s.Query.SQL, s.Args...)
	}
	r.done.Erased = followed.Gone
	return followed.Entries, tx.SendBatch(ctx, &all).Close()
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
