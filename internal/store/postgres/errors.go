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
	tooManyConnections   = "53300"
	readOnlyTransaction  = "25006"
	undefinedTable       = "42P01"
	undefinedColumn      = "42703"

	insufficientPrivilege = "42501"
)

// code returns the SQLSTATE of an error from the server.
func code(err error) string {
	var failure *pgconn.PgError
	if errors.As(err, &failure) {
		return failure.Code
	}
	return ""
}

// violates reports whether a statement found a row in its way, or did not find the row it
// needs. The tables are designed so that this means a write that no longer fits.
func violates(err error) bool {
	return slices.Contains([]string{uniqueViolation, notNullViolation}, code(err))
}

// answered reports whether the server refused a statement, and so its transaction. After
// any other error the outcome of a transaction is unknown, also if the server ended the
// connection: it may do so after a commit.
func answered(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && !ended(failure)
}

// ended reports whether the server ended the connection, or refused it. It goes by the
// code, because the text depends on the server's language.
func ended(failure *pgconn.PgError) bool {
	return slices.Contains([]string{"FATAL", "PANIC"}, failure.SeverityUnlocalized)
}

// conflicts reports whether a transaction may be retried unchanged.
func conflicts(err error) bool {
	return slices.Contains([]string{serializationFailure, deadlockDetected}, code(err))
}

// passing are classes of errors that may pass by themselves (connection, resources,
// operator intervention, system), and single codes.
var passing = []string{"08", "53", "57", "58", "55", "25006", serializationFailure, deadlockDetected,
	undefinedTable, undefinedColumn, insufficientPrivilege} // the last three mean an old schema, which is about to be migrated

// classify turns errors that may pass by themselves into store.ErrUnavailable. An error
// that did not come from the server means a lost connection, or none at all.
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
		return fmt.Errorf("%w: %w", store.ErrUnavailable, serverError{failure})
	}
	return serverError{failure}
}

// foreign is an error that ended a transaction but did not come from the database: a
// document that does not open, or an error of the caller's own function.
type foreign struct{ error }

func (f foreign) Unwrap() error { return f.error }

// oneLine is the error of a connection on one line. The original has a line for each
// address, and repeats itself.
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

// serverError is an error from the server without its detail, which can contain values.
type serverError struct{ failure *pgconn.PgError }

func (r serverError) Error() string {
	return "PostgreSQL: " + r.failure.Message + " (SQLSTATE " + r.failure.Code + ")"
}

func (r serverError) Unwrap() error { return r.failure }
