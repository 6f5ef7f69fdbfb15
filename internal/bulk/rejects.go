package bulk

import (
	"bytes"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/store"
)

// A Reject is one thing that is wrong with a record that was not taken. It
// holds no value of the record but, where they are what is wrong, its two ids.
type Reject struct {
	Line     int64     `json:"line"`
	Pointer  string    `json:"pointer"`
	Rule     string    `json:"rule"`
	ID       uuid.UUID `json:"id,omitzero"`
	TargetID uuid.UUID `json:"targetId,omitzero"`
}

// RejectFile is where rejects go. A write at the same place again must be the same.
type RejectFile interface {
	io.WriterAt
	Truncate(size int64) error
	Sync() error
}

// landingRules are the rules of arrivals that did not land.
var landingRules = map[store.Landing]string{
	store.Differs: Differs, store.Taken: IDTaken, store.WasErased: IDErased,
}

// landingReject is the reject of an arrival, where it is one.
func landingReject(line int64, a *store.Arrival, landing store.Landing) (Reject, bool) {
	rule, rejected := landingRules[landing]
	return Reject{Line: line, Rule: rule, ID: a.ID, TargetID: a.Target}, rejected
}

// encodeRejects writes rejects as lines of JSON.
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

// writeRejects makes the file end with these, behind what it has had for sure.
func writeRejects(file RejectFile, at int64, rejects []Reject) (end int64, err error) {
	text, err := encodeRejects(rejects)
	if err != nil {
		return 0, err
	}
	end = at + int64(len(text))
	if len(text) == 0 {
		return end, nil // the file may not be there
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
