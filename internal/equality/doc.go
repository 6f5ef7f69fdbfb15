// Package equality owns the equality information record: its members, the
// answers and dates in them, how a JSON merge patch (RFC 7396) changes it,
// which values are valid, and what differs between two versions of it.
//
// It is pure: it does no I/O, reads no clock and logs nothing. It does not own
// the code lists (internal/refdata), permissions, storage or HTTP.
//
// A PATCH goes through [Rules.DecodePatch] and then, once the record is known,
// [Patch.Apply] and [Rules.Validate]. A POST goes through [Rules.DecodeCreate],
// which reports the failures of all three together. Another contract can decode
// its bodies to a [Patch]; a record may then hold a value that is in no list,
// and [Rules.Encode] leaves it out. No failure ever holds a submitted value.
package equality
