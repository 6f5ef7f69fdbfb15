package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store/queries"
)

// What verification checks of the tables that neither the log nor a sealed document covers.
// docs/threat-model.md says which column is covered by what.

var eventKinds = map[string]audit.EventKind{events.Created: audit.EventCreated, events.Updated: audit.EventUpdated,
	events.Erased: audit.EventErased, events.ImportCompleted: audit.EventImported, events.PersonCreated: audit.EventCreated,
	events.PersonUpdated: audit.EventUpdated, events.PersonErased: audit.EventErased}

// maxPosition is more than any feed reaches. After a far higher position there would be none
// left for new events, and so no writes.
const maxPosition = 1 << 53

// Events yields every event of the feed.
func (l *Log) Events(ctx context.Context, yield func(audit.Event) error) error {
	floor, err := l.value(ctx, MetaFloor)
	if err != nil {
		return err
	}
	return l.each(ctx, queries.VerifyEvents, func(rows *sql.Rows) error {
		var e audit.Event
		var position, before sql.NullInt64
		var at int64
		var kind, members string
		var target, owned, into uuid.UUID
		err := rows.Scan(&position, &at, &kind, (*loggedID)(&e.Record), (*loggedID)(&target), &e.Version, &members, (*loggedID)(&e.CorrelationID),
			(*loggedID)(&owned), (*loggedID)(&into), &before)
		if err != nil {
			return err
		}
		e.At, e.Members, e.Kind = FromMicros(at), SplitNames(members), eventKinds[kind]
		e.Strange = target != owned || into != uuid.Nil
		switch {
		case kind == events.Merged || kind == events.Unmerged:
			e.Strange = e.Record != uuid.Nil && target != owned || e.Record == uuid.Nil && e.Version != 0 || len(members) > 0
			e.Object, e.Record, e.Merge = audit.ObjectLink, target, audit.Merge{Away: kind == events.Merged, Other: into}
		case events.OfPerson(kind):
			e.Strange = e.Record != uuid.Nil || len(members) > 0 || into != uuid.Nil
			e.Object, e.Record = audit.ObjectPerson, target
		case e.Record != uuid.Nil:
			e.Object = audit.ObjectRecord
		}
		// One person's events are in the order of versions, none before what was dropped.
		e.Strange = e.Strange || position.Valid && (position.Int64 <= floorOf(floor) || position.Int64 > maxPosition) ||
			e.Object != "" && before.Valid && before.Int64 > e.Version
		return yield(e)
	})
}

// value is a value that belongs to the whole database, or nil.
func (l *Log) value(ctx context.Context, name string) (value []byte, err error) {
	err = l.each(ctx, queries.MetaRead, func(rows *sql.Rows) error { return rows.Scan(&value) }, name)
	return value, err
}

func floorOf(value []byte) int64 {
	if len(value) != 8 {
		return 0 // nothing was dropped yet
	}
	return int64(binary.BigEndian.Uint64(value))
}

// Remembered yields every remembered outcome of a write.
func (l *Log) Remembered(ctx context.Context, yield func(audit.Remembered) error) error {
	return l.each(ctx, queries.VerifyOutcomes, func(rows *sql.Rows) error {
		var key, body []byte
		var at, status int64
		var problem string
		var r audit.Remembered
		if err := rows.Scan(&key, &body, &at, &status, &problem, (*loggedID)(&r.Record), &r.Version); err != nil {
			return err
		}
		r.At = FromMicros(at)
		r.Strange = len(key) != len(Key{}.Key) || len(body) != len(Key{}.Body) || status < 200 || status > 599 || (problem == "") != (status < 400)
		return yield(r)
	})
}

// Amiss yields what is wrong with identifiers, keys, the National Insurance number index and
// the values of the whole database, given what Stored has opened.
func (l *Log) Amiss(ctx context.Context, yield func(finding string) error) error {
	for _, check := range []func(context.Context) ([]string, error){l.astray, l.hidden, l.unused, l.index, l.values} {
		findings, err := check(ctx)
		if err != nil {
			return err
		}
		for _, finding := range findings {
			if err := yield(finding); err != nil {
				return err
			}
		}
	}
	return nil
}

// astray finds ids that lead elsewhere.
func (l *Log) astray(ctx context.Context) (findings []string, err error) {
	var astray int64
	err = l.each(ctx, queries.VerifyIdentifiers, func(rows *sql.Rows) error { return rows.Scan(&astray) })
	if astray > 0 {
		findings = append(findings, fmt.Sprintf("%d ids point to a record that does not have them", astray))
	}
	return findings, err
}

// unused finds keys that open nothing.
func (l *Log) unused(ctx context.Context) (findings []string, err error) {
	var ofRecords, ofOthers int64
	err = l.each(ctx, queries.VerifyKeys, func(rows *sql.Rows) error { return rows.Scan(&ofRecords, &ofOthers) })
	if n := ofRecords + ofOthers; n > 0 {
		findings = append(findings, fmt.Sprintf("%d data keys are stored for records or documents that are not there", n))
	}
	return findings, err
}

// index compares the National Insurance number index with the records.
func (l *Log) index(ctx context.Context) (findings []string, err error) {
	indexed := l.opened.empty()
	err = l.each(ctx, queries.VerifyNumbers, func(rows *sql.Rows) error {
		var number int64
		var hash []byte
		if err := rows.Scan(&hash, &number); err != nil {
			return err
		}
		indexed.add(number, hash)
		return nil
	})
	if err == nil && indexed != l.opened {
		findings = append(findings, fmt.Sprintf("the index of National Insurance numbers has %d rows, which are not those of the %d records with a number", indexed.count, l.opened.count))
	}
	return findings, err
}

// values finds values of the whole database that this program does not store.
func (l *Log) values(ctx context.Context) (findings []string, err error) {
	known := 0
	err = l.each(ctx, queries.VerifyValues, func(rows *sql.Rows) error {
		var name string
		var value []byte
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		if !storedValue(name, value) {
			findings = append(findings, fmt.Sprintf("a value of the whole database is not one that this program stores: %q", name))
		}
		if name == MetaEpoch {
			known++
		}
		return nil
	})
	if known == 0 {
		findings = append(findings, "the feed has no epoch: it was removed")
	}
	slices.Sort(findings)
	return findings, err
}

// multiset is a set of rows in which each counts as often as it is there, in few bytes: two
// with the same rows are equal, whatever the order.
type multiset struct {
	seed       maphash.Seed
	sum, count uint64
}

func newMultiset() multiset { return multiset{seed: maphash.MakeSeed()} }

// empty is a set to compare this one with.
func (m multiset) empty() multiset { return multiset{seed: m.seed} }

func (m *multiset) add(number int64, value []byte) {
	var h maphash.Hash
	h.SetSeed(m.seed)
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(number)))
	_, _ = h.Write(value)
	m.sum, m.count = m.sum+h.Sum64(), m.count+1
}
