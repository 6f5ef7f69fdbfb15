package store

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/sealing"
)

// document is what is sealed: the record, the National Insurance number's
// spelling on the front-end contract, and who made this version of it. Who
// changed what stands in it, and not in columns, since that a certain member
// changed can say as much as its value.
type document struct {
	Record     equality.Record `json:"record"`
	NINOAsSent string          `json:"ninoAsSent,omitzero"`
	Change     Change          `json:"change"`
}

// EncodeDocument writes a version as the JSON that is sealed. Text that is not
// UTF-8, which an import may bring, is mended.
func EncodeDocument(r equality.Record, c Change) ([]byte, error) {
	return json.Marshal(document{r, r.NINOAsSent, c}, jsontext.AllowInvalidUTF8(true))
}

// DecodeDocument reads a version back. The error names no value.
func DecodeDocument(plain []byte) (equality.Record, Change, error) {
	var d document
	if err := json.Unmarshal(plain, &d); err != nil {
		return equality.Record{}, Change{}, fmt.Errorf("a stored document is not of this program's form")
	}
	d.Record.NINOAsSent = d.NINOAsSent
	return d.Record, d.Change, nil
}

// NINOHash is the key of the National Insurance number index.
func NINOHash(keys *sealing.Keyset, nino string) [32]byte {
	return keys.MAC(sealing.MACNINO, []byte(nino))
}
