package bulk

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// NDJSON returns a decoder for lines of JSON. A line is a record in the form of
// the HTTP contract, or an entry of its lists, which holds the version and the
// record, as in an export. Answers can have other systems' spellings.
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
		record, found, err := d.rules.DecodeImported(line, uuid.Nil, d.today)
		return Item{Record: record, Findings: found}, err
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
	record, found, err := d.rules.DecodeImported(item.record, id, d.today)
	for i := range found {
		found[i].Pointer = "/record" + found[i].Pointer
	}
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
	return Item{Record: record, Version: version, Findings: found}, nil
}

// idOf reads an id next to a record, if there is one.
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

// listItem is an entry of a list, with its members not decoded yet.
type listItem struct {
	id, target, version, record jsontext.Value
	unknown                     []string
}

// splitItem splits an entry of a list into its members. Any other line, JSON or
// not, is decoded as a record, and that decoder reports what is wrong with it.
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
