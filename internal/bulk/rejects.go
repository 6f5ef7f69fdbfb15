package bulk

import (
	"bytes"
	"fmt"
	"io"

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
}

// RejectFile is where rejects are written. Data written twice at the same offset
// is the same.
type RejectFile interface {
	io.WriterAt
	Truncate(size int64) error
	Sync() error
}

// landingRules are the rules that refused arrivals break.
var landingRules = map[store.Landing]string{
	store.Differs: Differs, store.Taken: IDTaken, store.WasErased: IDErased,
}

// landingReject is the reject for a refused arrival; false if it was not refused.
func landingReject(line int64, a *store.Arrival, landing store.Landing) (Reject, bool) {
	rule, rejected := landingRules[landing]
	return Reject{Line: line, Rule: rule, ID: a.ID, TargetID: a.Target}, rejected
}

// encodeRejects encodes rejects as lines of JSON.
func encodeRejects(rejects []Reject) ([]byte, error) {
	var text bytes.Buffer
	for _, r := range rejects {
		line, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		text.Write(append(line, '\n'))
	}
	return text.Bytes(), nil
}

// writeRejects writes rejects at an offset, in place of anything there, and
// returns the offset after them.
func writeRejects(file RejectFile, at int64, rejects []Reject) (end int64, err error) {
	text, err := encodeRejects(rejects)
	if err != nil {
		return 0, err
	}
	end = at + int64(len(text))
	if len(text) == 0 {
		return end, nil // there may be no file
	}
	if err := file.Truncate(at); err != nil {
		return 0, fmt.Errorf("cannot write the file of rejects: %w", err)
	}
	if _, err := file.WriteAt(text, at); err != nil {
		return 0, fmt.Errorf("cannot write the file of rejects: %w", err)
	}
	if err := file.Sync(); err != nil {
		return 0, fmt.Errorf("cannot write the file of rejects: %w", err)
	}
	return end, nil
}
