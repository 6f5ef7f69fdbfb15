package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var comparable = cmp.AllowUnexported(etags{}, etag{})

func TestParseETags(t *testing.T) {
	t.Parallel()
	tag := func(opaque string) etag { return etag{opaque: opaque} }
	for _, c := range []struct {
		name   string
		values []string
		want   etags
		ok     bool
	}{
		{"one", []string{`"3"`}, etags{tags: []etag{tag("3")}}, true},
		{"weak", []string{`W/"3"`}, etags{tags: []etag{{true, "3"}}}, true},
		{"several", []string{`"1", W/"2" ,"3"`}, etags{tags: []etag{tag("1"), {true, "2"}, tag("3")}}, true},
		{"several headers", []string{`"1"`, `"2"`}, etags{tags: []etag{tag("1"), tag("2")}}, true},
		{"a comma inside", []string{`"a,b"`}, etags{tags: []etag{tag("a,b")}}, true},
		{"nothing inside", []string{`""`}, etags{tags: []etag{tag("")}}, true},
		{"blanks around", []string{" \t\"1\"\t "}, etags{tags: []etag{tag("1")}}, true},
		{"star", []string{"*"}, etags{any: true}, true},
		{"star with blanks", []string{" * "}, etags{any: true}, true},
		{"beyond ASCII", []string{"\"\xe9\""}, etags{tags: []etag{tag("\xe9")}}, true},
		{"no value", []string{""}, etags{}, false},
		{"blanks alone", []string{" \t"}, etags{}, false},
		{"no quotes", []string{"3"}, etags{}, false},
		{"single quotes", []string{"'3'"}, etags{}, false},
		{"not closed", []string{`"3`}, etags{}, false},
		{"not opened", []string{`3"`}, etags{}, false},
		{"w in lower case", []string{`w/"3"`}, etags{}, false},
		{"w alone", []string{`W/`}, etags{}, false},
		{"weak star", []string{`W/*`}, etags{}, false},
		{"star in a list", []string{`"1", *`}, etags{}, false},
		{"no comma between", []string{`"1" "2"`}, etags{}, false},
		{"comma at the end", []string{`"1",`}, etags{}, false},
		{"a blank inside", []string{`"a b"`}, etags{}, false},
		{"a control character inside", []string{"\"a\x7f\""}, etags{}, false},
	} {
		got, ok := parseETags(c.values)
		if d := cmp.Diff(c.want, got, comparable); ok != c.ok || d != "" {
			t.Errorf("%s: %t %s", c.name, ok, d)
		}
	}
}

func TestETagComparison(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header       string
		strong, weak bool // matches "3"
		single       int64
	}{
		{`"3"`, true, true, 3},
		{`W/"3"`, false, true, -1},
		{`"2"`, false, false, 2},
		{`"2", "3"`, true, true, -1},
		{`"2", W/"3"`, false, true, -1},
		{`*`, true, true, -1},
		{`"03"`, false, false, -1},
		{`"+3"`, false, false, -1},
		{`"-3"`, false, false, -1},
		{`"a"`, false, false, -1},
		{`""`, false, false, -1},
		{`"9223372036854775808"`, false, false, -1},
	} {
		list, ok := parseETags([]string{c.header})
		if !ok || list.strong(versionTag(3)) != c.strong || list.weak(versionTag(3)) != c.weak {
			t.Errorf("%s: %t, strong %t, weak %t", c.header, ok, list.strong("3"), list.weak("3"))
		}
		single := int64(-1)
		if v := list.single(); v != nil {
			single = *v
		}
		if single != c.single {
			t.Errorf("%s: single version %d", c.header, single)
		}
	}
	if (etags{}).strong("") || (etags{}).weak("") {
		t.Error("no header matches something")
	}
}

func format(l etags) string {
	if l.any {
		return "*"
	}
	var texts []string
	for _, tag := range l.tags {
		text := quoted(tag.opaque)
		if tag.weak {
			text = "W/" + text
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

func TestETagsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var l etags
		if l.any = rapid.IntRange(0, 9).Draw(t, "any") == 0; !l.any {
			l.tags = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) etag {
				return etag{rapid.Bool().Draw(t, "weak"), rapid.StringMatching(`[!#-~]{0,5}`).Draw(t, "opaque")}
			}), 1, 5).Draw(t, "tags")
		}
		got, ok := parseETags([]string{format(l)})
		if d := cmp.Diff(l, got, comparable); !ok || d != "" {
			t.Errorf("%s: %t %s", format(l), ok, d)
		}
		for _, tag := range l.tags {
			if !got.weak(tag.opaque) || !tag.weak && !got.strong(tag.opaque) {
				t.Errorf("%s does not match %+v", format(l), tag)
			}
		}
	})
}

func FuzzParseETags(f *testing.F) {
	for _, s := range []string{`"1"`, `W/"1", "2"`, "*", "", `"`, `W/`, `"1",`, "\"\x00\"", `,`, `"1"W/"2"`} {
		f.Add(s, "")
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		l, ok := parseETags([]string{first, second})
		if !ok {
			if l.any || l.tags != nil {
				t.Errorf("refused, with %+v", l)
			}
			return
		}
		if l.any == (len(l.tags) > 0) {
			t.Errorf("%q, %q: %+v", first, second, l)
		}
		again, ok := parseETags([]string{format(l)})
		if d := cmp.Diff(l, again, comparable); !ok || d != "" {
			t.Errorf("%q, %q: %s", first, second, d)
		}
		l.single()
	})
}

func TestConditionThatIsMalformedIsTold(t *testing.T) {
	t.Parallel()
	for value, ok := range map[string]bool{`"1"`: true, "*": true, "": false, "1": false} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["If-Match"] = []string{value}
		c := newCall(httptest.NewRecorder(), r)
		if _, present := c.condition("If-Match"); !present {
			t.Errorf("%q is not there", value)
		}
		if got := codes(c); ok && got != "" || !ok && got != "header.if-match" {
			t.Errorf("%q: %s", value, got)
		}
		if _, present := c.condition("If-None-Match"); present {
			t.Error("there is a header that was not sent")
		}
	}
}
