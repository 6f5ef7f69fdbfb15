package mmh

import (
	"strings"
	"unicode"
)

// words writes a member's name in words: genderValueIfOther as "Gender Value If
// Other".
func words(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case i == 0:
			r = unicode.ToUpper(r)
		case unicode.IsUpper(r):
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// key writes a JSON pointer as the clients' key: /languages/0/isPrimary as
// "Languages[0].IsPrimary". The whole body is "$".
func key(pointer string) string {
	var b strings.Builder
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch {
		case name == "":
			return "$"
		case isIndex(name):
			b.WriteString("[" + name + "]")
			continue
		case b.Len() > 0:
			b.WriteByte('.')
		}
		b.WriteString(strings.ToUpper(name[:1]) + name[1:])
	}
	return b.String()
}

// lastName returns the last member that a JSON pointer names.
func lastName(pointer string) (last string) {
	for name := range strings.SplitSeq(pointer, "/") {
		if name != "" && !isIndex(name) {
			last = name
		}
	}
	return last
}

func isIndex(name string) bool { return name[0] >= '0' && name[0] <= '9' }
