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

// The generators are made anew for each property: rapid's are not for several
// tests at once.

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
			Members: rapid.SliceOfN(words(), 0, 4).Draw(t, "members"), Records: rapid.SliceOfN(anID(), 0, 4).Draw(t, "records"),
			Outcome: Outcome(words().Draw(t, "outcome")), Status: rapid.Int().Draw(t, "status"), CorrelationID: anID().Draw(t, "correlation"),
			Address: someBytes().Draw(t, "address"), Document: someBytes().Draw(t, "document"),
		}
	})
}

// chained are entries as a log has them.
func chained(keys *sealing.Keyset, lane int, entries ...Entry) []Logged {
	head := Head{Lane: lane}
	var log []Logged
	for _, e := range entries {
		head = head.Next(keys, e)
		log = append(log, Logged{Lane: lane, Seq: head.Seq, Hash: bytes.Clone(head.Hash[:]), Entry: e})
	}
	return log
}

// headAt is the head after the entry at this place of a log.
func headAt(log []Logged, i int) Head {
	return Head{Lane: log[i].Lane, Seq: log[i].Seq, Hash: [HashSize]byte(log[i].Hash)}
}

// memory is a log in memory.
type memory struct {
	lanes     int
	entries   []Logged
	documents []Document
	versions  int64
	misplaced []string
}

func (m memory) Lanes() int { return m.lanes }

func (m memory) Entries(_ context.Context, yield func(Logged) error) error {
	for _, l := range m.entries {
		if err := yield(l); err != nil {
			return err
		}
	}
	return nil
}

func (m memory) Documents(_ context.Context, yield func(Document) error) error {
	for _, d := range m.documents {
		if err := yield(d); err != nil {
			return err
		}
	}
	return nil
}

func (m memory) Versions(context.Context) (int64, error) { return m.versions, nil }

func (m memory) Misplaced(_ context.Context, yield func(string) error) error {
	for _, finding := range m.misplaced {
		if err := yield(finding); err != nil {
			return err
		}
	}
	return nil
}
