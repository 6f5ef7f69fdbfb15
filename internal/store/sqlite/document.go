package sqlite

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

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

// sealedVersion is a version ready to be written. Its time is the writer's to set.
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

// scanRecord opens the record of a row; further columns go to more. A row that
// cannot be opened is an error, never an empty record.
func scanRecord(keys *sealing.Keyset, row scanner, more ...any) (opened, error) {
	var id, target, document, wrapped []byte
	var modified int64
	o := opened{Current: store.Current{State: store.Present}}
	columns := append([]any{&o.number, &id, &target, &o.Version.Version, &modified, &document, &wrapped}, more...)
	if err := row.Scan(columns...); err != nil {
		return opened{}, err
	}
	o.ID, o.Target, o.Modified = toID(id), toID(target), fromMicros(modified)
	var err error
	if o.key, err = keys.OpenDataKey(o.ID, wrapped); err != nil {
		return o, fmt.Errorf("open the data key of a record: %w", err)
	}
	return o, openDocument(o.key, document, &o.Version)
}

// openDocument opens the document of the version that v names into it.
func openDocument(key *sealing.DataKey, document []byte, v *store.Version) error {
	plain, err := key.Open(sealing.KindRecord, uint64(v.Version), document)
	if err != nil {
		return fmt.Errorf("open the document of a record: %w", err)
	}
	if v.Record, v.Change, err = store.DecodeDocument(plain); err != nil {
		return err
	}
	if v.Record.ID != v.ID || v.Record.TargetID != v.Target {
		return errMisplaced
	}
	return nil
}

// errMisplaced is a row that leads to another person's record. Somebody has
// changed the database by hand: what it gives must not be shown.
var errMisplaced = errors.New("a stored document is not of the record that its row names")

// queryRow runs a named query that gives one row at the most.
type queryRow func(name string, args ...any) *sql.Row

// findBy reads the record an id leads to, the tombstone of one that was
// erased, or nothing.
func (s *Store) findBy(query queryRow, id uuid.UUID) (opened, error) {
	found, err := scanRecord(s.Keys, query("record-read", id[:]))
	if err == nil && id != found.ID && id != found.Target {
		return opened{}, errMisplaced
	}
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
	}}
	key := found.key
	if found.State != store.Absent {
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
