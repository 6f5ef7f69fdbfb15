package bulk

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
)

// errNoHeader does not repeat the line, which may be a row about a person.
var errNoHeader = errors.New("the first line is not a header: it must have targetId and our other columns, or columns that --map names (docs/import.md)")

// CSV returns a decoder for the rows under a header. The zero mapping accepts our
// own columns and codes. The error lists everything wrong with the header.
func CSV(rules *equality.Rules, lists *refdata.Lists, m Mapping, today equality.Date, header []byte) (Decoder, error) {
	if !utf8.Valid(header) {
		return nil, fmt.Errorf("the header is not valid UTF-8")
	}
	d := &csvDecoder{rules: rules.ForImport(), today: today, mapping: m.resolved(lists)}
	var errs []string
	seen := make([]bool, len(columns))
	names := cells(header)
	for i, name := range names {
		index, ok := m.column(strings.TrimSpace(name))
		switch {
		case !ok:
			errs = append(errs, fmt.Sprintf("column %d is neither a known column nor in the mapping", i+1))
		case index >= 0 && seen[index]:
			errs = append(errs, fmt.Sprintf("column %d repeats the column %s", i+1, columns[index].name))
		}
		if ok && index >= 0 {
			seen[index] = true
		}
		d.header = append(d.header, index)
	}
	switch other := strings.IndexAny(names[0], ";\t"); {
	case len(names) == 1 && other >= 0:
		return nil, fmt.Errorf("the columns are separated by %s, not by commas: save the file as CSV with commas", map[byte]string{';': ";", '\t': "tabs"}[names[0][other]])
	case !seen[byName["targetId"]] && len(errs) == len(names):
		return nil, errNoHeader
	case !seen[byName["targetId"]]:
		errs = append(errs, "there is no column targetId")
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("the header: %s", strings.Join(errs, "; "))
	}
	return d, nil
}

type csvDecoder struct {
	rules   *equality.Rules
	today   equality.Date
	mapping *resolver
	header  []int // each cell's index in columns; -1 is ignored
}

// cell is the value of a column in a row.
type cell struct {
	text    string
	present bool
}

func (d *csvDecoder) Decode(line []byte) (Item, error) {
	if !utf8.Valid(line) {
		return Item{}, &RowError{RowUTF8}
	}
	row := cells(line)
	if len(row) != len(d.header) {
		return Item{}, &RowError{RowCells}
	}
	var values [64]cell // more than there are columns
	var failures equality.InvalidError
	for i, text := range row {
		index := d.header[i]
		if index < 0 {
			continue
		}
		// A spreadsheet may have added white space; the guard is the first character.
		text = strings.TrimSpace(text)
		present := text != ""
		if !columns[index].list { // whose elements are guarded one by one
			text, present = unguard(text)
		}
		if text != "" {
			var rule string
			if text, rule = d.mapping.value(index, text); rule != "" {
				failures.Failures = append(failures.Failures, equality.Failure{Pointer: pointerOf(index), Code: rule})
			}
			present = text != ""
		}
		values[index] = cell{text, present}
	}
	version := int64(0)
	if v := values[byName[versionColumn]]; v.present {
		var ok bool
		if version, ok = parseVersion(v.text); !ok {
			failures.Failures = append(failures.Failures, equality.Failure{Pointer: "/version", Code: VersionForm})
		}
	}
	record, found, err := d.rules.DecodeImported(document(values[:len(columns)]), uuid.Nil, d.today)
	if inner, ok := failuresOf(err); ok {
		failures.Failures = append(failures.Failures, inner...)
	}
	if len(failures.Failures) > 0 {
		return Item{}, &failures
	}
	return Item{Record: record, Version: version, Findings: found}, err
}

// pointerOf is the JSON pointer to a column's value in the record.
func pointerOf(index int) string {
	switch name := columns[index].name; name {
	case pregnancyColumn:
		return "/pregnancyOrMaternity"
	case primaryColumn, othersColumn:
		return "/languages"
	default:
		return "/" + strings.ReplaceAll(name, ".", "/")
	}
}

// document writes a row's cells as a record in the form of the HTTP contract,
// which is then decoded and checked like any other.
func document(values []cell) []byte {
	doc := []byte{'{'}
	object := ""
	for index, value := range values {
		name := columns[index].name
		parent, member, nested := strings.Cut(name, ".")
		if object != "" && (!nested || parent != object) {
			doc = append(doc, '}')
			object = ""
		}
		switch name {
		case versionColumn, modifiedColumn, othersColumn:
			continue
		case primaryColumn:
			doc = appendLanguages(doc, value, values[byName[othersColumn]])
			continue
		}
		if !value.present {
			continue
		}
		if nested && object == "" {
			doc = append(appendName(doc, parent), '{')
			object = parent
		}
		if !nested {
			member = name
		}
		switch {
		case name == pregnancyColumn:
			doc = appendList(appendName(doc, "pregnancyOrMaternity"), value.text, `{"pregnancyDate":`, `}`)
		case columns[index].list:
			doc = appendList(appendName(doc, member), value.text, "", "")
		default:
			doc = appendText(appendName(doc, member), value.text)
		}
	}
	if object != "" {
		doc = append(doc, '}')
	}
	return append(doc, '}')
}

// appendName appends a member's name, after a comma unless it is the first.
func appendName(doc []byte, name string) []byte {
	if doc[len(doc)-1] != '{' {
		doc = append(doc, ',')
	}
	return append(appendText(doc, name), ':')
}

func appendText(doc []byte, text string) []byte {
	doc, _ = jsontext.AppendQuote(doc, text) // it is valid UTF-8
	return doc
}

// appendList appends a list of texts, with before and after around each.
func appendList(doc []byte, text, before, after string) []byte {
	doc = append(doc, '[')
	for i, element := range elements(text) {
		if i > 0 {
			doc = append(doc, ',')
		}
		doc = append(appendText(append(doc, before...), element), after...)
	}
	return append(doc, ']')
}

func appendLanguages(doc []byte, primary, others cell) []byte {
	if !primary.present && !others.present {
		return doc
	}
	doc = appendList(appendName(doc, "languages"), primary.text, `{"isPrimary":true,"language":`, `}`)
	rest := appendList(nil, others.text, `{"isPrimary":false,"language":`, `}`)
	if len(rest) == len("[]") {
		return doc
	}
	doc = bytes.TrimSuffix(doc, []byte("]"))
	if doc[len(doc)-1] != '[' {
		doc = append(doc, ',')
	}
	return append(doc, rest[1:]...)
}

// elements splits a cell that holds a list.
func elements(text string) (elements []string) {
	if text == "" {
		return nil
	}
	for element := range strings.SplitSeq(text, listSeparator) {
		elements = append(elements, strings.TrimSpace(element))
	}
	return elements
}
