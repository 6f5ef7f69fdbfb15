package service

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"equality-information-api/internal/store"
)

// The errors of use cases. None contains a submitted value. Any other error, except an
// equality.InvalidError, is internal.
var (
	ErrForbidden            = errors.New("the caller does not have the permission")
	ErrNotFound             = errors.New("there is no such record")
	ErrErased               = errors.New("the record has been erased")
	ErrUnavailable          = errors.New("the service is unavailable")
	ErrPreconditionRequired = errors.New("the change does not say which version it is for")
	ErrKeyReused            = errors.New("the idempotency key was used with a different body or other conditions")
	ErrBadCursor            = errors.New("the cursor did not come from this service")
	ErrCursorExpired        = errors.New("the feed no longer goes back as far as this cursor")
	ErrIncludeNotAvailable  = errors.New("the directory does not give the people of a list")
	ErrDirectoryReadOnly    = errors.New("the directory is kept elsewhere")
	// ErrNINOForbidden refuses a change to a National Insurance number that the caller may
	// not see.
	ErrNINOForbidden = errors.New("the caller may not change this National Insurance number")
)

// ErrLastVersion refuses a version that would be higher than any can be.
var ErrLastVersion = store.ErrLastVersion

// ConflictError refuses to create a record that exists, or with an id that is taken.
type ConflictError struct {
	// Existing is the record in the way, if there is one and the caller may read it.
	Existing uuid.UUID
}

func (e *ConflictError) Error() string { return "the person already has a record, or the id is taken" }

// WithheldError refuses values for members that the caller may neither see nor set.
type WithheldError struct{ Members []string }

func (e *WithheldError) Error() string { return "the caller may not set these members" }

// noVersion is the version of a VersionError where there is no record.
const noVersion = -1

// VersionError refuses a write because the record is not as its conditions ask.
type VersionError struct {
	Version int64 // the current one; negative if there is no record
	// ChangedMembers are the members changed since the caller's version, if the caller may
	// read the record and the version exists.
	ChangedMembers []string
}

func (e *VersionError) Error() string { return fmt.Sprintf("the current version is %d", e.Version) }
