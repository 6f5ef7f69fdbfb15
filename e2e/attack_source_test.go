package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// marked stands in whatever the attack sends. It has a blank, so that no error may repeat
// it as the name of a member.
const marked = stem + " attack"

// source makes hostile input from a seed, so that an attack can be repeated.
type source struct{ *rand.Rand }

// attackSeed returns the seed of an attack: another one each time, unless
// EQUALITY_ATTACK_SEED names it. A test that fails shows it.
func attackSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if named := os.Getenv("EQUALITY_ATTACK_SEED"); named != "" {
		var err error
		if seed, err = strconv.ParseUint(named, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("to repeat the attack: EQUALITY_ATTACK_SEED=%d", seed)
		}
	})
	return seed
}

func newSource(seed, stream uint64) source { return source{rand.New(rand.NewPCG(seed, stream))} }

// one is true once in so many times.
func (s source) one(in int) bool { return s.IntN(in) == 0 }

func pick[T any](s source, from ...T) T { return from[s.IntN(len(from))] }

// length is mostly one at which a limit may lie.
func (s source) length() int {
	return pick(s, 0, 1, 2, 20, 21, 64, 65, 200, 201, 255, 256, 500, 501, 1024, 1025, s.IntN(5000), 65_535, 65_537)
}

// long is a text of some length, with a marker.
func (s source) long() string {
	return marked + strings.Repeat(pick(s, "a", " ", "é", "\u2003", "𝒳", "\u202e", "0", "%", "-"), s.length())
}

// text is a hostile text, with a marker, as the content of a value.
func (s source) text() string {
	return pick(s, s.long,
		func() string { return marked + string(rune(s.IntN(0x20))) },
		func() string { return "\xff\xfe" + marked },
		func() string { return marked + "\xed\xa0\x80\xc0\xaf\xf8" },
		func() string { return "<script>" + marked + "</script>&#60;é<!--" },
		func() string { return marked + "'; DROP TABLE record; --\" OR 1=1" },
		func() string { return "${jndi:ldap://" + marked + "}{{7*7}}%s%n%x" },
		func() string { return "../../" + marked + "\x00/etc/passwd" },
		func() string { return "=cmd|' /C " + marked + "'!A0＝＋－＠" },
		func() string { return marked + "\r\nX-Injected: " + marked },
		func() string { return "\ufeff" + marked + "\u0085\u2028\u200b" },
	)()
}

// small is a value that is often right, or nearly.
func (s source) small() string {
	return pick(s, "", "0", "1", "-1", "+1", "01", "1.0", "1e3", "0x10", "1001", "9223372036854775807", "9223372036854775808", "18446744073709551616",
		"NaN", "true", "TRUE", "yes", "null", "undefined", "[]", "*", `"0"`, `W/"0"`, `"0", , "1"`, `"0-gzip"`, `"`, "unlawful", "correction",
		"support", "2026-03-01T00:00:00Z", "2026-02-30T25:61:61+99:99", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+14:00",
		"00000000-0000-0000-0000-000000000000", seedID, strings.ToUpper(seedID), "urn:uuid:"+seedID, "{"+seedID+"}")
}

// value is the text of a JSON value, or nearly.
func (s source) value(depth int) string {
	if depth > 0 && s.one(3) {
		inner := s.value(depth - 1)
		return pick(s, "["+inner+"]", `{"language":`+inner+`}`, `{"`+s.name()+`":`+inner+`}`, "["+strings.Repeat(inner+",", s.IntN(30))+inner+"]")
	}
	return pick(s, func() string { return quoted(s.text()) }, func() string { return quoted(s.small()) }, func() string { return s.small() },
		func() string {
			return `"` + marked + pick(s, `\ud800`, `\udfff\ud800`, `\u0000`, `\x41`, `\`, `\u12`, `\ud83d\ude00`) + `"`
		},
		func() string {
			return pick(s, "-0", "1e999999", "-1e-999999", strings.Repeat("9", s.length()+1), "0."+strings.Repeat("3", s.length()), ".5", "--1", "Infinity")
		},
		func() string {
			return pick(s, "null", "true", "false", "{}", "[]", "True", "None", "", "/**/null", "'"+marked+"'")
		},
		func() string {
			return pick(s, `"2016-02-30"`, `"1899-12-31"`, `"2016-02-29T00:00:00Z"`, `"QQ 12 34 56"`, `"ni111111a"`, `"British"`)
		},
		func() string { n := s.length(); return strings.Repeat("[", n) + strings.Repeat("]", n) },
		func() string {
			n := s.IntN(4000)
			return strings.Repeat(`{"gender":`, n) + "1" + strings.Repeat("}", n)
		},
	)()
}

// quoted is a JSON text that keeps invalid UTF-8, which encoding/json would replace.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + text[:size])
		case r < 0x20:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String() + `"`
}

// name is the name of a member or parameter.
func (s source) name() string {
	return pick(s, "gender", "targetId", "TargetId", "id", "__proto__", "unrecognisedMembers", "limit", "cursor", "", marked, marked+"~1~0/", "a\u0000"+marked)
}
