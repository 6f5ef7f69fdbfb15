package store

import (
	"context"
	"crypto/sha256"
	"database/sql"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/queries"
)

// Stored yields every stored version of every kind of object, each opened.
func (l *Log) Stored(ctx context.Context, yield func(audit.Stored) error) error {
	l.opened, l.links = newMultiset(), make(links)
	for _, versions := range []*queries.Query{queries.VerifyRecords, queries.VerifyHistory} {
		err := l.each(ctx, versions, func(rows *sql.Rows) error { return l.record(rows, versions == queries.VerifyRecords, yield) })
		if err != nil {
			return err
		}
	}
	return l.each(ctx, queries.VerifyDocumentVersions, func(rows *sql.Rows) error { return l.document(rows, yield) })
}

// record passes on a version of a record.
func (l *Log) record(rows *sql.Rows, current bool, yield func(audit.Stored) error) error {
	var r Row
	var inPlace, later bool
	var own, person sql.NullInt64
	err := rows.Scan(&r.Number, (*loggedID)(&r.ID), (*loggedID)(&r.Target), &r.Version, &r.Modified, &r.Sealed, &r.Wrapped,
		&inPlace, &later, &own, &person)
	if err != nil {
		return err
	}
	opened, err := r.Open(l.keys)
	if err == nil {
		opened, err = opened.Decode()
	}
	if hash := ninoHash(l.keys, opened.Record.NationalInsuranceNumber); err == nil && current && hash != nil {
		l.opened.add(r.Number, hash)
	}
	return yield(audit.Stored{Object: audit.ObjectRecord, ID: r.ID, Version: r.Version, Modified: FromMicros(r.Modified), Document: sha256.Sum256(r.Sealed),
		Misplaced: !inPlace, Closed: err != nil, Lost: own.Int64 != r.Number || person.Int64 != r.Number, Later: later,
		Members: equality.MaskSensitive(opened.Record.Members())})
}

// document passes on a version of a document that is not a record.
func (l *Log) document(rows *sql.Rows, yield func(audit.Stored) error) error {
	var id DocumentID
	var owner, kind int64
	var row DocumentRow
	var inPlace bool
	err := rows.Scan(&owner, (*loggedID)(&id.Owner), &kind, &id.Name, &row.Version, &row.Modified, &row.Sealed, &row.Wrapped, &inPlace)
	if err != nil {
		return err
	}
	id.Kind = sealing.Kind(kind)
	s := audit.Stored{Object: audit.Object(id.Kind.String()), Name: id.Name, ID: id.Owner, Version: row.Version, Modified: FromMicros(row.Modified),
		Document: sha256.Sum256(row.Sealed), Misplaced: !inPlace || int64(id.Kind) != kind}
	d := Document{DocumentID: id}
	d.key, err = l.keys.OpenDataKey(sealing.Owner{Kind: sealing.OwnerKind(owner), ID: id.Owner}, row.Wrapped)
	if err == nil {
		d, err = d.open(row)
	}
	if err == nil && id.Kind == sealing.KindLink {
		s.Merge = l.links.add(d)
	}
	s.Closed = err != nil
	return yield(s)
}

// erasedObjects are the kinds of objects that have tombstones.
var erasedObjects = map[sealing.OwnerKind]audit.Object{sealing.OwnerRecord: audit.ObjectRecord, sealing.OwnerPerson: audit.ObjectPerson}

// Tombstones yields what is left of everything erased.
func (l *Log) Tombstones(ctx context.Context, yield func(audit.Tombstone) error) error {
	return l.each(ctx, queries.VerifyTombstones, func(rows *sql.Rows) error {
		var t Tombstone
		var kind, at int64
		if err := rows.Scan(&kind, (*loggedID)(&t.ID), (*loggedID)(&t.Target), &t.Version, &at, &t.Reason, &t.By, &t.MAC); err != nil {
			return err
		}
		t.Kind, t.At, t.By = OwnerKindOf(kind), FromMicros(at), l.text(t.By)
		return yield(audit.Tombstone{Object: erasedObjects[t.Kind], ID: t.ID, Version: t.Version, Genuine: t.Verify(l.keys) == nil})
	})
}
