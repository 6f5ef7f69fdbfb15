package bulk

import (
	"encoding/csv"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const timeForm = time.RFC3339Nano

// An Encoder writes items one by one. End finishes the output.
type Encoder[T any] interface {
	Encode(version int64, modified time.Time, item T) error
	End() error
}

// Encoder returns an encoder for lines of JSON or, if the format is one of rows, for CSV.
func (k *Kind[T]) Encoder(format string, w io.Writer) Encoder[T] {
	if InRows(format) {
		return &csvEncoder[T]{kind: k, w: csv.NewWriter(w)}
	}
	return ndjsonEncoder[T]{k, w}
}

// The formats.
const (
	FormatNDJSON        = "ndjson"
	FormatCSV           = "csv"
	FormatDynamoDB      = "dynamodb-json"
	FormatPersonsNDJSON = personsPrefix + FormatNDJSON
	FormatPersonsCSV    = personsPrefix + FormatCSV
)

const personsPrefix = "persons-"

// InRows says whether the format is CSV.
func InRows(format string) bool { return format == FormatCSV || format == FormatPersonsCSV }

// OfPersons says whether the format's items are persons.
func OfPersons(format string) bool { return strings.HasPrefix(format, personsPrefix) }

type ndjsonEncoder[T any] struct {
	kind *Kind[T]
	w    io.Writer
}

func (e ndjsonEncoder[T]) Encode(version int64, modified time.Time, item T) error {
	line := e.kind.line(&item)
	line.Version, line.ModifiedAt = version, modified
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = e.w.Write(append(text, '\n'))
	return err
}

func (ndjsonEncoder[T]) End() error { return nil }

type csvEncoder[T any] struct {
	kind   *Kind[T]
	w      *csv.Writer
	headed bool
	cells  []string
}

func (e *csvEncoder[T]) head() error {
	if e.headed {
		return nil
	}
	e.headed = true
	return e.w.Write(e.kind.Header())
}

func (e *csvEncoder[T]) Encode(version int64, modified time.Time, item T) error {
	if err := e.head(); err != nil {
		return err
	}
	e.cells = written(e.cells[:0], e.kind.columns, version, modified, &item)
	return e.w.Write(e.cells)
}

func (e *csvEncoder[T]) End() error {
	if err := e.head(); err != nil {
		return err
	}
	e.w.Flush()
	return e.w.Error()
}
