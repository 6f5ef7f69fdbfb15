package service

import (
	"context"
	"encoding/binary"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// Why two people may be one.
const (
	SameNINO          = "nationalInsuranceNumber" // their records have the same one
	SameBirthAndNames = "dateOfBirthAndName"      // the same day, and names that sound alike
)

// Duplicate is two people who may be one.
type Duplicate struct {
	A, B    uuid.UUID
	Reasons []string
}

const (
	// ninosRead is how many National Insurance numbers are looked at together, and ninoPages how
	// often for one page.
	ninosRead = 10_000
	ninoPages = 10
)

// Duplicates are people who may be one, in pairs: first those whose records have the same
// National Insurance number, then those born on one day whose names sound alike. Of more than
// two with one number, each is paired with the next. A page may be short, even empty, although
// there are more. next is the cursor of the next page, empty at the end.
//
// Errors: ErrBadCursor, ErrIndexing, ErrUnavailable.
func (s *Service) Duplicates(ctx context.Context, a Access, cursor string, limit int) (pairs []Duplicate, next string, err error) {
	if err := a.permits(FindDuplicates); err != nil {
		return nil, "", err
	}
	place, err := s.openPairsCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	x := s.index.built.Load()
	if x == nil && s.stored != nil {
		return nil, "", ErrIndexing
	}
	more := true
	if !place.names {
		pairs, more, err = s.withOneNINO(ctx, x, &place, limit)
	} else if x != nil {
		var alike []directory.Pair
		alike, place.Place, more = x.Alike(place.Place, limit)
		for _, p := range alike {
			pairs = append(pairs, Duplicate{p.A, p.B, []string{SameBirthAndNames}})
		}
	}
	if err != nil {
		return nil, "", foreign(err)
	}
	entry, entered := s.entry(a, uuid.Nil, audit.Done, 200), make(map[uuid.UUID]bool)
	for _, p := range pairs {
		for _, id := range []uuid.UUID{p.A, p.B} {
			if !entered[id] {
				entered[id] = true
				entry.Object, entry.Touched = audit.ObjectPerson, entry.Touched.AppendID(id)
			}
		}
	}
	if err := s.log.Append(ctx, entry); err != nil {
		return nil, "", foreign(err)
	}
	if more {
		next = s.sealPairsCursor(place)
	}
	return pairs, next, nil
}

// withOneNINO gives the next pairs with one National Insurance number.
func (s *Service) withOneNINO(ctx context.Context, x *directory.Index, place *pairsPlace, limit int) (pairs []Duplicate, more bool, err error) {
	for range ninoPages {
		rows, err := s.indexed.SharedNINOs(ctx, place.NINOPlace, ninosRead)
		if err != nil {
			return nil, false, err
		}
		// The first row is the last one of the page before: it may have a pair behind it.
		var last store.NINORow
		for _, row := range rows {
			if len(pairs) == limit {
				return pairs, true, nil
			}
			if place.NINOPlace = row.NINOPlace; row.Target == uuid.Nil {
				continue
			}
			if last.Target != uuid.Nil && string(last.Hash) == string(row.Hash) {
				d := Duplicate{last.Target, row.Target, []string{SameNINO}}
				if x != nil && x.AreAlike(d.A, d.B) {
					d.Reasons = append(d.Reasons, SameBirthAndNames)
				}
				pairs = append(pairs, d)
			}
			last = row
		}
		if len(rows) < ninosRead {
			*place = pairsPlace{names: true}
			return pairs, x != nil, nil
		}
	}
	return pairs, true, nil
}

// pairsPlace is how far a walk over duplicates has come.
type pairsPlace struct {
	store.NINOPlace
	names bool // past those with one number
	directory.Place
}

var pairsCursor = []byte("duplicates")

// sealPairsCursor writes a place: 0, record (8), hash; or 1, date (10), key (8), ids (32).
func (s *Service) sealPairsCursor(p pairsPlace) string {
	plain := []byte{0}
	if !p.names {
		plain = append(binary.BigEndian.AppendUint64(plain, uint64(p.Record)), p.Hash...)
		return s.Keys.SealCursor(plain, pairsCursor)
	}
	plain[0] = 1
	born := p.Born.String()
	if born == "" {
		born = noDate
	}
	plain = append(plain, born...)
	plain = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(plain, p.Key[0]), p.Key[1])
	return s.Keys.SealCursor(append(append(plain, p.Pair.A[:]...), p.Pair.B[:]...), pairsCursor)
}

// noDate stands for no date of birth in a cursor.
const noDate = "----------"

func (s *Service) openPairsCursor(cursor string) (p pairsPlace, err error) {
	if cursor == "" {
		return p, nil
	}
	plain, err := s.Keys.OpenCursor(cursor, pairsCursor)
	if err != nil || len(plain) < 1+8 {
		return p, ErrBadCursor
	}
	p.names, plain = plain[0] == 1, plain[1:]
	if !p.names {
		p.Record, p.Hash = int64(binary.BigEndian.Uint64(plain)), plain[8:]
		return p, nil
	}
	const date, key, ids = 10, 8, 32
	if len(plain) != date+key+ids {
		return p, ErrBadCursor
	}
	if born := string(plain[:date]); born != noDate {
		if p.Born, err = equality.ParseDate(born); err != nil {
			return p, ErrBadCursor
		}
	}
	p.Key = [2]uint32{binary.BigEndian.Uint32(plain[date:]), binary.BigEndian.Uint32(plain[date+4:])}
	p.Pair = directory.Pair{A: uuid.UUID(plain[date+key:]), B: uuid.UUID(plain[date+key+16:])}
	return p, nil
}
