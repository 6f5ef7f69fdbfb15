package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
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
	// Documents gives every change that the log tells of.
	Documents(ctx context.Context, yield func(Document) error) error
	// Misplaced gives what is wrong with the current records themselves: one
	// that cannot be opened, or that its ids do not lead to.
	Misplaced(ctx context.Context, yield func(finding string) error) error
	// Versions counts the stored versions of records, current and past.
	Versions(ctx context.Context) (int64, error)
}

// Document is a change that the log tells of, beside what is stored of it.
type Document struct {
	Lane    int
	Seq     int64
	Record  uuid.UUID
	Version int64
	Logged  []byte // the SHA-256 that the entry holds
	Stored  []byte // the SHA-256 of the stored document; nil where there is none
	Erased  bool
}

// Report is what verification found.
type Report struct {
	Entries  int64
	Changes  int64  // checked against stored documents
	Heads    int    // checked against logged heads
	Last     []Head // the last entry of each lane
	Findings []string
	omitted  int
	erased   map[uuid.UUID]bool // records whose erasure the log tells of
	imported int64              // versions that imports wrote and no erasure removed
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
	report := &Report{Heads: len(heads), erased: make(map[uuid.UUID]bool)}
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
		report.account(l.Entry)
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

// account notes what an entry says of versions that have no entry of their own.
func (r *Report) account(e Entry) {
	switch {
	case e.Outcome != Done:
	case e.Action == ActionErase:
		r.erased[e.Record] = true
		r.imported -= e.Count
	case e.Action == ActionImport:
		r.imported += e.Count
	}
}

// VerifyRecords checks that what the log says was written is what is stored,
// so that no row was swapped, rolled back, added or removed. The report is
// Verify's: an erasure counts only where the log tells of it.
func VerifyRecords(ctx context.Context, log Log, report *Report) error {
	var stored int64
	err := log.Documents(ctx, func(d Document) error {
		report.Changes++
		if d.Stored != nil {
			stored++
		}
		switch {
		case d.Erased && d.Stored == nil && report.erased[d.Record]:
		case d.Stored == nil:
			report.find("record %v: version %d, which entry %d of lane %d wrote, is not there", d.Record, d.Version, d.Seq, d.Lane)
		case !bytes.Equal(d.Stored, d.Logged):
			report.find("record %v: version %d is not what entry %d of lane %d wrote", d.Record, d.Version, d.Seq, d.Lane)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = log.Misplaced(ctx, func(finding string) error {
		report.find("%s", finding)
		return nil
	})
	if err != nil {
		return err
	}
	versions, err := log.Versions(ctx)
	if err != nil {
		return err
	}
	if told := stored + report.imported; versions != told {
		report.find("%d versions of records are stored, and the log tells of %d of them", versions, told)
	}
	return nil
}

// headLine is a head as the program's log has it: one JSON object a line.
type headLine struct {
	Message   string `json:"msg"`
	Lane      int    `json:"lane"`
	Seq       int64  `json:"seq"`
	Hash      string `json:"hash"`
	Signature string `json:"signature"`
}

// HeadMessage marks the log lines that ReadHeads looks for.
const HeadMessage = "audit head"

// LogFields are the head as key-value pairs for the program's log, under HeadMessage.
func (h Head) LogFields(keys *sealing.Keyset) []any {
	signature := h.Signature(keys)
	return []any{"lane", h.Lane, "seq", h.Seq, "hash", hex.EncodeToString(h.Hash[:]),
		"signature", hex.EncodeToString(signature[:])}
}

// ReadHeads finds the heads in a copy of the program's log. Other lines are
// passed over; a head with a wrong signature is an error that names its line.
func ReadHeads(r io.Reader, keys *sealing.Keyset) ([]Head, error) {
	var heads []Head
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for number := 1; lines.Scan(); number++ {
		var line headLine
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Message != HeadMessage {
			continue
		}
		h := Head{Lane: line.Lane, Seq: line.Seq}
		hash, err := hex.DecodeString(line.Hash)
		copy(h.Hash[:], hash)
		signature := h.Signature(keys)
		if err != nil || len(hash) != HashSize || line.Signature != hex.EncodeToString(signature[:]) {
			return nil, fmt.Errorf("line %d: this head was not signed with this keyset", number)
		}
		heads = append(heads, h)
	}
	if err := lines.Err(); err != nil {
		return nil, errors.New("the file of heads cannot be read")
	}
	return heads, nil
}
