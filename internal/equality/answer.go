package equality

import (
	"bytes"
	"errors"
	"strings"

	"equality-information-api/internal/refdata"

	"github.com/go-json-experiment/json/jsontext"
)

// Answer is the answer to a yes-or-no question. In JSON it is true, false or
// "preferNotToSay". An absent member means that the question was not asked, and
// never means no.
type Answer uint8

// The answers.
const (
	NotAsked Answer = iota
	Yes
	No
	PreferNotToSay
)

// answerJSON is each answer as JSON.
var answerJSON = [...][]byte{
	NotAsked:       []byte("null"),
	Yes:            []byte("true"),
	No:             []byte("false"),
	PreferNotToSay: []byte(`"` + refdata.PreferNotToSay + `"`),
}

// String returns the answer's code in the reference list, "" if not asked.
func (a Answer) String() string {
	if a == NotAsked {
		return ""
	}
	return strings.Trim(string(answerJSON[a]), `"`)
}

// MarshalJSONTo writes the same as MarshalJSON, without allocating.
func (a Answer) MarshalJSONTo(e *jsontext.Encoder) error {
	return e.WriteValue(answerJSON[a])
}

// MarshalJSON returns true, false, "preferNotToSay", or null if not asked.
func (a Answer) MarshalJSON() ([]byte, error) { return bytes.Clone(answerJSON[a]), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Answer) UnmarshalJSON(b []byte) error {
	for answer, text := range answerJSON {
		if bytes.Equal(bytes.TrimSpace(b), text) {
			*a = Answer(answer)
			return nil
		}
	}
	return errors.New("not an answer")
}

// parseAnswer reads an answer from a string.
func (r *Rules) parseAnswer(s string) (Answer, bool) {
	if r.importing {
		return ParseImported(s)
	}
	switch {
	case s == refdata.PreferNotToSay:
		return PreferNotToSay, true
	case strings.EqualFold(s, "yes"):
		return Yes, true
	case strings.EqualFold(s, "no"):
		return No, true
	}
	return NotAsked, false
}

// ParseImported reads an answer in the spellings of other systems.
func ParseImported(s string) (Answer, bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "yes", "y", "true", "1":
		return Yes, true
	case "no", "n", "false", "0":
		return No, true
	case "prefernottosay", "prefer not to say":
		return PreferNotToSay, true
	}
	return NotAsked, false
}
