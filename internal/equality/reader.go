package equality

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync"
	"unicode/utf8"

	"equality-information-api/internal/refdata"

	"github.com/go-json-experiment/json/jsontext"
)

// decoder reads a body strictly and collects everything wrong with it. If the
// JSON itself is broken, it stops, and that is the only failure.
type decoder struct {
	rules    *Rules
	today    Date
	body     []byte
	json     *jsontext.Decoder
	failures InvalidError
	unknown  []unknown
	found    []Finding
	broken   bool
	// noPrimary says that the last list of languages has some and none is the primary one.
	noPrimary bool
}

// unknown is a code that its list does not have.
type unknown struct {
	pointer string
	list    *refdata.List
	value   string
}

// decoders are reused for their name tables, which are half of the allocations.
var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

func newDecoder(r *Rules, body []byte, today Date) *decoder {
	d := &decoder{rules: r, today: today, body: body, json: decoders.Get().(*jsontext.Decoder)}
	d.json.Reset(bytes.NewBuffer(body))
	if !utf8.Valid(body) {
		d.stop("", JSONUTF8, position(validUTF8(body)))
	}
	return d
}

// release returns the reader to the pool without the body, which is personal.
func (d *decoder) release() {
	d.json.Reset(new(bytes.Buffer))
	decoders.Put(d.json)
	d.json = nil
}

// readObject reads an object's members into object. Bit i of seen is set if
// fields[i] is present, valid or not; ok says that it was an object.
func readObject[T any](d *decoder, fields []field[T], object *T) (seen uint32, ok bool) {
	if d.kind() != '{' {
		d.wrongType(TypeObject)
		return 0, false
	}
	d.token()
	next := 0 // members are usually in the order of fields
	for d.more('}') {
		name := d.name()
		i := fieldIndex(fields, name, next)
		if i < 0 {
			d.unknownMember(name, fieldNames(fields))
			d.skip()
			continue
		}
		seen |= 1 << i
		fields[i].read(d, object)
		next = i + 1
	}
	d.token()
	return seen, !d.broken
}

// fieldIndex finds a name in fields, and tries next first; -1 if there is none.
func fieldIndex[T any](fields []field[T], name []byte, next int) int {
	if next < len(fields) && fields[next].name == string(name) {
		return next
	}
	return slices.IndexFunc(fields, func(f field[T]) bool { return f.name == string(name) })
}

func fieldNames[T any](fields []field[T]) []string {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	return names
}

// readList reads an array of at most limit elements with read. ok says that it
// was an array.
func readList[T any](d *decoder, limit int, read func(*decoder) T) (elements []T, ok bool) {
	if d.kind() != '[' {
		d.wrongType(TypeArray)
		return nil, false
	}
	d.token()
	tooMany := false
	for d.more(']') {
		if len(elements) == limit {
			tooMany = true
			d.skip()
			continue
		}
		elements = append(elements, read(d))
	}
	d.token()
	if tooMany {
		d.fail(ListLength)
		if d.rules.importing {
			return nil, false
		}
	}
	return elements, !d.broken
}

// kind returns the kind of the next token without reading it.
func (d *decoder) kind() jsontext.Kind {
	if d.broken {
		return jsontext.KindInvalid
	}
	return d.json.PeekKind()
}

// more says whether the object or array has another element.
func (d *decoder) more(end jsontext.Kind) bool { return !d.broken && d.json.PeekKind() != end }

// token reads the next token.
func (d *decoder) token() jsontext.Token {
	if d.broken {
		return jsontext.Token{}
	}
	token, err := d.json.ReadToken()
	if err != nil {
		d.stopAt(err)
		return jsontext.Token{}
	}
	if d.json.StackDepth() > maxDepth {
		d.stop(d.pointer(), JSONDepth)
	}
	return token
}

// raw reads a string, or a member's name, without its quotes. It is valid
// until the next call.
func (d *decoder) raw() []byte {
	value, err := d.json.ReadValue()
	if err != nil {
		d.stopAt(err)
		return nil
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1]
	}
	text, _ := jsontext.AppendUnquote(nil, value) // valid, it was just read
	return text
}

// name reads a member's name.
func (d *decoder) name() []byte { return d.raw() }

// skip reads a value of any kind and ignores it.
func (d *decoder) skip() {
	depth := d.json.StackDepth()
	for d.token(); !d.broken && d.json.StackDepth() > depth; {
		d.token()
	}
}

// null reads a null, if it comes next.
func (d *decoder) null() bool {
	if d.kind() != 'n' {
		return false
	}
	d.token()
	return !d.broken
}

func (d *decoder) string() (string, bool) {
	if d.kind() != '"' {
		d.wrongType(TypeString)
		return "", false
	}
	s := string(d.raw())
	return s, !d.broken
}

func (d *decoder) boolean() bool {
	if kind := d.kind(); kind != 't' && kind != 'f' {
		d.wrongType(TypeBoolean)
		return false
	}
	token := d.token()
	return !d.broken && token.Bool()
}

// end checks that the body ends here, and says whether it does.
func (d *decoder) end() bool {
	if d.broken {
		return false
	}
	switch _, err := d.json.ReadToken(); {
	case err == nil:
		d.stop("", JSONSyntax, "there is more text after the end of the value")
	case !errors.Is(err, io.EOF):
		d.stopAt(err)
	}
	return !d.broken
}

// wrongType skips the next value and notes that its type is wrong.
func (d *decoder) wrongType(code string) {
	d.skip()
	d.fail(code)
}
