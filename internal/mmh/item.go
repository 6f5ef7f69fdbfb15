package mmh

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// Item is a record as the earlier service stored it.
type Item struct {
	Record  equality.Record
	Version int64
}

// DecodeItem reads one line of the earlier service's table export, which is
// DynamoDB's JSON: {"Item": {"targetId": {"S": "…"}, …}}. It keeps unknown codes
// even if the codec is strict, accepts what that service did not check (markup,
// the prefix of a National Insurance number), and accepts more spellings of
// answers. today limits the dates.
//
// The error is an *equality.InvalidError. Its pointers are into the item as plain
// JSON, and no failure holds a value. The item then still has its two ids, if
// they could be read.
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
	id, _ := s.ID.Value()
	ids := Item{Record: equality.Record{ID: id, TargetID: s.Of}}
	if !d.broken {
		if id == uuid.Nil && !d.refusedID {
			d.missing("id")
		}
		if s.Of == uuid.Nil && !d.refusedTarget {
			d.missing("targetId")
		}
	}
	record, err := d.create(s)
	if err != nil {
		return ids, err
	}
	return Item{Record: record, Version: s.version}, nil
}

// Codes of failures that only items can have.
const (
	codeItem    = "item.form"
	codeVersion = "item.version"
)

// missing notes that an id is missing, unless it was refused.
func (d *decoder) missing(name string) {
	d.path = append(d.path[:0], step{name: name})
	d.failMeaning(equality.Required)
	d.path = d.path[:0]
}

// itemID reads the id of an item. In a request it is ignored.
func (d *decoder) itemID(s *sent) {
	if !d.imported {
		d.skip()
		return
	}
	text, ok := d.text()
	if !ok || text == "" {
		d.refusedID = !ok
		return
	}
	id, err := equality.ParseID(text)
	if err != nil || id == uuid.Nil {
		d.failMeaning(equality.IDForm)
		d.refusedID = true
		return
	}
	s.ID = equality.Set(id)
}

// itemVersion reads the version of an item, 0 if it has none. In a request it is
// ignored.
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
	if err != nil || version < 0 || version == math.MaxInt64 {
		d.fail(codeVersion, "Version Number must be a whole number from 0.")
		return 0
	}
	return version
}

var errItem = errors.New("mmh: not an item in DynamoDB's JSON")

// maxItemDepth is how deep an item's values may be nested. The earlier service's
// were at most 3 deep.
const maxItemDepth = 8

// plain returns an item as the plain JSON of its values.
func plain(line []byte) ([]byte, error) {
	t := transcoder{in: jsontext.NewDecoder(bytes.NewReader(line)), out: make([]byte, 0, len(line))}
	err := t.object(func(name string) error {
		if name != "Item" {
			return t.in.SkipValue()
		}
		return t.members(0)
	})
	if err != nil || len(t.out) == 0 {
		return nil, errItem
	}
	if _, err := t.in.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errItem
	}
	return t.out, nil
}

// transcoder turns DynamoDB's JSON into plain JSON.
type transcoder struct {
	in  *jsontext.Decoder
	out []byte
}

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

// members writes a map's members.
func (t *transcoder) members(depth int) error {
	t.out = append(t.out, '{')
	comma := ""
	err := t.object(func(name string) error {
		t.out = append(t.out, comma...)
		comma = ","
		t.out, _ = jsontext.AppendQuote(t.out, name) // the decoder has checked the UTF-8
		t.out = append(t.out, ':')
		return t.value(depth + 1)
	})
	t.out = append(t.out, '}')
	return err
}

// value writes a value, which is an object with one member, named for its type.
func (t *transcoder) value(depth int) error {
	if depth > maxItemDepth {
		return errItem
	}
	before := len(t.out)
	err := t.object(func(kind string) error {
		if len(t.out) > before {
			return errItem // a value has one type
		}
		return t.typed(kind, depth)
	})
	if err == nil && len(t.out) == before {
		err = errItem
	}
	return err
}

func (t *transcoder) typed(kind string, depth int) error {
	switch kind {
	case "M":
		return t.members(depth)
	case "L":
		return t.list(func() error { return t.value(depth + 1) })
	case "SS":
		return t.list(func() error { return t.scalar("S") })
	}
	return t.scalar(kind)
}

func (t *transcoder) list(element func() error) error {
	if t.in.PeekKind() != '[' {
		return errItem
	}
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
		return errItem
	}
	return nil
}
