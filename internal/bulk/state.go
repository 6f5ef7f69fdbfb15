package bulk

import (
	"errors"
	"maps"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// Counts says how many records were imported, unchanged or rejected, and how many
// of those that were not rejected have findings.
type Counts struct {
	Read       int64            `json:"read"`
	Imported   int64            `json:"imported"`
	Unchanged  int64            `json:"unchanged"`
	Rejected   int64            `json:"rejected"`
	Found      int64            `json:"found,omitzero"`
	Empty      int64            `json:"empty,omitzero"`      // rows of CSV that were passed over
	Rules      map[string]int64 `json:"rules,omitzero"`      // how many rejected records broke each rule
	FoundRules map[string]int64 `json:"foundRules,omitzero"` // how many records with findings broke each rule
}

// A State is how far an import has got: everything before it is durable, and
// nothing after it is stored.
type State struct {
	Counts
	Offset        int64     `json:"offset"`          // in the uncompressed file
	Line          int64     `json:"line"`            // of the next record
	Inside        nested    `json:"inside,omitzero"` // where in a JSON document that is
	Rejects       int64     `json:"rejects"`
	Findings      int64     `json:"findings,omitzero"`
	Done          bool      `json:"done,omitzero"`
	CorrelationID uuid.UUID `json:"correlationId"`
}

// start is the state before an import begins.
func start(correlation uuid.UUID) State { return State{Line: 1, CorrelationID: correlation} }

// parseState reads what State.encode wrote.
func parseState(position []byte) (s State, err error) {
	if err := json.Unmarshal(position, &s); err != nil {
		return s, errors.New("the saved position of the import cannot be read")
	}
	return s, nil
}

func (s State) encode() ([]byte, error) { return json.Marshal(s, json.Deterministic(true)) }

// tally counts the records that reports are about, and adds them by rule.
func tally[R report](reports []R, rules *map[string]int64) (records int64) {
	*rules = maps.Clone(*rules)
	if *rules == nil {
		*rules = make(map[string]int64)
	}
	last := int64(0)
	broken := make(map[string]bool)
	for _, r := range reports {
		record, rule := r.about()
		if record != last {
			last = record
			clear(broken)
			if record != 0 {
				records++
			}
		}
		if !broken[rule] {
			broken[rule] = true
			(*rules)[rule]++
		}
	}
	return records
}
