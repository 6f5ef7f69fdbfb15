package sqlite

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// opened is a record as it was found, with the key that seals its next version.
type opened struct {
	store.Current
	number int64 // of the row
	key    *sealing.DataKey
}

// sealedVersion is a version ready to be written.
type sealedVersion struct {
	store.Version
	wrapped  []byte // the data key, of a new record only
	document []byte
}

func (v sealedVersion) hash() []byte {
	sum := sha256.Sum256(v.document)
	return sum[:]
}

// scanner is a row of record-read and of the lists.
type scanner interface{ Scan(dest ...any) error }

// scanRecord opens the record of a row. A row that cannot be opened is an
// error, never an empty record.
func (s *Store) scanRecord(row scanner) (opened, error) {
	var id, target, document, wrapped []byte
	var modified int64
	o := opened{Current: store.Current{State: store.Present}}
	if err := row.Scan(&o.number, &id, &target, &o.Version.Version, &modified, &document, &wrapped); err != nil {
		return opened{}, err
	}
	o.ID, o.Target, o.Modified = toID(id), toID(target), fromMicros(modified)
	var err error
	if o.key, err = s.Keys.OpenDataKey(o.ID, wrapped); err != nil {
		return opened{}, fmt.Errorf("open the data key of a record: %w", err)
	}
	return o, s.openDocument(o.key, document, &o.Version)
}

// openDocument opens the document of the version that v names into it.
func (s *Store) openDocument(key *sealing.DataKey, document []byte, v *store.Version) error {
	plain, err := key.Open(sealing.KindRecord, uint64(v.Version), document)
	if err != nil {
		return fmt.Errorf("open the document of a record: %w", err)
	}
	v.Record, v.Change, err = store.DecodeDocument(plain)
	return err
}

// queryRow runs a named query that gives one row at the most.
type queryRow func(name string, args ...any) *sql.Row

// findBy reads the record an id leads to, the tombstone of one that was
// erased, or nothing.
func (s *Store) findBy(query queryRow, id uuid.UUID) (opened, error) {
	found, err := s.scanRecord(query("record-read", id[:]))
	if !errors.Is(err, sql.ErrNoRows) {
		return found, classify(err)
	}
	var last int64
	err = query("tombstone-read", id[:]).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return opened{}, nil
	}
	if err != nil {
		return opened{}, classify(err)
	}
	return opened{Current: store.Current{State: store.Erased, Version: store.Version{ID: id, Version: last}}}, nil
}

// seal makes the version that follows what was found.
func (s *Store) seal(found opened, d store.Decision) (sealedVersion, error) {
	v := sealedVersion{Version: store.Version{
		ID: d.Next.ID, Target: d.Next.TargetID, Change: d.Change, Record: *d.Next,
		Modified: s.Now().UTC().Truncate(time.Microsecond),
	}}
	key := found.key
	switch found.State {
	case store.Present:
		v.Version.Version = found.Version.Version + 1
		if earliest := found.Modified.Add(time.Microsecond); v.Modified.Before(earliest) {
			v.Modified = earliest
		}
	case store.Erased:
		v.Version.Version = found.Version.Version + 1
	}
	if key == nil {
		var err error
		if key, v.wrapped, err = s.Keys.NewDataKey(v.ID); err != nil {
			return sealedVersion{}, err
		}
	}
	plain, err := store.EncodeDocument(v.Record, v.Change)
	if err != nil {
		return sealedVersion{}, err
	}
	v.document = key.Seal(sealing.KindRecord, uint64(v.Version.Version), plain)
	return v, nil
}
