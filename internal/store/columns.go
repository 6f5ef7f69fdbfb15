package store

import (
	"crypto/sha256"
	"strings"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
)

// Placed is an entry with its place in the access log.
type Placed struct {
	audit.Head
	audit.Entry
}

// AppendEntry appends a new entry's columns, in the order of audit-insert
// and postgres/audit-append.
func AppendEntry(args []any, e *Placed) []any {
	return append(args, e.Lane, e.Seq, e.ID[:], Micros(e.At), e.Subject, e.Name, e.Kind, e.Permission, e.Purpose,
		e.Action, e.Target[:], e.Record[:], e.Version, JoinNames(e.Members), string(e.Outcome), e.Status,
		e.CorrelationID[:], nonNil(e.Address), nonNil(e.Document), e.Scope, e.Count, audit.Format, string(e.Object),
		e.ObjectName, JoinNames(e.Roles), nonNil(e.Previous), nonNil(e.Touched), e.Hash[:])
}

// EntryOf is the entry of a load of which these arrivals have landed.
func EntryOf(l *Load, landed []int) audit.Entry {
	e := l.Entry
	e.Count = int64(len(landed))
	for _, n := range landed {
		a := &l.Arrivals[n]
		e.Object, e.Touched = audit.ObjectRecord, e.Touched.AppendVersion(a.ID, a.Version, sha256.Sum256(a.Sealed))
	}
	return e
}

// AppendEvent appends an event's columns, in the order of outbox-insert
// and postgres/outbox-append.
func AppendEvent(args []any, e *events.Event) []any {
	return append(args, e.ID[:], Micros(e.At), e.Type, e.Record[:], e.Target[:], e.Version, JoinNames(e.Members),
		e.CorrelationID[:])
}

// JoinNames keeps a list of names of members, or of roles, in a column. The
// names are our own and hold no blank.
func JoinNames(names []string) string { return strings.Join(names, " ") }

// SplitNames gives what JoinNames was given, and never that for another text:
// the access log's hash is over the list.
func SplitNames(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, " ")
}

// nonNil keeps an absent value an empty one, since the columns are NOT NULL.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
