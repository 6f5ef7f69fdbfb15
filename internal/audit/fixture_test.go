package audit

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/sealing"
)

// testKeys is one keyset for all tests: making one takes long under the race detector.
var testKeys = sync.OnceValue(newKeys)

func newKeys() *sealing.Keyset {
	keys, err := sealing.Generate()
	if err != nil {
		panic(err)
	}
	return keys
}

// Each property makes its own generators: rapid's cannot be shared between tests that run
// at the same time.

func anID() *rapid.Generator[uuid.UUID] {
	return rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) uuid.UUID { return uuid.UUID(b) })
}

func words() *rapid.Generator[string] { return rapid.StringN(0, 12, -1) }

func someBytes() *rapid.Generator[[]byte] { return rapid.SliceOfN(rapid.Byte(), 0, 4) }

func anEntry() *rapid.Generator[Entry] {
	return rapid.Custom(func(t *rapid.T) Entry {
		return Entry{
			ID: anID().Draw(t, "id"), At: time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "at")).UTC(),
			Subject: words().Draw(t, "subject"), Name: words().Draw(t, "name"), Kind: words().Draw(t, "kind"),
			Permission: words().Draw(t, "permission"), Purpose: words().Draw(t, "purpose"), Action: words().Draw(t, "action"),
			Target: anID().Draw(t, "target"), Record: anID().Draw(t, "record"), Version: rapid.Int64().Draw(t, "version"),
			Members: rapid.SliceOfN(words(), 0, 4).Draw(t, "members"),
			Outcome: Outcome(words().Draw(t, "outcome")), Status: rapid.Int().Draw(t, "status"), CorrelationID: anID().Draw(t, "correlation"),
			Address: someBytes().Draw(t, "address"), Document: someBytes().Draw(t, "document"),
			Scope: words().Draw(t, "scope"), Count: rapid.Int64().Draw(t, "count"), Object: Object(words().Draw(t, "object")),
			ObjectName: words().Draw(t, "object's name"), Roles: rapid.SliceOfN(words(), 0, 3).Draw(t, "roles"),
			Previous: someBytes().Draw(t, "previous"), Touched: someBytes().Draw(t, "touched"),
		}
	})
}

// aLogged generates an entry of any format, without position and hash.
func aLogged() *rapid.Generator[Logged] {
	return rapid.Custom(func(t *rapid.T) Logged {
		l := Logged{Format: rapid.SampledFrom([]int{0, formatPacked, Format}).Draw(t, "format"), Entry: anEntry().Draw(t, "entry")}
		if l.Format == 0 {
			l.Entry = older(l.Entry)
			l.Rows = rapid.SliceOfN(anID(), 0, 4).Draw(t, "rows")
		}
		return l
	})
}

// older returns an entry without what formats 1 and 2 do not record.
func older(e Entry) Entry {
	e.Object, e.ObjectName, e.Roles, e.Previous, e.Touched = "", "", nil, nil, nil
	return e
}

// chain returns entries of any format as a log holds them.
func chain(keys *sealing.Keyset, lane int, entries ...Logged) []Logged {
	head := Head{Lane: lane}
	var log []Logged
	for _, l := range entries {
		head = head.next(keys, l.encode())
		l.Lane, l.Seq, l.Hash = lane, head.Seq, bytes.Clone(head.Hash[:])
		log = append(log, l)
	}
	return log
}

// chained returns new entries as a log holds them.
func chained(keys *sealing.Keyset, lane int, entries ...Entry) []Logged {
	var log []Logged
	for _, e := range entries {
		log = append(log, Logged{Format: Format, Entry: e})
	}
	return chain(keys, lane, log...)
}

// headAt returns the head after the entry at this position of a log.
func headAt(log []Logged, i int) Head {
	return Head{Lane: log[i].Lane, Seq: log[i].Seq, Hash: [HashSize]byte(log[i].Hash)}
}

// memory is a log in memory.
type memory struct {
	lanes      int
	entries    []Logged
	stored     []Stored
	tombstones []uuid.UUID // of records
	people     []Tombstone
	events     []Event
	remember   []Remembered
	amiss      []string
}

func (m memory) Lanes() int { return m.lanes }

func (m memory) Entries(_ context.Context, yield func(Logged) error) error {
	return each(m.entries, yield)
}
func (m memory) Written(_ context.Context, yield func(Logged) error) error {
	return each(m.entries, yield)
}
func (m memory) Stored(_ context.Context, yield func(Stored) error) error {
	return each(m.stored, yield)
}

func (m memory) Tombstones(_ context.Context, yield func(Tombstone) error) error {
	all := m.people
	for _, id := range m.tombstones {
		all = append(all, Tombstone{Object: ObjectRecord, ID: id, Genuine: true})
	}
	return each(all, yield)
}

func (m memory) Events(_ context.Context, yield func(Event) error) error {
	return each(m.events, yield)
}

func (m memory) Remembered(_ context.Context, yield func(Remembered) error) error {
	return each(m.remember, yield)
}

func (m memory) Amiss(_ context.Context, yield func(string) error) error {
	return each(m.amiss, yield)
}

func each[T any](all []T, yield func(T) error) error {
	for _, one := range all {
		if err := yield(one); err != nil {
			return err
		}
	}
	return nil
}
