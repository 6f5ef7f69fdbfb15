package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// Log is the access log for verification, as it was when it was opened. It
// may be read beside a running server.
type Log struct {
	db   *sql.DB
	tx   *sql.Tx
	keys *sealing.Keyset
}

// OpenLog opens a data directory's access log. Another keyset than the
// database's is refused.
func OpenLog(ctx context.Context, dir string, keys *sealing.Keyset) (_ *Log, err error) {
	exists, err := Exists(dir)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, fmt.Errorf("%s has no database", dir)
	}
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, DatabaseFile), true))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	check, err := readMeta(ctx, db, "keyset-check")
	if err != nil {
		return nil, fmt.Errorf("read the keyset's check value: %w", err)
	}
	if err := keys.VerifyCheckValue(check); err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &Log{db: db, tx: tx, keys: keys}, nil
}

// Close ends the reading.
func (l *Log) Close() error { return errors.Join(l.tx.Rollback(), l.db.Close()) }

// Lanes is the number of lanes: one, since there is one writer.
func (l *Log) Lanes() int { return 1 }

// Entries gives every entry with its records.
func (l *Log) Entries(ctx context.Context, yield func(audit.Logged) error) (err error) {
	targets, err := l.targets(ctx)
	if err != nil {
		return err
	}
	defer closeRows(targets.rows, &err)
	rows, err := l.tx.QueryContext(ctx, store.Query("audit-walk"))
	if err != nil {
		return err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var logged audit.Logged
		e := &logged.Entry
		var id, target, record, correlation []byte
		var at int64
		var members, outcome string
		err := rows.Scan(&logged.Lane, &logged.Seq, &id, &at, &e.Subject, &e.Name, &e.Kind, &e.Permission, &e.Purpose,
			&e.Action, &target, &record, &e.Version, &members, &outcome, &e.Status, &correlation, &e.Address, &e.Document,
			&logged.Hash)
		if err != nil {
			return err
		}
		e.ID, e.Target, e.Record, e.CorrelationID = loggedID(id), loggedID(target), loggedID(record), loggedID(correlation)
		e.At, e.Members, e.Outcome = fromMicros(at), splitNames(members), audit.Outcome(outcome)
		if e.Records, err = targets.of(logged.Lane, logged.Seq); err != nil {
			return err
		}
		if err := yield(logged); err != nil {
			return err
		}
	}
	if targets.available {
		// Records of an entry that is not there: without a hash it is found to be wrong.
		return yield(audit.Logged{Lane: targets.lane, Seq: targets.seq})
	}
	return nil
}

// loggedID is an id of the log. One of another length was not written by this
// program: it becomes one that nobody has, and its entry fails its hash.
func loggedID(b []byte) uuid.UUID {
	if len(b) != len(uuid.UUID{}) {
		return uuid.Max
	}
	return toID(b)
}

// targetWalk goes through audit_target beside audit, in the same order.
type targetWalk struct {
	rows      *sql.Rows
	lane      int
	seq       int64
	record    []byte
	available bool
}

func (l *Log) targets(ctx context.Context) (*targetWalk, error) {
	rows, err := l.tx.QueryContext(ctx, store.Query("audit-target-walk"))
	if err != nil {
		return nil, err
	}
	w := &targetWalk{rows: rows}
	return w, w.next()
}

func (w *targetWalk) next() error {
	w.available = w.rows.Next()
	if !w.available {
		return w.rows.Err()
	}
	return w.rows.Scan(&w.lane, &w.seq, &w.record)
}

// of gives the records of an entry. Rows of entries that are not there stay
// in the way of all that follow, which then fail their hash.
func (w *targetWalk) of(lane int, seq int64) (records []uuid.UUID, err error) {
	for w.available && w.lane == lane && w.seq == seq {
		records = append(records, loggedID(w.record))
		if err := w.next(); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// Documents gives every change that the log tells of.
func (l *Log) Documents(ctx context.Context, yield func(audit.Document) error) (err error) {
	rows, err := l.tx.QueryContext(ctx, store.Query("verify-documents"))
	if err != nil {
		return err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var d audit.Document
		var record, sealed []byte
		if err := rows.Scan(&d.Lane, &d.Seq, &record, &d.Version, &d.Logged, &sealed, &d.Erased); err != nil {
			return err
		}
		d.Record = toID(record)
		if sealed != nil {
			sum := sha256.Sum256(sealed)
			d.Stored = sum[:]
		}
		if err := yield(d); err != nil {
			return err
		}
	}
	return nil
}

// Misplaced opens every current record and gives those that cannot be opened,
// or whose ids do not lead to them, and then how many ids lead elsewhere.
func (l *Log) Misplaced(ctx context.Context, yield func(finding string) error) (err error) {
	rows, err := l.tx.QueryContext(ctx, store.Query("verify-records"))
	if err != nil {
		return err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var own, person sql.NullInt64
		found, err := scanRecord(l.keys, rows, &own, &person)
		finding := ""
		switch {
		case errors.Is(err, sealing.ErrTampered), errors.Is(err, errMisplaced):
			finding = fmt.Sprintf("record %v: its row does not hold its document", found.ID)
		case err != nil:
			return err
		case own.Int64 != found.number || person.Int64 != found.number:
			finding = fmt.Sprintf("record %v: its ids do not lead to it", found.ID)
		default:
			continue
		}
		if err := yield(finding); err != nil {
			return err
		}
	}
	var astray int64
	if err := l.tx.QueryRowContext(ctx, store.Query("verify-identifiers")).Scan(&astray); err != nil || astray == 0 {
		return err
	}
	return yield(fmt.Sprintf("%d ids lead to a record that does not have them", astray))
}

// Versions counts the stored versions of records.
func (l *Log) Versions(ctx context.Context) (n int64, err error) {
	err = l.tx.QueryRowContext(ctx, store.Query("verify-count")).Scan(&n)
	return n, err
}
