package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"equality-information-api/internal/store"
)

// SQLSTATE codes (PostgreSQL documentation, appendix A).
const (
	uniqueViolation      = "23505"
	notNullViolation     = "23502"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
	readOnlyTransaction  = "25006"
	undefinedTable       = "42P01"
	undefinedColumn      = "42703"

	insufficientPrivilege = "42501"
)

// code is the SQLSTATE of an error that the server answered with.
func code(err error) string {
	var failure *pgconn.PgError
	if errors.As(err, &failure) {
		return failure.Code
	}
	return ""
}

// violates says whether a statement found a row in its way, or none where
// there has to be one: the tables are so made that this tells of a write that
// no longer fits.
func violates(err error) bool {
	return slices.Contains([]string{uniqueViolation, notNullViolation}, code(err))
}

// answered says whether the server has refused a statement, and with it the
// transaction. After any other error of a transaction its end is unknown; so
// it is when the server ended the connection, which it may do behind a commit.
func answered(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && !ended(failure)
}

// ended says whether the server has ended the connection, or never let it
// begin. What it is called for people depends on the server's language.
func ended(failure *pgconn.PgError) bool {
	return slices.Contains([]string{"FATAL", "PANIC"}, failure.SeverityUnlocalized)
}

// conflicts says whether a transaction may be tried again as it is.
func conflicts(err error) bool {
	return slices.Contains([]string{serializationFailure, deadlockDetected}, code(err))
}

// passing are classes of errors that may pass by themselves: connection,
// resources, operator intervention, system; and what stands alone.
var passing = []string{"08", "53", "57", "58", "55", "25006", serializationFailure, deadlockDetected,
	undefinedTable, undefinedColumn, insufficientPrivilege} // the last three: an old schema, which is about to be migrated

// classify turns failures that may pass by themselves into store.ErrUnavailable.
// What is not an answer of the server is a lost connection, or none to be had.
func classify(err error) error {
	var failure *pgconn.PgError
	var other foreign
	switch {
	case errors.As(err, &other):
		return other.error
	case err == nil, errors.Is(err, pgx.ErrNoRows), errors.Is(err, store.ErrUnavailable), errors.Is(err, context.Canceled):
		return err
	case !errors.As(err, &failure):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, oneLine{err})
	case ended(failure), slices.Contains(passing, failure.Code), slices.Contains(passing, failure.Code[:min(2, len(failure.Code))]):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, reason{failure})
	}
	return reason{failure}
}

// foreign is an error that a transaction was given up for and that is not the
// database's: a document that does not open, or that of the caller's own function.
type foreign struct{ error }

func (f foreign) Unwrap() error { return f.error }

// oneLine is an error of a connection, which has a line for each address that
// was tried, and tells many a thing twice.
type oneLine struct{ error }

func (o oneLine) Error() string {
	var told []string
	for line := range strings.Lines(o.error.Error()) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(told, line) {
			told = append(told, line)
		}
	}
	return strings.Join(told, " ")
}

func (o oneLine) Unwrap() error { return o.error }

// reason is a server's answer without its detail, which can hold values.
type reason struct{ failure *pgconn.PgError }

func (r reason) Error() string {
	return "PostgreSQL: " + r.failure.Message + " (SQLSTATE " + r.failure.Code + ")"
}

func (r reason) Unwrap() error { return r.failure }
