package equality

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Encode gives the record as JSON, always in the same way for the same record.
// Text that is not UTF-8, which an import may bring, is mended.
func (r Record) Encode() []byte { return encode(r) }

func encode(v any) []byte {
	document, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true))
	if err != nil { // no member has a value that cannot be written
		panic(fmt.Errorf("equality: %w", err))
	}
	return document
}

// errID says nothing of the text that was refused.
var errID = errors.New("equality: not a UUID in the 36-character form")

// ParseID reads a UUID in the 36-character form, in upper or lower case. The
// zero UUID is accepted here.
func ParseID(s string) (uuid.UUID, error) {
	if len(s) != 36 { // uuid.Parse knows three more forms
		return uuid.UUID{}, errID
	}
	id, err := uuid.Parse(s)
	if err != nil {
		return uuid.UUID{}, errID
	}
	return id, nil
}
