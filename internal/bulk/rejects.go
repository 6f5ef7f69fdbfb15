package bulk

import (
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/store"
)

// A Reject is one error in a rejected record. It holds no value of the record,
// except the two ids if they are wrong.
type Reject struct {
	Line     int64     `json:"line"`
	Pointer  string    `json:"pointer"`
	Rule     string    `json:"rule"`
	ID       uuid.UUID `json:"id,omitzero"`
	TargetID uuid.UUID `json:"targetId,omitzero"`

	record int64 // which one it is about: several can begin on a line
}

func (r Reject) about() (record int64, rule string) { return r.record, r.Rule }

// A Finding is a value that breaks a rule in a record that is imported all the
// same, with the value or without it. It does not hold the value. Or it is about the
// file.
type Finding struct {
	Line    int64  `json:"line"`
	Pointer string `json:"pointer"`
	Rule    string `json:"rule"`
	Kept    bool   `json:"kept"`

	record int64 // as in Reject; 0 if it is about the file
}

func (f Finding) about() (record int64, rule string) { return f.record, f.Rule }

// report is a line of the file of rejects or of findings.
type report interface {
	about() (record int64, rule string)
}

// ReportFile is where rejects or findings are written. Data written twice at the
// same offset is the same.
type ReportFile interface {
	io.WriterAt
	Truncate(size int64) error
	Sync() error
}

// landingRules are the rules that refused arrivals break.
var landingRules = map[store.Landing]string{
	store.Differs: Differs, store.Taken: IDTaken, store.WasErased: IDErased,
}

// landingReject is the reject for a refused arrival; false if it was not refused.
func landingReject(at span, a *store.Arrival, landing store.Landing) (Reject, bool) {
	rule, rejected := landingRules[landing]
	return Reject{Line: at.line, Rule: rule, ID: a.ID, TargetID: a.Target, record: at.record}, rejected
}

// ofAccepted leaves out the findings about records that were rejected.
func ofAccepted(findings []Finding, rejects []Reject) []Finding {
	if len(findings) == 0 {
		return nil
	}
	rejected := make(map[int64]bool, len(rejects))
	for _, r := range rejects {
		rejected[r.record] = true
	}
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool { return rejected[f.record] })
}

// writeReport writes rejects or findings as lines of JSON at an offset, in place
// of anything there, and returns the offset after them.
func writeReport[R report](file ReportFile, at int64, reports []R) (end int64, err error) {
	if len(reports) == 0 {
		return at, nil // there may be no file
	}
	var text []byte
	for _, r := range reports {
		line, err := json.Marshal(r)
		if err != nil {
			return 0, err
		}
		text = append(append(text, line...), '\n')
	}
	err = file.Truncate(at)
	if err == nil {
		_, err = file.WriteAt(text, at)
	}
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		return 0, fmt.Errorf("cannot write what was found: %w", err)
	}
	return at + int64(len(text)), nil
}
