package store

import (
	"strings"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
)

// Placed is an entry with its place in the access log.
type Placed struct {
	audit.Head
	audit.Entry
}

// AppendEntry appends an entry's columns, in the order of audit-insert
// and postgres/audit-append.
func AppendEntry(args []any, e *Placed) []any {
	return append(args, e.Lane, e.Seq, e.ID[:], Micros(e.At), e.Subject, e.Name, e.Kind, e.Permission, e.Purpose,
		e.Action, e.Target[:], e.Record[:], e.Version, JoinNames(e.Members), string(e.Outcome), e.Status,
		e.CorrelationID[:], nonNil(e.Address), nonNil(e.Document), e.Scope, e.Count, e.Hash[:])
}

// Touched is one of the records of an entry about several.
type Touched struct {
	Lane   int
	Seq    int64
	Place  int
	Record uuid.UUID
}

// TouchedBy gives the records of entries that are about several.
func TouchedBy(entries []Placed) (touched []Touched) {
	for i := range entries {
		for place, id := range entries[i].Records {
			touched = append(touched, Touched{entries[i].Lane, entries[i].Seq, place, id})
		}
	}
	return touched
}

// AppendTouched appends the columns of audit-target-insert and
// postgres/audit-target-append.
func AppendTouched(args []any, r *Touched) []any {
	return append(args, r.Lane, r.Seq, r.Place, r.Record[:])
}

// AppendEvent appends an event's columns, in the order of outbox-insert
// and postgres/outbox-append.
func AppendEvent(args []any, e *events.Event) []any {
	return append(args, e.ID[:], Micros(e.At), e.Type, e.Record[:], e.Target[:], e.Version, JoinNames(e.Members),
		e.CorrelationID[:])
}

// JoinNames keeps a list of member names in a column. The names are our own
// and hold no blank.
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
