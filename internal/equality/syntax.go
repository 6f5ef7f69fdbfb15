package equality

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// syntaxDetails says where a body stops being JSON and, if known, what is wrong
// there. It quotes nothing.
func syntaxDetails(body []byte, err error) []string {
	offset := len(body)
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		offset = min(int(syntax.ByteOffset), len(body))
	}
	details := []string{position(body[:offset])}
	if hint := syntaxHint(body[:offset], body[offset:]); hint != "" {
		details = append(details, hint)
	}
	return details
}

// position returns the line and column after text, as editors count them.
func position(text []byte) string {
	line := bytes.Count(text, []byte{'\n'}) + 1
	column := utf8.RuneCount(text[bytes.LastIndexByte(text, '\n')+1:]) + 1
	return fmt.Sprintf("at line %d, column %d", line, column)
}

// validUTF8 returns the part of body before the first invalid byte.
func validUTF8(body []byte) []byte {
	n := 0
	for n < len(body) {
		r, size := utf8.DecodeRune(body[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return body[:n]
}

// notJSON are things that people write but JSON does not allow, by how they
// begin.
var notJSON = []struct{ start, hint string }{
	{"//", noComments},
	{"/*", noComments},
	{"--", noComments},
	{"#", noComments},
	{"True", "write true in lower case"},
	{"False", "write false in lower case"},
	{"None", "write null"},
	{"NaN", "JSON has no NaN"},
	{"undefined", "JSON has no undefined"},
	{"'", "JSON uses double quotes, not single quotes"},
	{"\uFEFF", "remove the byte order mark at the start"},
}

const noComments = "JSON has no comments"

// syntaxHint says what is wrong between the valid part and the rest.
func syntaxHint(before, after []byte) string {
	// The reader stops at a comma that must not be there, and after the first
	// character of something like a number.
	trimmed := bytes.TrimLeft(after, ", \t\r\n")
	if bytes.HasSuffix(before, []byte("-")) {
		trimmed = append([]byte("-"), after...)
	}
	for _, n := range notJSON {
		if bytes.HasPrefix(trimmed, []byte(n.start)) {
			return n.hint
		}
	}
	switch comma := bytes.HasPrefix(after, []byte(",")); {
	case len(bytes.TrimSpace(before)) == 0 && len(trimmed) == 0:
		return "the body is empty"
	case len(trimmed) == 0:
		return "the body ends too soon"
	case comma && strings.IndexByte("}]", trimmed[0]) >= 0:
		return "remove the comma after the last element"
	}
	return ""
}
