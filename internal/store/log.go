package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/queries"
)

// Log is the access log for verification, as it was when it was opened. A server may be
// running meanwhile, on either engine.
type Log struct {
	db     *sql.DB
	tx     *sql.Tx
	keys   *sealing.Keyset
	lanes  int
	text   func(string) string
	closed func() error
	// opened are the entries that the National Insurance number index must have for the
	// records that Stored has opened.
	opened multiset
	links  links // of people, as they are now, that Stored has opened
}

// LogOptions describe the engine of a log.
type LogOptions struct {
	Keys  *sealing.Keyset
	Lanes int
	// Snapshot makes a transaction see one moment.
	Snapshot *sql.TxOptions
	// Text returns a text as it was before the engine stored it.
	Text func(string) string
	// Schema is the version of the schema that the queries need.
	Schema int64
	// Closed is called when the log has been closed. It may be nil.
	Closed func() error
}

// ErrOlderSchema is a database that has not been migrated for this program.
var ErrOlderSchema = errors.New("the database has an older schema than this program: use the older program, or run equality-api migrate first")

// OpenLog reads the access log of a database, which it closes in the end.
// Another keyset than the database's is refused. Error: ErrOlderSchema.
func OpenLog(ctx context.Context, db *sql.DB, o LogOptions) (_ *Log, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, (&Log{db: db, closed: o.Closed}).Close())
		}
	}()
	var schema int64
	if err := db.QueryRowContext(ctx, queries.SchemaVersion.SQL).Scan(&schema); err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	if schema < o.Schema {
		return nil, ErrOlderSchema
	}
	var check []byte
	if err := db.QueryRowContext(ctx, queries.MetaRead.SQL, MetaKeyset).Scan(&check); err != nil {
		return nil, fmt.Errorf("read the keyset's check value: %w", err)
	}
	if err := o.Keys.VerifyCheckValue(check); err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(ctx, o.Snapshot)
	if err != nil {
		return nil, err
	}
	return &Log{db: db, tx: tx, keys: o.Keys, lanes: o.Lanes, text: o.Text, closed: o.Closed}, nil
}

// Close ends the reading.
func (l *Log) Close() (err error) {
	if l.tx != nil {
		err = l.tx.Rollback()
	}
	err = errors.Join(err, l.db.Close())
	if l.closed != nil {
		err = errors.Join(err, l.closed())
	}
	return err
}

// Lanes is the number of lanes.
func (l *Log) Lanes() int { return l.lanes }

// Mark returns the position stored under a name, or nil.
func (l *Log) Mark(ctx context.Context, name string) (position []byte, err error) {
	err = l.tx.QueryRowContext(ctx, queries.MetaRead.SQL, MetaMark+name).Scan(&position)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return position, err
}

// logged is an entry as it is read, with the records of the rows beside it.
type logged struct{ audit.Logged }

// Size is about how many bytes an entry takes: a packed list may be long.
func (l logged) Size() int { return 1000 + len(l.Entry.Touched) }

// Entries yields every entry with its records.
func (l *Log) Entries(ctx context.Context, yield func(audit.Logged) error) error {
	after := audit.Head{Lane: math.MinInt, Seq: math.MinInt64} // a lane that does not exist is a finding
	return inPortions(math.MaxInt, func(most int) ([]logged, error) {
		page, full, err := l.page(ctx, after, most)
		if err != nil {
			return nil, err
		}
		// Records after the last entry, or between two entries, belong to no entry.
		until := audit.Head{Lane: math.MaxInt, Seq: math.MaxInt64}
		if full {
			last := page[len(page)-1]
			until = audit.Head{Lane: last.Lane, Seq: last.Seq}
		}
		targets, err := l.targets(ctx, after, until)
		if err != nil {
			return nil, err
		}
		for i := range page {
			for len(targets) > 0 && targets[0].lane == page[i].Lane && targets[0].seq == page[i].Seq {
				page[i].Rows = append(page[i].Rows, targets[0].record)
				targets = targets[1:]
			}
		}
		if len(targets) > 0 {
			// Records of a missing entry: without a hash, verification fails.
			page = append(page, logged{audit.Logged{Lane: targets[0].lane, Seq: targets[0].seq}})
		}
		after = until
		return page, nil
	}, func(one logged) (bool, error) { return true, yield(one.Logged) })
}

// page reads a portion of up to most entries. If it is full, there may be more.
func (l *Log) page(ctx context.Context, after audit.Head, most int) (page []logged, full bool, err error) {
	rows, err := l.tx.QueryContext(ctx, queries.AuditWalk.SQL, after.Lane, after.Seq, most)
	if err != nil {
		return nil, false, err
	}
	defer closeRows(rows, &err)
	enough := Portion[logged]()
	for !full && rows.Next() {
		var logged logged
		e := &logged.Entry
		var at int64
		var members, outcome, roles string
		err := rows.Scan(&logged.Lane, &logged.Seq, (*loggedID)(&e.ID), &at, &e.Subject, &e.Name, &e.Kind, &e.Permission,
			&e.Purpose, &e.Action, (*loggedID)(&e.Target), (*loggedID)(&e.Record), &e.Version, &members, &outcome, &e.Status,
			(*loggedID)(&e.CorrelationID), &e.Address, &e.Document, &e.Scope, &e.Count, &logged.Format, &e.Object,
			&e.ObjectName, &roles, &e.Previous, &e.Touched, &logged.Hash)
		if err != nil {
			return nil, false, err
		}
		e.Subject, e.Name, e.Scope, e.ObjectName = l.text(e.Subject), l.text(e.Name), l.text(e.Scope), l.text(e.ObjectName)
		e.At, e.Members, e.Outcome, e.Roles = FromMicros(at), SplitNames(members), audit.Outcome(outcome), SplitNames(roles)
		page = append(page, logged)
		full = enough(logged) || len(page) == most
	}
	return page, full, nil
}

// target is a record of an entry older than format 3.
type target struct {
	lane   int
	seq    int64
	record uuid.UUID
}

func (l *Log) targets(ctx context.Context, after, until audit.Head) (targets []target, err error) {
	err = l.each(ctx, queries.AuditTargetWalk, func(rows *sql.Rows) error {
		var t target
		if err := rows.Scan(&t.lane, &t.seq, (*loggedID)(&t.record)); err != nil {
			return err
		}
		targets = append(targets, t)
		return nil
	}, after.Lane, after.Seq, until.Lane, until.Seq)
	return targets, err
}

// loggedID is an id as either engine returns it. This program did not write an id of a
// different length: loggedID turns it into an id that nobody has, so that the entry fails
// its hash.
type loggedID uuid.UUID

// Scan reads the 16 bytes of SQLite or the text of PostgreSQL.
func (id *loggedID) Scan(source any) error {
	*id = loggedID(uuid.Max)
	switch source := source.(type) {
	case nil:
		*id = loggedID(uuid.Nil)
	case []byte:
		if len(source) == len(id) {
			copy(id[:], source)
		}
	case string:
		if parsed, err := uuid.Parse(source); err == nil {
			*id = loggedID(parsed)
		}
	}
	return nil
}

// Written yields every entry about versions that were written, or with a packed list.
func (l *Log) Written(ctx context.Context, yield func(audit.Logged) error) error {
	return l.each(ctx, queries.VerifyDocuments, func(row *sql.Rows) error {
		var logged audit.Logged
		e := &logged.Entry
		var at int64
		var members string
		err := row.Scan(&logged.Lane, &logged.Seq, &logged.Format, &at, &e.Object, &e.ObjectName, (*loggedID)(&e.Record), &e.Version,
			&e.Action, &members, (*loggedID)(&e.CorrelationID), &e.Document, &e.Previous, &e.Touched)
		if err != nil {
			return err
		}
		e.At, e.Members, e.ObjectName = FromMicros(at), SplitNames(members), l.text(e.ObjectName)
		return yield(logged)
	})
}

// each passes every row of a query on, one at a time.
func (l *Log) each(ctx context.Context, query *queries.Query, yield func(*sql.Rows) error, args ...any) (err error) {
	rows, err := l.tx.QueryContext(ctx, query.SQL, args...)
	if err != nil {
		return err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		if err := yield(rows); err != nil {
			return err
		}
	}
	return nil
}

func closeRows(rows *sql.Rows, err *error) {
	if *err == nil {
		*err = rows.Err()
	}
	if closing := rows.Close(); *err == nil {
		*err = closing
	}
}
