package mmh

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// Item is a record as the earlier service stored it.
type Item struct {
	Record   equality.Record
	Version  int64
	Findings []equality.Finding
}

// DecodeItem reads one item of the earlier service's table, which is DynamoDB's
// JSON, with or without {"Item": …} around it. It keeps unknown codes even if the
// codec is strict, accepts what that service did not check (markup, the prefix of
// a National Insurance number), and accepts more spellings of answers. today
// limits the dates.
//
// Only what is not an item, or does not say whose record it is, is an error,
// which is an *equality.InvalidError. Whatever else breaks a rule is a finding,
// and is kept if a record can have it. Pointers are into the item as plain JSON.
func (c *Codec) DecodeItem(line []byte, today equality.Date) (Item, error) {
	body, err := plain(line)
	if err != nil {
		var invalid equality.InvalidError
		invalid.Note(equality.Failure{Code: codeItem, Message: "The line is not an item in DynamoDB's JSON."})
		return Item{}, &invalid
	}
	d := newDecoder(c, body, today)
	d.imported = true
	s := d.read()
	if s.Of == uuid.Nil && !d.broken && !d.refusedTarget {
		d.path = append(d.path, step{name: "targetId"})
		d.failMeaning(equality.Required)
		d.path = d.path[:0]
	}
	record, err := d.create(s)
	if err != nil {
		return Item{}, err
	}
	return Item{record, s.version, d.found}, nil
}

// Codes of failures that only items can have.
const (
	codeItem    = "item.form"
	codeVersion = "item.version"
)

// itemID reads the id of an item, which is otherwise the target's. In a request it
// is ignored.
func (d *decoder) itemID(s *sent) {
	if !d.imported {
		d.skip()
		return
	}
	text, ok := d.text()
	if !ok || text == "" {
		return
	}
	id, err := equality.ParseID(text)
	if err != nil || id == uuid.Nil {
		d.failMeaning(equality.IDForm)
		return
	}
	s.ID = equality.Set(id)
}

// itemVersion reads the version of an item, 0 if it has none that a record can
// have. In a request it is ignored.
func (d *decoder) itemVersion() int64 {
	if !d.imported {
		d.skip()
		return 0
	}
	if d.null() || d.broken {
		return 0
	}
	var text string
	if kind := d.json.PeekKind(); kind == '0' || kind == '"' {
		text = d.token().String()
	} else {
		d.skip()
	}
	version, err := strconv.ParseInt(text, 10, 64)
	if err != nil || version < 0 || version > store.MaxVersion {
		d.fail(codeVersion, "Version Number must be a whole number from 0 to 9007199254740991.")
		return 0
	}
	return version
}

var errItem = errors.New("not an item in DynamoDB's JSON")

// maxItemDepth is how deep an item's values may be nested. The earlier service's
// were at most 3 deep.
const maxItemDepth = 8

// plain returns an item as the plain JSON of its values, without the attributes
// that a record does not have.
func plain(line []byte) ([]byte, error) {
	t := transcoder{in: jsontext.NewDecoder(bytes.NewReader(line)), out: make([]byte, 0, len(line))}
	t.out = append(t.out, '{')
	wrapped := false
	err := t.object(func(name string) error {
		switch {
		case wrapped:
			return t.in.SkipValue()
		case name == "Item" && t.in.PeekKind() == '{':
			wrapped, t.out = true, t.out[:1]
			return t.object(t.attribute)
		}
		return t.attribute(name)
	})
	if err != nil || !wrapped && !t.known {
		return nil, errItem
	}
	if _, err := t.in.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errItem
	}
	return append(t.out, '}'), nil
}

// transcoder turns DynamoDB's JSON into plain JSON.
type transcoder struct {
	in    *jsontext.Decoder
	out   []byte
	known bool // there was an attribute that a record has
}

// odd is written for a value that no member of a record can have, such as binary
// data. The decoder then says what the member should be.
const odd = "[[]]"

// object reads an object, and calls member to read each member's value.
func (t *transcoder) object(member func(name string) error) error {
	if t.in.PeekKind() != '{' {
		return errItem
	}
	if _, err := t.in.ReadToken(); err != nil {
		return err
	}
	for t.in.PeekKind() != '}' {
		name, err := t.in.ReadToken()
		if err != nil {
			return err
		}
		if err := member(name.String()); err != nil {
			return err
		}
	}
	_, err := t.in.ReadToken()
	return err
}

// attribute writes an attribute that a record has, and passes over any other.
func (t *transcoder) attribute(name string) error {
	if fieldIndex(bodyFields, []byte(name), 0) < 0 {
		return t.in.SkipValue()
	}
	t.known = true
	return t.member(name, 1)
}

// member writes a member of an object.
func (t *transcoder) member(name string, depth int) error {
	if t.out[len(t.out)-1] != '{' {
		t.out = append(t.out, ',')
	}
	t.out, _ = jsontext.AppendQuote(t.out, name) // the decoder has checked the UTF-8
	t.out = append(t.out, ':')
	return t.value(depth)
}

// value writes a value, which is an object with one member, named for its type.
func (t *transcoder) value(depth int) error {
	if depth > maxItemDepth || t.in.PeekKind() != '{' {
		return t.skip()
	}
	before, types := len(t.out), 0
	err := t.object(func(kind string) error {
		types++
		return t.typed(kind, depth)
	})
	if types != 1 {
		t.out = append(t.out[:before], odd...)
	}
	return err
}

// skip passes over a value that is odd.
func (t *transcoder) skip() error {
	t.out = append(t.out, odd...)
	return t.in.SkipValue()
}

func (t *transcoder) typed(kind string, depth int) error {
	switch is := t.in.PeekKind(); {
	case kind == "M" && is == '{':
		t.out = append(t.out, '{')
		err := t.object(func(name string) error { return t.member(name, depth+1) })
		t.out = append(t.out, '}')
		return err
	case kind == "L" && is == '[':
		return t.list(func() error { return t.value(depth + 1) })
	case (kind == "SS" || kind == "NS") && is == '[':
		return t.list(func() error { return t.scalar(kind[:1]) })
	}
	return t.scalar(kind)
}

func (t *transcoder) list(element func() error) error {
	if _, err := t.in.ReadToken(); err != nil {
		return err
	}
	t.out = append(t.out, '[')
	for comma := ""; t.in.PeekKind() != ']'; comma = "," {
		t.out = append(t.out, comma...)
		if err := element(); err != nil {
			return err
		}
	}
	t.out = append(t.out, ']')
	_, err := t.in.ReadToken()
	return err
}

// scalar writes a value that contains no others.
func (t *transcoder) scalar(kind string) error {
	value, err := t.in.ReadValue()
	if err != nil {
		return err
	}
	is := value.Kind()
	switch {
	case kind == "NULL" && is == 't':
		t.out = append(t.out, "null"...)
	case kind == "S" && is == '"', kind == "BOOL" && (is == 't' || is == 'f'):
		t.out = append(t.out, value...)
	case kind == "N" && is == '"' && jsontext.Value(value[1:len(value)-1]).IsValid() &&
		jsontext.Value(value[1:len(value)-1]).Kind() == '0':
		t.out = append(t.out, value[1:len(value)-1]...)
	default:
		t.out = append(t.out, odd...)
	}
	return nil
}
