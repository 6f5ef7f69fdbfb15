package mmh

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/service"
)

// decoder reads a body, as leniently as the clients need, and collects what is
// wrong with it: errors in form, which are reported alone, and broken rules.
type decoder struct {
	codec  *Codec
	today  equality.Date
	json   *jsontext.Decoder
	path   []step
	form   equality.InvalidError
	rules  equality.InvalidError
	doubts []service.Doubt
	found  []equality.Finding // what would be a failure, had it not been imported
	asSent string             // the last string

	broken        bool // the JSON is broken: nothing more is read
	imported      bool // stored by the earlier service, which had other rules
	refusedTarget bool // the target id sent was refused
}

// step is a member's name, or the index of an element.
type step struct {
	name  string
	index int
}

// readers are reused for their name tables, which are many of the allocations.
var readers = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

func newDecoder(c *Codec, body []byte, today equality.Date) *decoder {
	d := &decoder{codec: c, today: today, json: readers.Get().(*jsontext.Decoder), path: make([]step, 0, 4)}
	d.json.Reset(bytes.NewBuffer(body))
	return d
}

// release returns the reader to the pool without the body, which is personal.
func (d *decoder) release() {
	d.json.Reset(new(bytes.Buffer))
	readers.Put(d.json)
	d.json = nil
}

// sent is the content of a body.
type sent struct {
	service.Sent
	version int64 // of an imported item
}

// read reads the whole body. Call it once.
func (d *decoder) read() sent {
	defer d.release()
	s := sent{Sent: service.Sent{Patch: equality.Patch{Unlisted: d.imported || !d.codec.strict}}}
	if d.json.PeekKind() == 'n' { // unlike an inner object, the body must not be null
		d.wrongType(equality.TypeObject)
	} else {
		readObject(d, bodyFields, &s)
	}
	if !d.broken {
		if d.json.PeekKind() != jsontext.KindInvalid {
			d.stop(equality.JSONSyntax)
		} else if _, err := d.json.ReadToken(); err != nil && !errors.Is(err, io.EOF) {
			d.stopAt(err)
		}
	}
	return s
}

// err is everything wrong with the body.
func (d *decoder) err() error {
	switch {
	case len(d.form.Failures) > 0:
		return &d.form
	case len(d.rules.Failures) > 0:
		return &d.rules
	}
	return nil
}

// field is a member of an object, and how to read its value.
type field[T any] struct {
	name string
	read func(*decoder, *T)
}

// readObject reads an object's members into object; false for null, which means
// absent, and for anything else that is not an object. It matches names in any
// case and ignores unknown members.
func readObject[T any](d *decoder, fields []field[T], object *T) bool {
	if !d.open('{', equality.TypeObject) {
		return false
	}
	var seen uint32
	for next := 0; d.more('}'); {
		i := fieldIndex(fields, d.raw(), next)
		if d.broken {
			return false
		}
		if i < 0 {
			d.skip()
			continue
		}
		d.path = append(d.path, step{name: fields[i].name})
		if seen&(1<<i) != 0 {
			d.skip()
			d.malformed(equality.JSONDuplicate)
		} else {
			fields[i].read(d, object)
		}
		d.path = d.path[:len(d.path)-1]
		seen |= 1 << i
		next = i + 1
	}
	d.token()
	return !d.broken
}

// fieldIndex finds a name in fields, and tries next first, which is usually right.
func fieldIndex[T any](fields []field[T], name []byte, next int) int {
	if next < len(fields) && fields[next].name == string(name) {
		return next
	}
	for i := range fields {
		if strings.EqualFold(fields[i].name, string(name)) {
			return i
		}
	}
	return -1
}

// readList reads an array's elements one by one; false for null and for anything
// else that is not an array. A null element is a failure of the elements' type;
// in an imported item it is ignored.
func readList(d *decoder, code string, element func()) bool {
	if !d.open('[', equality.TypeArray) {
		return false
	}
	for i := 0; d.more(']'); i++ {
		d.path = append(d.path, step{index: i})
		if d.json.PeekKind() == 'n' {
			if d.skip(); !d.imported {
				d.malformed(code)
			}
		} else {
			element()
		}
		d.path = d.path[:len(d.path)-1]
	}
	d.token()
	return !d.broken
}

// open reads the start of an object or array; false for null, and for any other
// value, which is a failure.
func (d *decoder) open(begin jsontext.Kind, code string) bool {
	switch {
	case d.broken || d.null():
		return false
	case d.json.PeekKind() != begin:
		d.wrongType(code)
		return false
	}
	d.token()
	return !d.broken
}

// more says whether another element comes before the end.
func (d *decoder) more(end jsontext.Kind) bool { return !d.broken && d.json.PeekKind() != end }

// null reads a null, if it comes next.
func (d *decoder) null() bool {
	if d.broken || d.json.PeekKind() != 'n' {
		return false
	}
	d.token()
	return !d.broken
}

func (d *decoder) token() (token jsontext.Token) {
	if !d.broken {
		var err error
		if token, err = d.json.ReadToken(); err != nil {
			d.stopAt(err)
		}
	}
	return token
}

// raw reads a string, or a member's name, without its quotes. It is valid until
// the next call.
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

// skip skips a value of any kind.
func (d *decoder) skip() {
	if d.broken {
		return
	}
	if err := d.json.SkipValue(); err != nil {
		d.stopAt(err)
	}
}

// wrongType skips a value and notes that its type is wrong.
func (d *decoder) wrongType(code string) {
	d.skip()
	d.malformed(code)
}

// malformed notes an error in form in the last value.
func (d *decoder) malformed(code string) {
	d.note(&d.form, code, d.subject()+" "+equality.Meaning(code)+".")
}

// fail notes that the last value breaks a rule; message is a sentence.
func (d *decoder) fail(code, message string) {
	d.note(&d.rules, code, message)
}

// note notes what is wrong with the last value. An imported record is not refused
// for it, unless it says whose record it is.
func (d *decoder) note(failures *equality.InvalidError, code, message string) {
	switch {
	case d.broken:
	case d.imported && len(d.path) > 0 && d.path[0].name != "targetId":
		d.find(code, false)
	default:
		failures.Note(d.failure(code, message))
	}
}

// kept notes that the last value of an imported record is kept, although it
// breaks a rule.
func (d *decoder) kept(code string) {
	if d.imported && !d.broken {
		d.find(code, true)
	}
}

// maxFindings is how many findings of one record are described.
const maxFindings = 100

func (d *decoder) find(code string, kept bool) {
	if len(d.found) < maxFindings {
		d.found = append(d.found, equality.Finding{Pointer: d.pointer(), Code: code, Kept: kept})
	}
}

// doubt notes that a value breaks a rule, unless it stands in the record.
func (d *decoder) doubt(code, message string, stands func(shown equality.Record) bool) {
	if !d.broken {
		d.doubts = append(d.doubts, service.Doubt{Failure: d.failure(code, message), Stands: stands})
	}
}

// holds says whether the current member of a record has a string.
func (d *decoder) holds(value string) func(equality.Record) bool {
	member := d.path[0].name
	return func(shown equality.Record) bool { return shown.Holds(member, value) }
}

// failDoubts turns all doubts into failures.
func (d *decoder) failDoubts() {
	for _, doubt := range d.doubts {
		d.rules.Note(doubt.Failure)
	}
}

// failMeaning is fail for a code of package equality.
func (d *decoder) failMeaning(code string) {
	d.fail(code, d.subject()+" "+equality.Meaning(code)+".")
}

func (d *decoder) failure(code, message string) equality.Failure {
	return equality.Failure{Pointer: d.pointer(), Code: code, Message: message}
}

// pointer is the JSON pointer to the current value.
func (d *decoder) pointer() string {
	var pointer strings.Builder
	for _, s := range d.path {
		pointer.WriteByte('/')
		if s.name == "" {
			pointer.WriteString(strconv.Itoa(s.index))
		}
		pointer.WriteString(s.name)
	}
	return pointer.String()
}

// subject is the name, in words, of the current member.
func (d *decoder) subject() string {
	for i := len(d.path) - 1; i >= 0; i-- {
		if d.path[i].name != "" {
			return words(d.path[i].name)
		}
	}
	return "The body"
}

// stop ends the reading with one failure, which replaces all others.
func (d *decoder) stop(code string) {
	d.broken = true
	d.form = equality.InvalidError{}
	d.form.Note(equality.Failure{Code: code, Message: "The body " + equality.Meaning(code) + "."})
}

func (d *decoder) stopAt(err error) {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		d.broken = true
		d.form = equality.InvalidError{}
		d.form.Note(equality.Failure{Code: equality.JSONDuplicate, Message: "The body has a member more than once in the same object."})
		return
	}
	d.stop(equality.JSONSyntax)
}
