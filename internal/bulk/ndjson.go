package bulk

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// NDJSON returns a decoder for lines of JSON. A line is an item in the form of the HTTP
// contract, or an entry of a list, which holds the version and the item, as in an export.
func (k *Kind[T]) NDJSON(decode Decode[T]) Decoder[T] {
	return func(line []byte) (Item[T], error) { return k.decodeLine(decode, line) }
}

func (k *Kind[T]) decodeLine(decode Decode[T], line []byte) (item Item[T], err error) {
	entry, ok := splitEntry(line, k.member)
	if !ok {
		item.Value, item.Findings, err = decode(line, uuid.Nil)
		return item, err
	}
	var failures equality.InvalidError
	fail := func(pointer, code string) {
		failures.Failures = append(failures.Failures, equality.Failure{Pointer: pointer, Code: code})
	}
	for _, name := range entry.unknown {
		pointer := ""
		if equality.SafeName(name) {
			pointer = "/" + name
		}
		fail(pointer, equality.JSONUnknown)
	}
	id := idOf(entry.id, "/id", fail)
	target := idOf(entry.target, "/targetId", fail)
	if entry.version != nil {
		if item.Version, ok = parseVersion(string(entry.version)); !ok {
			fail("/version", VersionForm)
		}
	}
	within := "/" + k.member
	item.Value, item.Findings, err = decode(entry.item, id)
	for i := range item.Findings {
		item.Findings[i].Pointer = within + item.Findings[i].Pointer
	}
	if inner, ok := failuresOf(err); ok {
		for _, failure := range inner {
			fail(within+failure.Pointer, failure.Code)
		}
	} else if err != nil {
		return Item[T]{}, err
	} else if target != uuid.Nil && target != k.person(&item.Value) {
		fail("/targetId", equality.IDMismatch)
	}
	if len(failures.Failures) > 0 {
		return Item[T]{}, &failures
	}
	return item, nil
}

// idOf reads an id next to an item, if there is one.
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

// entry is an entry of a list, with its members not decoded yet.
type entry struct {
	id, target, version, item jsontext.Value
	unknown                   []string
}

// splitEntry splits an entry of a list, whose member has this name, into its members. Any
// other line, JSON or not, is decoded as an item, and that decoder reports what is wrong
// with it.
func splitEntry(line []byte, member string) (e entry, ok bool) {
	if !bytes.Contains(line, []byte(`"`+member+`"`)) {
		return e, false
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(line))
	if token, err := d.ReadToken(); err != nil || token.Kind() != '{' {
		return e, false
	}
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			return e, false
		}
		name := token.String()
		value, err := d.ReadValue()
		if err != nil {
			return e, false
		}
		switch name {
		case "id":
			e.id = value.Clone()
		case "targetId":
			e.target = value.Clone()
		case "version":
			e.version = value.Clone()
		case member:
			e.item = value.Clone()
		case "modifiedAt": // when it was changed where it comes from
		default:
			e.unknown = append(e.unknown, name)
		}
	}
	if token, err := d.ReadToken(); err != nil || token.Kind() != '}' {
		return e, false
	}
	return e, e.item != nil && len(bytes.TrimSpace(d.UnreadBuffer())) == 0
}
