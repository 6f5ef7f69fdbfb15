package audit

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// Log is a stored access log, as verification reads it. All of it is read as
// it was at one moment.
type Log interface {
	// Lanes is the number of lanes that the log must have.
	Lanes() int
	// Entries gives every entry, lane by lane, in order of sequence number.
	Entries(ctx context.Context, yield func(Logged) error) error
	// Written gives every entry that holds the hash of a document, or a packed
	// list. Only what tells of them is set.
	Written(ctx context.Context, yield func(Logged) error) error
	// Stored gives every stored version of every kind of object.
	Stored(ctx context.Context, yield func(Stored) error) error
	// Tombstones gives the ids of erased records. A tombstone that is not
	// genuine was not written with the keyset.
	Tombstones(ctx context.Context, yield func(id uuid.UUID, genuine bool) error) error
	// Misplaced gives what is wrong with the current records themselves: one
	// that cannot be opened, or that its ids do not lead to.
	Misplaced(ctx context.Context, yield func(finding string) error) error
}

// Report is what verification found.
type Report struct {
	Entries  int64
	Changes  int64  // versions that the log tells of by themselves, checked against stored documents
	Heads    int    // checked against logged heads
	Last     []Head // the last entry of each lane
	Findings []string
	omitted  int
	erased   map[uuid.UUID]*erasure // of records whose erasure the log tells of
	imported int64                  // versions that imports wrote before format 3, of which the log has only the number
}

// erasure is what is known of an erased record.
type erasure struct {
	// begun says that the log tells how the record came, or never knew it;
	// otherwise an import wrote it before format 3.
	begun     bool
	tombstone bool
}

const maxFindings = 100

// OK says whether nothing was found to be wrong.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// Omitted is how many more findings there are.
func (r *Report) Omitted() int { return r.omitted }

func (r *Report) find(format string, args ...any) {
	if len(r.Findings) == maxFindings {
		r.omitted++
		return
	}
	r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
}

// Verify follows every lane of the log from its first entry and checks that
// the heads logged elsewhere are in it. An error means that the log could not
// be read; what is wrong with it stands in the report.
func Verify(ctx context.Context, keys *sealing.Keyset, log Log, heads []Head) (*Report, error) {
	report := &Report{Heads: len(heads), erased: make(map[uuid.UUID]*erasure)}
	expected := make(map[int]map[int64][HashSize]byte)
	for _, h := range heads {
		if h == (Head{Lane: h.Lane}) {
			continue // it stands before the first entry
		}
		if h.Lane < 0 || h.Lane >= log.Lanes() {
			report.find("a head of lane %d was logged, which this log does not have", h.Lane)
			continue
		}
		if expected[h.Lane] == nil {
			expected[h.Lane] = make(map[int64][HashSize]byte)
		}
		if other, ok := expected[h.Lane][h.Seq]; ok && other != h.Hash {
			report.find("lane %d: two different entries %d were logged as heads: its tail had been cut off between", h.Lane, h.Seq)
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
			report.find("entry %d stands in lane %d, which this log does not have", l.Seq, l.Lane)
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
				report.find("lane %d: entry %d is not the one that was logged as the head", l.Lane, l.Seq)
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
			report.find("lane %d ends at entry %d, but later heads were logged: its tail has been cut off", i, lane.Head().Seq)
		}
	}
	return report, nil
}

// account notes what an entry says of versions that the log does not tell of
// by themselves.
func (r *Report) account(l Logged) {
	e := &l.Entry
	switch {
	case e.Outcome != Done:
	case e.Action == ActionErase:
		if r.erased[e.Record] == nil {
			r.erased[e.Record] = &erasure{begun: l.Format < Format && e.Count == 0 || l.Format == Format && e.Object == ""}
		}
	case e.Action == ActionImport && l.Format < Format:
		r.imported += e.Count
	}
}
