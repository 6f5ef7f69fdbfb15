package equality

import (
	"errors"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// fail notes a failure of the last value or name. In an import, a value that is
// longer than is kept is only a finding.
func (d *decoder) fail(code string, details ...string) {
	switch {
	case d.broken:
	case d.rules.importing && (code == TooLong || code == TextLength || code == ListLength):
		d.found = append(d.found, Finding{Pointer: d.pointer(), Code: code})
	default:
		d.failures.add(d.pointer(), code, details...)
	}
}

// failBelow notes a failure of something inside the last value.
func (d *decoder) failBelow(path, code string) {
	if !d.broken {
		d.failures.add(d.pointer()+"/"+path, code)
	}
}

// unknownMember notes a member that the object does not have.
func (d *decoder) unknownMember(name []byte, known []string) {
	for _, k := range known {
		if strings.EqualFold(k, string(name)) || isOneEdit(k, string(name)) {
			d.fail(JSONUnknown, "did you mean "+k+"?")
			return
		}
	}
	d.fail(JSONUnknown)
}

// isOneEdit says whether adding, removing or replacing one byte turns a into b.
func isOneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i < len(a) && a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}

// stop ends the reading with one failure, which replaces all others.
func (d *decoder) stop(pointer, code string, details ...string) {
	d.broken = true
	d.failures = InvalidError{}
	d.failures.add(pointer, code, details...)
}

// stopAt ends the reading with an error of the JSON reader.
func (d *decoder) stopAt(err error) {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		var syntax *jsontext.SyntacticError
		errors.As(err, &syntax)
		d.stop(safePointer(syntax.JSONPointer), JSONDuplicate)
		return
	}
	d.stop("", JSONSyntax, syntaxDetails(d.body, err)...)
}

// pointer is the JSON pointer to the last value or name.
func (d *decoder) pointer() string { return safePointer(d.json.StackPointer()) }

// SafeName says whether an error can repeat the name of a member or parameter
// that the caller sent.
func SafeName(name string) bool { return safeName.MatchString(name) }

var safeName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// safePointer ends a pointer before the first name that is not safe.
func safePointer(p jsontext.Pointer) string {
	var safe strings.Builder
	for name := range p.Tokens() {
		if !SafeName(name) {
			break
		}
		safe.WriteString("/" + name)
	}
	return safe.String()
}
