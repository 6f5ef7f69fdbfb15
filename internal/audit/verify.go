package audit

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// Report is the result of verification.
type Report struct {
	Entries  int64
	Changes  int64  // versions in the log, which are checked against stored documents
	Heads    int    // checked against logged heads
	Last     []Head // the last entry of each lane
	Findings []string
	omitted  int
	erased   map[grave]*erasure // of what has an entry for its erasure
	last     map[owner]int64    // the last version of a person that was erased, of every kind of document
	// imported are the versions of imports before format 3, of which the log has only the
	// number, and imports the times of these imports.
	imported int64
	imports  []int64
	newest   int64 // the time of the newest entry, in microseconds
}

// owner is a record, or a person, with what belongs to it.
type owner struct {
	kind sealing.OwnerKind
	id   uuid.UUID
}

// grave identifies an erasure. A record is erased once; a person may have an entry again, which
// is erased at a later version.
type grave struct {
	owner
	version int64 // 0 for a record
}

func graveOf(object Object, id uuid.UUID, version int64) grave {
	g := grave{owner{object.ownerKind(), id}, version}
	if g.kind == sealing.OwnerRecord {
		g.version = 0
	}
	return g
}

// ownerKind is whose key seals objects of the kind. An erasure by an earlier program, or of what
// the log has nothing about, names no kind: it is of a record.
func (o Object) ownerKind() sealing.OwnerKind { return ownerKinds()[o] }

var ownerKinds = sync.OnceValue(func() map[Object]sealing.OwnerKind {
	kinds := map[Object]sealing.OwnerKind{"": sealing.OwnerRecord}
	for _, of := range sealing.Kinds() {
		kinds[Object(of.String())] = of.Owner()
	}
	return kinds
})

func (g grave) String() string {
	if g.kind == sealing.OwnerRecord {
		return fmt.Sprintf("%s %v", ObjectRecord, g.id)
	}
	return fmt.Sprintf("%s %v (version %d)", ObjectPerson, g.id, g.version)
}

// erasure is what is known about something erased.
type erasure struct {
	at, version int64
	exact       bool // the event has this time
	correlation uuid.UUID
	// begun means that the log says how the record was created, or never had it; otherwise
	// an import wrote it before format 3.
	begun     bool
	tombstone bool
	event     bool // there is one about it
}

const maxFindings = 100

// OK reports whether there are no findings.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// Omitted returns how many more findings there are.
func (r *Report) Omitted() int { return r.omitted }

func (r *Report) find(format string, args ...any) {
	if len(r.Findings) == maxFindings {
		r.omitted++
		return
	}
	r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
}

// Verify follows every lane of the log from its first entry, and checks that it contains
// the heads logged elsewhere. An error means that the log could not be read; the report
// says what is wrong with it.
func Verify(ctx context.Context, keys *sealing.Keyset, log Log, heads []Head) (*Report, error) {
	report := &Report{Heads: len(heads), erased: make(map[grave]*erasure), last: make(map[owner]int64)}
	expected := make(map[int]map[int64][HashSize]byte)
	for _, h := range heads {
		if h == (Head{Lane: h.Lane}) {
			continue // it comes before the first entry
		}
		if h.Lane < 0 || h.Lane >= log.Lanes() {
			report.find("a head of lane %d was logged, but this log has no such lane", h.Lane)
			continue
		}
		if expected[h.Lane] == nil {
			expected[h.Lane] = make(map[int64][HashSize]byte)
		}
		if other, ok := expected[h.Lane][h.Seq]; ok && other != h.Hash {
			report.find("lane %d: two different entries %d were logged as heads: in between, entries at its end were removed", h.Lane, h.Seq)
		}
		expected[h.Lane][h.Seq] = h.Hash
	}
	lanes := make([]*Verifier, log.Lanes())
	broken := make([]bool, len(lanes))
	for i := range lanes {
		lanes[i] = NewVerifier(keys, i)
	}
	err := log.Entries(ctx, func(l Logged) error {
		report.Entries++
		if l.Lane < 0 || l.Lane >= len(lanes) {
			report.find("entry %d is in lane %d, but this log has no such lane", l.Seq, l.Lane)
			return nil
		}
		if broken[l.Lane] {
			return nil
		}
		if err := lanes[l.Lane].Check(l); err != nil {
			broken[l.Lane] = true
			report.find("%v", err)
			return nil
		}
		report.account(l)
		if hash, ok := expected[l.Lane][l.Seq]; ok {
			if hash != lanes[l.Lane].Head().Hash {
				report.find("lane %d: entry %d is not the one logged as the head", l.Lane, l.Seq)
			}
			delete(expected[l.Lane], l.Seq)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, lane := range lanes {
		report.Last = append(report.Last, lane.Head())
		if broken[i] {
			continue
		}
		if missing := len(expected[i]); missing > 0 {
			report.find("lane %d ends at entry %d, but later heads were logged: entries at its end are missing", i, lane.Head().Seq)
		}
	}
	return report, nil
}

// account counts the versions that an entry counts without listing them.
func (r *Report) account(l Logged) {
	e := &l.Entry
	r.newest = max(r.newest, e.At.UnixMicro())
	switch {
	case e.Outcome != Done:
	case e.Action == ActionErase:
		g := graveOf(e.Object, e.Record, e.Version)
		if r.erased[g] == nil {
			begun := l.Format < formatPacked && e.Count == 0 || l.Format >= formatPacked && e.Object == "" || g.kind != sealing.OwnerRecord
			r.erased[g] = &erasure{at: e.At.UnixMicro(), exact: l.Format >= Format, version: e.Version, correlation: e.CorrelationID, begun: begun}
		}
		r.last[g.owner] = max(r.last[g.owner], e.Version)
	case e.Action == ActionImport && l.Format < formatPacked:
		r.imported += e.Count
		r.imports = append(r.imports, e.At.UnixMicro())
	}
}
