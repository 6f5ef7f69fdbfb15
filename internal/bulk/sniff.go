package bulk

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// signatures are what files of other kinds begin with.
var signatures = []struct{ begins, is string }{
	{"PK\x03\x04", "a zip file, such as an Excel workbook: save the sheet as CSV UTF-8, or unpack the file"},
	{"\xd0\xcf\x11\xe0", "an old Excel workbook: save the sheet as CSV UTF-8"},
	{"\xff\xfe", "text in UTF-16: save it as UTF-8"},
	{"\xfe\xff", "text in UTF-16: save it as UTF-8"},
	{"age-encryption.org/", "encrypted with age again: decrypt it first"},
	{"\x1f\x8b", "compressed with gzip again: unpack it first"},
	{"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it first"},
	{"BZh", "compressed with bzip2: unpack it first"},
	{"\xfd7zXZ\x00", "compressed with xz: unpack it first"},
	{"\xe0\x01\x00\xea", "in the format Amazon Ion: export the table as DynamoDB JSON"},
	{"PAR1", "in the format Parquet"},
	{"%PDF-", "a PDF"},
	{"SQLite format 3\x00", "an SQLite database"},
}

// headLength is how much of a file is read to see what it is.
const headLength = 64 << 10

// look is what a file's first JSON value looks like, as far as it was read.
type look struct {
	begins jsontext.Kind // of the value, or of an array's first element
	array  bool
	spread bool          // over several lines
	items  bool          // it has an array Items
	typed  bool          // its values are in DynamoDB's JSON
	target jsontext.Kind // of the member targetId
}

// shapeOf says how the records lie in a file that begins with head, which is all
// of it if whole. The error says what the file is, if it is not in this format.
func shapeOf(format string, head []byte, whole bool) (shape, error) {
	head = bytes.TrimPrefix(head, []byte(byteOrderMark))
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.begins)) {
			return 0, errors.New("the file is " + s.is)
		}
	}
	if len(head) > 3 && (head[0] == 0 && head[2] == 0 || head[1] == 0 && head[3] == 0) {
		return 0, errors.New("the file is text in UTF-16: save it as UTF-8")
	}
	l := lookAt(head, whole)
	if InRows(format) {
		if l.begins != '{' && !l.array {
			return inRows, nil
		}
		choose := FormatNDJSON + " or " + FormatDynamoDB
		if OfPersons(format) {
			choose = FormatPersonsNDJSON
		}
		return 0, errors.New("the first line is not a header: the file is JSON, so choose --format " + choose)
	}
	columns, rows := &Records.layout, FormatCSV
	if OfPersons(format) {
		columns, rows = &Persons.layout, FormatPersonsCSV
	}
	first, _, _ := bytes.Cut(head, []byte("\n"))
	switch {
	case l.begins != '{' && columns.named(first):
		return 0, errors.New("the file looks like CSV: choose --format " + rows)
	case format != FormatDynamoDB && (l.typed || l.items):
		return 0, errors.New("the file is DynamoDB's JSON: choose --format dynamodb-json")
	case format == FormatDynamoDB && l.target == '"':
		return 0, errors.New("the file is not DynamoDB's JSON, but plain records: choose --format ndjson")
	case l.items:
		return inScan, nil
	case l.array:
		return inArray, nil
	case l.spread:
		return inSequence, nil
	}
	return inLines, nil
}

// lookAt reads the first JSON value of head as far as it is there. What is no
// JSON looks like nothing.
func lookAt(head []byte, whole bool) (l look) {
	d := jsontext.NewDecoder(bytes.NewReader(head))
	if d.PeekKind() == '[' {
		_, _ = d.ReadToken()
		if d.PeekKind() != '{' {
			return look{}
		}
		l.array = true
	}
	if l.begins = d.PeekKind(); l.begins != '{' {
		return look{}
	}
	_, _ = d.ReadToken()
	before := d.InputOffset()
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			break
		}
		name := token.String()
		kind := d.PeekKind()
		l.items = l.items || name == "Items" && kind == '['
		if l.items {
			break
		}
		value, err := d.ReadValue()
		if err != nil {
			break
		}
		if name == "targetId" {
			l.target = kind
		}
		l.typed = l.typed || kind == '{' && (name == "Item" || name == "targetId" && bytes.Contains(value, []byte(`"S"`)))
	}
	_, err := d.ReadToken()
	end := d.InputOffset()
	if err != nil {
		if whole || !errors.Is(err, io.ErrUnexpectedEOF) {
			return l
		}
		end = int64(len(head))
	}
	l.spread = bytes.IndexByte(head[before:end], '\n') >= 0
	return l
}
