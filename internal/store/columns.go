package store

import (
	"crypto/sha256"
	"strings"
	"time"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
)

// Placed is an entry with its position in the access log.
type Placed struct {
	audit.Head
	audit.Entry
}

// AppendEntry appends the columns of a new entry, in the order of audit-insert and
// postgres/audit-append.
func AppendEntry(args []any, e *Placed) []any {
	return append(args, e.Lane, e.Seq, e.ID[:], Micros(e.At), e.Subject, e.Name, e.Kind, e.Permission, e.Purpose,
		e.Action, e.Target[:], e.Record[:], e.Version, JoinNames(e.Members), string(e.Outcome), e.Status,
		e.CorrelationID[:], nonNil(e.Address), nonNil(e.Document), e.Scope, e.Count, audit.Format, string(e.Object),
		e.ObjectName, JoinNames(e.Roles), nonNil(e.Previous), nonNil(e.Touched), e.Hash[:])
}

// EntryOf returns the entry of a load in which these arrivals were stored.
// The first has the time at.
func EntryOf(l *Load, landed []int, at time.Time) audit.Entry {
	e := l.Entry
	if len(landed) > 0 {
		e.At = at
	}
	e.Count = int64(len(landed))
	for _, n := range landed {
		a := &l.Arrivals[n]
		if e.Object = audit.ObjectRecord; a.Entry != nil {
			e.Object = audit.ObjectPerson
		}
		e.Touched = e.Touched.AppendVersion(a.ID, a.Version, sha256.Sum256(a.Sealed))
	}
	return e
}

// AppendEvent appends the columns of an event, in the order of outbox-insert and
// postgres/outbox-append.
func AppendEvent(args []any, e *events.Event) []any {
	return append(args, e.ID[:], Micros(e.At), e.Type, e.Record[:], e.Target[:], e.Version, JoinNames(e.Members),
		e.CorrelationID[:], e.Into[:])
}

// JoinNames returns a list of names of members, or of roles, as the text of a column. The
// names are our own and contain no space.
func JoinNames(names []string) string { return strings.Join(names, " ") }

// SplitNames reverses JoinNames. For any other text it returns a different list: the hash
// in the access log covers the list.
func SplitNames(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, " ")
}

// nonNil turns an absent value into an empty one, because the columns are NOT NULL.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
