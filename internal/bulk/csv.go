package bulk

import (
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
)

// CSV returns a decoder for the rows under a header. The zero mapping accepts our own columns
// and codes. The error lists everything wrong with the header.
func (k *Kind[T]) CSV(decode Decode[T], lists *refdata.Lists, m Mapping, header []byte) (Decoder[T], error) {
	indexes, err := k.read(header, m)
	if err != nil {
		return nil, err
	}
	d := rows[T]{layout: &k.layout, decode: decode, mapping: m.resolved(&k.layout, lists), header: indexes}
	return d.item, nil
}

// rows decodes the rows of a file.
type rows[T any] struct {
	*layout
	decode  Decode[T]
	mapping *resolver
	header  []int // each cell's index in forms; -1 is ignored
}

// cell is the value of a column in a row.
type cell struct {
	text    string
	present bool
}

// row is the values of a row by column.
type row struct {
	*layout
	values []cell
}

func (r row) cell(name string) cell { return r.values[r.places[name]] }

func (d *rows[T]) item(line []byte) (item Item[T], err error) {
	if !utf8.Valid(line) {
		return item, &RowError{RowUTF8}
	}
	texts := cells(line)
	if len(texts) != len(d.header) {
		return item, &RowError{RowCells}
	}
	var values [64]cell // more than there are columns
	read := row{d.layout, values[:len(d.forms)]}
	var failures equality.InvalidError
	for i, text := range texts {
		index := d.header[i]
		if index < 0 {
			continue
		}
		// A spreadsheet may have added white space; the guard is the first character.
		text = strings.TrimSpace(text)
		present := text != ""
		if !d.forms[index].list { // whose elements are guarded one by one
			text, present = unguard(text)
		}
		if text != "" {
			var rule string
			if text, rule = d.mapping.value(index, text); rule != "" {
				failures.Failures = append(failures.Failures, equality.Failure{Pointer: d.forms[index].place(), Code: rule})
			}
			present = text != ""
		}
		values[index] = cell{text, present}
	}
	if v := read.cell(versionColumn); v.present {
		var ok bool
		if item.Version, ok = parseVersion(v.text); !ok {
			failures.Failures = append(failures.Failures, equality.Failure{Pointer: "/version", Code: VersionForm})
		}
	}
	item.Value, item.Findings, err = d.decode(read.document(), uuid.Nil)
	if inner, ok := failuresOf(err); ok {
		failures.Failures = append(failures.Failures, inner...)
	}
	if len(failures.Failures) > 0 {
		return Item[T]{}, &failures
	}
	return item, err
}

// document writes a row's cells as an item in the form of the HTTP contract, which is then
// decoded and checked like any other.
func (r row) document() []byte {
	doc := []byte{'{'}
	object := ""
	for index, value := range r.values {
		f := &r.forms[index]
		parent, member, nested := strings.Cut(f.name, ".")
		nested = nested && f.write == nil
		if object != "" && (!nested || parent != object) {
			doc = append(doc, '}')
			object = ""
		}
		switch {
		case f.apart:
			continue
		case f.write != nil:
			doc = f.write(doc, r)
			continue
		case !value.present:
			continue
		}
		if nested && object == "" {
			doc = append(appendName(doc, parent), '{')
			object = parent
		}
		if !nested {
			member = f.name
		}
		if doc = appendName(doc, member); f.list {
			doc = appendList(doc, value.text, "", "")
		} else {
			doc = appendText(doc, value.text)
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
