package store

import (
	"context"

	"github.com/google/uuid"
)

// NINOPlace is a place in the National Insurance number index; the zero place is its beginning.
type NINOPlace struct {
	Hash   []byte // of the number
	Record int64  // the engine's own number for the record
}

// NINORow is a row of the index.
type NINORow struct {
	NINOPlace
	// Target is whose record it is; zero if no other record has the number.
	Target uuid.UUID
}

// PeopleWithNINO gives up to limit people whose records have a National Insurance number. Error:
// ErrUnavailable.
func (r Reader) PeopleWithNINO(ctx context.Context, nino string, limit int) ([]uuid.UUID, error) {
	hash := NINOHash(r.keys, nino)
	return r.tables.FindNINO(ctx, hash[:], limit)
}

// SharedNINOs gives up to limit rows of the National Insurance number index, from one place on.
// Error: ErrUnavailable.
func (r Reader) SharedNINOs(ctx context.Context, from NINOPlace, limit int) ([]NINORow, error) {
	if from.Hash == nil {
		from.Hash = []byte{}
	}
	return r.tables.SharedNINOs(ctx, from, limit)
}
