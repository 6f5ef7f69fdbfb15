package equality

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Encode returns the record as JSON, always the same for the same record. It
// replaces invalid UTF-8, which an import may bring.
func (r Record) Encode() []byte { return encode(r) }

func encode(v any) []byte {
	document, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true))
	if err != nil { // cannot happen: every member can be encoded
		panic(err)
	}
	return document
}

// errID does not repeat the refused text.
var errID = errors.New("not a UUID in the 36-character form")

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
