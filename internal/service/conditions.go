package service

import (
	"time"

	"equality-information-api/internal/etag"
	"equality-information-api/internal/store"
)

// Conditions are what a record must be like for a write to be made (RFC 9110, 13.1). The
// zero Conditions ask for nothing.
type Conditions struct {
	// IfMatch are the versions that the record may be at, and IfNoneMatch those that it may
	// not be at; nil if the caller sent no such condition. If IfMatch names a single version,
	// a refusal says what has changed since.
	IfMatch, IfNoneMatch *etag.List
	// IfUnmodifiedSince is the time since which the record may not have changed; zero for no
	// such condition. Its seconds are whole, so a change within the second goes unnoticed.
	IfUnmodifiedSince time.Time
	// Sent is the conditions as the caller sent them, name and values: an idempotency key
	// belongs to them.
	Sent []string
}

// hold reports whether the record is as the conditions ask (RFC 9110, 13.2.2). A record to
// be created has no version yet, so If-Match never holds for it; and it has not been modified
// yet, so one that is there is too new for any time.
func (c Conditions) hold(o store.Opened, creating bool) bool {
	there, tag := o.State == store.Present, etag.Version(o.Version)
	if c.IfMatch != nil {
		if creating || !there || !c.IfMatch.Has(tag) {
			return false
		}
	} else if there && !c.IfUnmodifiedSince.IsZero() {
		if creating || o.Modified.Truncate(time.Second).After(c.IfUnmodifiedSince) {
			return false
		}
	}
	return !there || c.IfNoneMatch == nil || !c.IfNoneMatch.Has(tag)
}

// check returns an error if the conditions do not hold.
func (c Conditions) check(o store.Opened, creating bool) error {
	if c.hold(o, creating) {
		return nil
	}
	if o.State != store.Present {
		return &VersionError{Version: noVersion}
	}
	return &VersionError{Version: o.Version}
}
