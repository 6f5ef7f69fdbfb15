package audit

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"

	"equality-information-api/internal/sealing"
)

// headLine is a head in the program's log: one JSON object on a line.
type headLine struct {
	Message   string `json:"msg"`
	Lane      int    `json:"lane"`
	Seq       int64  `json:"seq"`
	Hash      string `json:"hash"`
	Signature string `json:"signature"`
}

// HeadMessage marks the log lines that ReadHeads looks for.
const HeadMessage = "audit head"

// LogFields returns the head as key-value pairs for the program's log, under HeadMessage.
func (h Head) LogFields(keys *sealing.Keyset) []any {
	signature := h.Signature(keys)
	return []any{"lane", h.Lane, "seq", h.Seq, "hash", hex.EncodeToString(h.Hash[:]),
		"signature", hex.EncodeToString(signature[:])}
}

// ReadHeads finds the heads in a copy of the program's log. It skips other lines; a head
// with a wrong signature is an error that names its line.
func ReadHeads(r io.Reader, keys *sealing.Keyset) ([]Head, error) {
	var heads []Head
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for number := 1; lines.Scan(); number++ {
		var line headLine
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Message != HeadMessage {
			continue
		}
		h := Head{Lane: line.Lane, Seq: line.Seq}
		hash, err := hex.DecodeString(line.Hash)
		copy(h.Hash[:], hash)
		signature := h.Signature(keys)
		if err != nil || len(hash) != HashSize || line.Signature != hex.EncodeToString(signature[:]) {
			return nil, fmt.Errorf("line %d: this head was not signed with this keyset", number)
		}
		heads = append(heads, h)
	}
	if err := lines.Err(); err != nil {
		return nil, errors.New("the file of heads cannot be read")
	}
	return heads, nil
}
