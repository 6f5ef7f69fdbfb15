package etag

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tag := func(opaque string) Tag { return Tag{Opaque: opaque} }
	for _, c := range []struct {
		name   string
		values []string
		want   List
		ok     bool
	}{
		{"one", []string{`"3"`}, List{Tags: []Tag{tag("3")}}, true},
		{"weak", []string{`W/"3"`}, List{Tags: []Tag{{true, "3"}}}, true},
		{"several", []string{`"1", W/"2" ,"3"`}, List{Tags: []Tag{tag("1"), {true, "2"}, tag("3")}}, true},
		{"several headers", []string{`"1"`, `"2"`}, List{Tags: []Tag{tag("1"), tag("2")}}, true},
		{"a comma inside", []string{`"a,b"`}, List{Tags: []Tag{tag("a,b")}}, true},
		{"nothing inside", []string{`""`}, List{Tags: []Tag{tag("")}}, true},
		{"blanks around", []string{" \t\"1\"\t "}, List{Tags: []Tag{tag("1")}}, true},
		{"star", []string{"*"}, List{Any: true}, true},
		{"star with blanks", []string{" * "}, List{Any: true}, true},
		{"beyond ASCII", []string{"\"\xe9\""}, List{Tags: []Tag{tag("\xe9")}}, true},
		{"no value", []string{""}, List{}, false},
		{"blanks alone", []string{" \t"}, List{}, false},
		{"no quotes", []string{"3"}, List{}, false},
		{"single quotes", []string{"'3'"}, List{}, false},
		{"not closed", []string{`"3`}, List{}, false},
		{"not opened", []string{`3"`}, List{}, false},
		{"w in lower case", []string{`w/"3"`}, List{}, false},
		{"w alone", []string{`W/`}, List{}, false},
		{"weak star", []string{`W/*`}, List{}, false},
		{"star in a list", []string{`"1", *`}, List{}, false},
		{"no comma between", []string{`"1" "2"`}, List{}, false},
		{"comma at the end", []string{`"1",`}, List{}, false},
		{"a blank inside", []string{`"a b"`}, List{}, false},
		{"a control character inside", []string{"\"a\x7f\""}, List{}, false},
	} {
		got, ok := Parse(c.values)
		if d := cmp.Diff(c.want, got); ok != c.ok || d != "" {
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
		list, ok := Parse([]string{c.header})
		if !ok || list.Strong(Version(3)) != c.strong || list.Weak(Version(3)) != c.weak {
			t.Errorf("%s: %t, strong %t, weak %t", c.header, ok, list.Strong("3"), list.Weak("3"))
		}
		single := int64(-1)
		if v := list.Single(); v != nil {
			single = *v
		}
		if single != c.single {
			t.Errorf("%s: single version %d", c.header, single)
		}
	}
	if (List{}).Strong("") || (List{}).Weak("") {
		t.Error("no header matches something")
	}
}

func format(l List) string {
	if l.Any {
		return "*"
	}
	var texts []string
	for _, tag := range l.Tags {
		text := Quoted(tag.Opaque)
		if tag.Weak {
			text = "W/" + text
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

func TestETagsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var l List
		if l.Any = rapid.IntRange(0, 9).Draw(t, "any") == 0; !l.Any {
			l.Tags = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Tag {
				return Tag{rapid.Bool().Draw(t, "weak"), rapid.StringMatching(`[!#-~]{0,5}`).Draw(t, "opaque")}
			}), 1, 5).Draw(t, "tags")
		}
		got, ok := Parse([]string{format(l)})
		if d := cmp.Diff(l, got); !ok || d != "" {
			t.Errorf("%s: %t %s", format(l), ok, d)
		}
		for _, tag := range l.Tags {
			if !got.Weak(tag.Opaque) || !tag.Weak && !got.Strong(tag.Opaque) {
				t.Errorf("%s does not match %+v", format(l), tag)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`"1"`, `W/"1", "2"`, "*", "", `"`, `W/`, `"1",`, "\"\x00\"", `,`, `"1"W/"2"`} {
		f.Add(s, "")
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		l, ok := Parse([]string{first, second})
		if !ok {
			if l.Any || l.Tags != nil {
				t.Errorf("refused, with %+v", l)
			}
			return
		}
		if l.Any == (len(l.Tags) > 0) {
			t.Errorf("%q, %q: %+v", first, second, l)
		}
		again, ok := Parse([]string{format(l)})
		if d := cmp.Diff(l, again); !ok || d != "" {
			t.Errorf("%q, %q: %s", first, second, d)
		}
		l.Single()
	})
}
