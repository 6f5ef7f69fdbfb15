// Package equality owns the equality information record: its members, the
// answers and dates in them, how a JSON merge patch (RFC 7396) changes it,
// which values are valid, and what differs between two versions of it.
//
// It is pure: it does no I/O, asks no clock and logs nothing. It does not own
// the code lists (internal/refdata), permissions, storage or HTTP.
//
// A PATCH goes [Rules.DecodePatch], then, once the record is known,
// [Patch.Apply] and [Rules.Validate]. A POST goes [Rules.DecodeCreate], which
// reports the failures of all three together. Another contract may decode to a
// [Patch] of its own; a value that no list has may then stand in a record, and
// [Rules.Encode] leaves it out. No failure ever holds a value that was
// submitted.
package equality
