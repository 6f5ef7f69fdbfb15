package equality

import (
	"errors"

	"github.com/go-json-experiment/json"
)

// Decode reads back a document that [Record.Encode] wrote. It trusts it: codes
// that no list has any more, and values that a later rule would refuse, are
// fine. An error means that the document is damaged; it quotes nothing of it.
func Decode(document []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(document, &r); err != nil {
		return Record{}, errors.New("equality: the stored document is damaged")
	}
	return r, nil
}
