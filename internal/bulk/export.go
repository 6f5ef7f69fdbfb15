package bulk

import (
	"encoding/csv"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

const timeForm = time.RFC3339Nano

// Exported is a record in an export: an entry of the HTTP contract's lists.
type Exported struct {
	ID         uuid.UUID      `json:"id"`
	TargetID   uuid.UUID      `json:"targetId"`
	Version    int64          `json:"version"`
	ModifiedAt time.Time      `json:"modifiedAt"`
	Record     jsontext.Value `json:"record"`
	record     equality.Record
}

// An Encoder writes records one by one. End finishes the output.
type Encoder interface {
	Encode(v store.Opened) error
	End() error
}

// NewEncoder returns an encoder for a format, ndjson or csv.
func NewEncoder(format string, w io.Writer) Encoder {
	if format == FormatCSV {
		return &csvEncoder{w: csv.NewWriter(w)}
	}
	return ndjsonEncoder{w}
}

// The formats.
const (
	FormatNDJSON   = "ndjson"
	FormatCSV      = "csv"
	FormatDynamoDB = "dynamodb-json"
)

type ndjsonEncoder struct{ w io.Writer }

func (e ndjsonEncoder) Encode(v store.Opened) error {
	line, err := json.Marshal(Exported{ID: v.ID, TargetID: v.Target, Version: v.Version, ModifiedAt: v.Modified, Record: v.Record.Encode()})
	if err != nil {
		return err
	}
	_, err = e.w.Write(append(line, '\n'))
	return err
}

func (ndjsonEncoder) End() error { return nil }

type csvEncoder struct {
	w      *csv.Writer
	headed bool
	cells  []string
}

func (e *csvEncoder) head() error {
	if e.headed {
		return nil
	}
	e.headed = true
	return e.w.Write(Header())
}

func (e *csvEncoder) Encode(v store.Opened) error {
	if err := e.head(); err != nil {
		return err
	}
	e.cells = row(e.cells[:0], Exported{Version: v.Version, ModifiedAt: v.Modified, record: v.Record})
	return e.w.Write(e.cells)
}

func (e *csvEncoder) End() error {
	if err := e.head(); err != nil {
		return err
	}
	e.w.Flush()
	return e.w.Error()
}
