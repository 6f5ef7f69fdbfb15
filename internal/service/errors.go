package service

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// The errors of use cases. None holds a value that was sent. What is none of
// these, nor an equality.InvalidError, is internal.
var (
	ErrForbidden            = errors.New("the caller does not have the permission")
	ErrNotFound             = errors.New("there is no such record")
	ErrErased               = errors.New("the record has been erased")
	ErrUnavailable          = errors.New("the service is unavailable")
	ErrPreconditionRequired = errors.New("a change must say which version it changes")
	ErrKeyReused            = errors.New("the idempotency key was used with another body")
	ErrBadCursor            = errors.New("the cursor did not come from this service")
	ErrCursorExpired        = errors.New("the feed no longer goes back as far as this cursor")
	// ErrNINOForbidden is a change of a National Insurance number that the
	// caller may not see.
	ErrNINOForbidden = errors.New("the caller may not change this National Insurance number")
)

// ConflictError is a create of a record that is there, or of an id that is taken.
type ConflictError struct {
	// Existing is the record in the way, where there is one and the caller may read it.
	Existing uuid.UUID
}

func (e *ConflictError) Error() string { return "the person has a record, or the id is taken" }

// VersionError is a change of a version that is no longer the current one.
type VersionError struct {
	Version int64 // the current one
	// ChangedMembers names the members that have changed since the caller's
	// version, where the caller may read the record and the version is known.
	ChangedMembers []string
}

func (e *VersionError) Error() string { return fmt.Sprintf("the current version is %d", e.Version) }
