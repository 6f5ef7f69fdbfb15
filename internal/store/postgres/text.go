package postgres

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// escape writes a text so that PostgreSQL can hold it, which accepts neither NUL nor
// anything but UTF-8. A backslash becomes two, and such a byte becomes a backslash and two
// hexadecimal digits. We do not choose the texts in tokens, and the log must return what
// was hashed.
func escape(text string) string {
	if utf8.ValidString(text) && !strings.ContainsAny(text, "\x00\\") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == 0, r == utf8.RuneError && size == 1:
			b.WriteByte('\\')
			b.WriteString(hex.EncodeToString([]byte{text[i]}))
		default:
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

// unescape reverses escape. A text that escape did not write is returned as it is, and its
// entry fails its hash.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, `\`)
		b.WriteString(before)
		if !found {
			break
		}
		if after, ok := strings.CutPrefix(after, `\`); ok {
			b.WriteByte('\\')
			rest = after
			continue
		}
		raw, err := hex.DecodeString(after[:min(2, len(after))])
		if err != nil || len(raw) != 1 {
			return text
		}
		b.WriteByte(raw[0])
		rest = after[2:]
	}
	return b.String()
}
