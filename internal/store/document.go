package store

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/sealing"
)

// document is the sealed JSON: the record, and what is stored beside it.
type document struct {
	Record equality.Record `json:"record"`
	beside
}

// beside is what is stored beside a record: the spelling of the National Insurance number
// on the front-end contract, and who made this version. Who changed which members is in the
// document, not in columns, because the name of a changed member can reveal as much as its
// value.
type beside struct {
	NINOAsSent string     `json:"ninoAsSent,omitzero"`
	Provenance Provenance `json:"change"`
}

// The beginning of a document. If the version is verbatim, the length of the record's JSON
// comes first, so that showing it needs to read no further.
const (
	beginVerbatim = `{"verbatim":`
	beginRecord   = `"record":`
)

// EncodeDocument writes a version as the JSON to seal. It repairs text that is not UTF-8,
// which an import may contain.
func EncodeDocument(v Opened) ([]byte, error) {
	record := v.Record.Encode()
	beside, err := json.Marshal(beside{v.Record.NINOAsSent, v.Provenance}, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, err
	}
	plain := []byte{'{'}
	if v.Verbatim {
		plain = append(strconv.AppendInt([]byte(beginVerbatim), int64(len(record)), 10), ',')
	}
	plain = append(plain, beginRecord...)
	plain = append(append(plain, record...), ',')
	return append(plain, beside[len("{"):]...), nil
}

var errUnknownForm = errors.New("a stored document has an unknown form")

// DecodeDocument reads a document written by EncodeDocument into a version. Its error
// contains no value.
func DecodeDocument(plain []byte, v *Opened) error {
	var d document
	if err := json.Unmarshal(plain, &d); err != nil {
		return errUnknownForm
	}
	v.Record, v.Provenance, v.Verbatim = d.Record, d.Provenance, bytes.HasPrefix(plain, []byte(beginVerbatim))
	v.Record.NINOAsSent = d.NINOAsSent
	return nil
}

// decodeProvenance reads who made a version from a document written by EncodeDocument. Its
// error contains no value; ErrMisplaced if the document does not belong to these ids.
func decodeProvenance(plain []byte, id, target uuid.UUID) (Provenance, error) {
	var d struct {
		Record struct {
			ID       uuid.UUID `json:"id"`
			TargetID uuid.UUID `json:"targetId"`
		} `json:"record"`
		Provenance Provenance `json:"change"`
	}
	if err := json.Unmarshal(plain, &d); err != nil {
		return Provenance{}, errUnknownForm
	}
	if d.Record.ID != id || d.Record.TargetID != target {
		return Provenance{}, ErrMisplaced
	}
	return d.Provenance, nil
}

// verbatim returns the record's JSON in a document if it can be shown as it is. It returns
// nil if not, or if EncodeDocument did not write the beginning. Error: ErrMisplaced if the
// document does not belong to these ids.
func verbatim(plain []byte, id, target uuid.UUID) ([]byte, error) {
	rest, found := bytes.CutPrefix(plain, []byte(beginVerbatim))
	digits, rest, _ := bytes.Cut(rest, []byte(","+beginRecord))
	length, err := strconv.Atoi(string(digits))
	if !found || err != nil || length < 0 || length > len(rest) {
		return nil, nil
	}
	record, behind := rest[:length], rest[length:]
	if !bytes.HasSuffix(record, []byte("}")) || !bytes.HasPrefix(behind, []byte(`,"`)) {
		return nil, nil
	}
	if !bytes.HasPrefix(record, []byte(`{"id":"`+id.String()+`","targetId":"`+target.String()+`"`)) {
		return nil, ErrMisplaced
	}
	return record, nil
}

// NINOHash returns the key of the National Insurance number index.
func NINOHash(keys *sealing.Keyset, nino string) [32]byte {
	return keys.MAC(sealing.MACNINO, []byte(nino))
}
