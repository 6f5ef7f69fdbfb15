package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"equality-information-api/internal/store/queries"
)

// statements are the queries of a connection, or of a pool. Each is prepared when it first
// runs. Any number of goroutines may use them.
type statements struct {
	on       preparer
	mu       sync.RWMutex
	prepared map[shape]*sql.Stmt
}

// preparer is a connection, or a pool of them.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// shape is a query for a number of rows: 1, or more for an INSERT.
type shape struct {
	query *queries.Query
	rows  int
}

func newStatements(on preparer) *statements {
	return &statements{on: on, prepared: make(map[shape]*sql.Stmt)}
}

// of returns the statement of a query for a number of rows.
func (s *statements) of(ctx context.Context, q *queries.Query, rows int) (*sql.Stmt, error) {
	wanted := shape{q, rows}
	s.mu.RLock()
	stmt, ok := s.prepared[wanted]
	s.mu.RUnlock()
	if ok {
		return stmt, nil
	}
	text := byPosition(q.SQL)
	if rows > 1 {
		text = withRows(q.SQL, rows)
	}
	// Not under the lock, because a pool may have no free connection for a while.
	stmt, err := s.on.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", q.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.prepared[wanted]; ok {
		return first, stmt.Close()
	}
	s.prepared[wanted] = stmt
	return stmt, nil
}

// exec runs a query that writes a number of rows.
func (s *statements) exec(ctx context.Context, q *queries.Query, rows int, args ...any) (sql.Result, error) {
	stmt, err := s.of(ctx, q, rows)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// query runs a query that returns rows.
func (s *statements) query(ctx context.Context, q *queries.Query, args ...any) (*sql.Rows, error) {
	stmt, err := s.of(ctx, q, 1)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// queryRow runs a query that returns at most one row.
func (s *statements) queryRow(ctx context.Context, q *queries.Query, args ...any) *sql.Row {
	stmt, err := s.of(ctx, q, 1)
	if err != nil {
		return s.on.QueryRowContext(ctx, q.SQL, args...) // the row holds the error
	}
	return stmt.QueryRowContext(ctx, args...)
}

// close closes the statements: a connection with open statements would stay open, and its
// WAL with it.
func (s *statements) close() error {
	var err error
	for _, stmt := range s.prepared {
		err = errors.Join(err, stmt.Close())
	}
	return err
}
