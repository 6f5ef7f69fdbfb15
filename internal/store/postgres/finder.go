package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store"
)

// findTogether is how many reads share a statement at the most.
const findTogether = 64

// found is the row that an id leads to, once it has been read.
type found struct {
	id   uuid.UUID
	row  *store.Row // nil where the id leads nowhere
	err  error
	done chan struct{}
}

// findRow reads the row that an id leads to, nil where there is none. The reads
// that wait together are one statement and one round trip.
func (s *Store) findRow(ctx context.Context, id uuid.UUID) (*store.Row, error) {
	f := &found{id: id, done: make(chan struct{})}
	if err := s.finding.Put(ctx, f); err != nil {
		return nil, err
	}
	select {
	case <-f.done:
		return f.row, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find reads what findRow asks for, until the queue is closed and empty.
func (s *Store) find() {
	batch := make([]*found, 0, findTogether)
	for ok := true; ok; {
		if batch, ok = s.finding.Take(batch, 2); !ok {
			return
		}
		err := s.reading(context.Background(), func() error { return s.findAll(batch) })
		for _, f := range batch {
			f.err = err
			close(f.done)
		}
	}
}

func (s *Store) findAll(batch []*found) error {
	ids := make([][16]byte, len(batch))
	for i, f := range batch {
		ids[i], f.row = f.id, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	rows, err := s.pool.Query(ctx, store.Query("postgres/records-read"), ids)
	if err != nil {
		return err
	}
	var id [16]byte
	var row store.Row
	var sealed, wrapped []byte
	var number, version, modified *int64
	var own, target *[16]byte
	_, err = pgx.ForEachRow(rows, []any{&id, &number, &own, &target, &version, &modified, &sealed, &wrapped}, func() error {
		row = store.Row{Sealed: sealed, Wrapped: wrapped}
		if number != nil {
			row.Number, row.ID, row.Target, row.Version, row.Modified = *number, *own, *target, *version, *modified
		}
		for _, f := range batch {
			if f.id == id {
				kept := row
				f.row = &kept
			}
		}
		return nil
	})
	return err
}
