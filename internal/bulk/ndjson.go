package bulk

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// NDJSON reads lines of JSON: a record as the HTTP contract has it, or an item
// of a list, which has the version and the record in it. An export is of such
// items. Answers may be spelt as other systems spell them.
func NDJSON(rules *equality.Rules, today equality.Date) Decoder {
	d := ndjson{rules.ForImport(), today}
	return DecoderFunc(d.decode)
}

type ndjson struct {
	rules *equality.Rules
	today equality.Date
}

func (d ndjson) decode(line []byte) (Item, error) {
	item, ok := splitItem(line)
	if !ok {
		record, err := d.rules.DecodeCreate(line, uuid.Nil, d.today)
		return Item{Record: record}, err
	}
	var failures equality.InvalidError
	fail := func(pointer, code string) {
		failures.Failures = append(failures.Failures, equality.Failure{Pointer: pointer, Code: code})
	}
	for _, name := range item.unknown {
		pointer := ""
		if equality.SafeName(name) {
			pointer = "/" + name
		}
		fail(pointer, equality.JSONUnknown)
	}
	id := idOf(item.id, "/id", fail)
	target := idOf(item.target, "/targetId", fail)
	version, ok := int64(0), true
	if item.version != nil {
		version, ok = parseVersion(string(item.version))
	}
	if !ok {
		fail("/version", VersionForm)
	}
	record, err := d.rules.DecodeCreate(item.record, id, d.today)
	if inner, ok := failuresOf(err); ok {
		for _, failure := range inner {
			fail("/record"+failure.Pointer, failure.Code)
		}
	} else if target != uuid.Nil && target != record.TargetID {
		fail("/targetId", equality.IDMismatch)
	}
	if len(failures.Failures) > 0 {
		return Item{}, &failures
	}
	return Item{record, version}, nil
}

// idOf reads an id beside a record, where there is one.
func idOf(value jsontext.Value, pointer string, fail func(pointer, code string)) uuid.UUID {
	if value == nil || value.Kind() == 'n' {
		return uuid.Nil
	}
	if value.Kind() != '"' {
		fail(pointer, equality.TypeString)
		return uuid.Nil
	}
	text, _ := jsontext.AppendUnquote(nil, value) // it has been read as a string
	id, err := equality.ParseID(string(text))
	switch {
	case err != nil:
		fail(pointer, equality.IDForm)
	case id == uuid.Nil:
		fail(pointer, equality.IDZero)
	}
	return id
}

// listItem is an item of a list, not read any further.
type listItem struct {
	id, target, version, record jsontext.Value
	unknown                     []string
}

// splitItem takes an item apart. A line that is none, JSON or not, is to be
// read as a record, whose reader says what is wrong with it.
func splitItem(line []byte) (item listItem, ok bool) {
	if !bytes.Contains(line, []byte(`"record"`)) {
		return item, false
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(line))
	if token, err := d.ReadToken(); err != nil || token.Kind() != '{' {
		return item, false
	}
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			return item, false
		}
		name := token.String()
		value, err := d.ReadValue()
		if err != nil {
			return item, false
		}
		switch name {
		case "id":
			item.id = value.Clone()
		case "targetId":
			item.target = value.Clone()
		case "version":
			item.version = value.Clone()
		case "record":
			item.record = value.Clone()
		case "modifiedAt": // when the record was changed where it comes from
		default:
			item.unknown = append(item.unknown, name)
		}
	}
	if token, err := d.ReadToken(); err != nil || token.Kind() != '}' {
		return item, false
	}
	return item, item.record != nil && len(bytes.TrimSpace(d.UnreadBuffer())) == 0
}
