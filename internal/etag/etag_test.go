package etag

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		values []string
		want   List
		ok     bool
	}{
		{"one", []string{`"3"`}, tags("3"), true},
		{"weak", []string{`W/"3"`}, tags("3"), true},
		{"several", []string{`"1", W/"2" ,"3"`}, tags("1", "2", "3"), true},
		{"several headers", []string{`"1"`, `"2"`}, tags("1", "2"), true},
		{"a comma inside", []string{`"a,b"`}, tags("a,b"), true},
		{"nothing inside", []string{`""`}, tags(""), true},
		{"blanks around", []string{" \t\"1\"\t "}, tags("1"), true},
		{"star", []string{"*"}, List{Any: true}, true},
		{"star with blanks", []string{" * "}, List{Any: true}, true},
		{"beyond ASCII", []string{"\"\xe9\""}, tags("\xe9"), true},
		{"half in each of two headers", []string{`"`, `"`}, List{}, false},
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
		{"comma at the end", []string{`"1",`}, tags("1"), true},
		{"empty elements", []string{`, "2",`}, tags("2"), true},
		{"more empty elements", []string{",,\t, \"1\" ,, \"2\" , ,"}, tags("1", "2"), true},
		{"an empty header beside another", []string{"", `"1"`}, tags("1"), true},
		{"empty elements alone", []string{" , ,"}, List{}, false},
		{"a star after an empty element", []string{", *"}, List{}, false},
		{"compressed by a proxy", []string{`"3-gzip", W/"3-br", "3-zstd", "3-deflate", "3-gzip-br"`}, tags("3", "3", "3", "3", "3"), true},
		{"something else appended", []string{`"3-zip", "3gzip", "-gzip"`}, tags("3-zip", "3gzip", ""), true},
		{"a blank inside", []string{`"a b"`}, List{}, false},
		{"a control character inside", []string{"\"a\x7f\""}, List{}, false},
	} {
		got, ok := Parse(c.values)
		if d := cmp.Diff(c.want, got); ok != c.ok || d != "" {
			t.Errorf("%s: %t %s", c.name, ok, d)
		}
	}
}

func tags(opaque ...string) List { return List{Tags: opaque} }

// Tags name versions, so weak tags and those of compressed answers match as well.
func TestETagComparison(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header string
		has    bool // "3"
		single int64
	}{
		{`"3"`, true, 3},
		{`W/"3"`, true, 3},
		{`"3-gzip"`, true, 3},
		{`W/"3-gzip"`, true, 3},
		{`, "3",`, true, 3},
		{`"2"`, false, 2},
		{`"2", "3"`, true, -1},
		{`"2", W/"3"`, true, -1},
		{`*`, true, -1},
		{`"03"`, false, -1},
		{`"+3"`, false, -1},
		{`"-3"`, false, -1},
		{`"a"`, false, -1},
		{`"3-a"`, false, -1},
		{`""`, false, -1},
		{`"9223372036854775808"`, false, -1},
	} {
		list, ok := Parse([]string{c.header})
		if !ok || list.Has(Version(3)) != c.has {
			t.Errorf("%s: %t, has it: %t", c.header, ok, list.Has("3"))
		}
		single := int64(-1)
		if v := list.Single(); v != nil {
			single = *v
		}
		if single != c.single {
			t.Errorf("%s: single version %d", c.header, single)
		}
	}
	if (List{}).Has("") {
		t.Error("no header matches something")
	}
}

func format(l List) string {
	if l.Any {
		return "*"
	}
	var texts []string
	for _, tag := range l.Tags {
		texts = append(texts, Quoted(tag))
	}
	return strings.Join(texts, ", ")
}

func TestETagsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var l List
		if l.Any = rapid.IntRange(0, 9).Draw(t, "any") == 0; !l.Any {
			l.Tags = rapid.SliceOfN(rapid.StringMatching(`[!#-~]{0,5}`), 1, 5).Draw(t, "tags")
		}
		// Weak, and as a proxy marks what it has compressed.
		written := strings.ReplaceAll(format(l), ", ", rapid.SampledFrom([]string{", ", ",W/", " ,, "}).Draw(t, "between"))
		got, ok := Parse([]string{written})
		for i, tag := range l.Tags {
			l.Tags[i] = uncoded(tag)
		}
		if d := cmp.Diff(l, got); !ok || d != "" {
			t.Errorf("%s: %t %s", written, ok, d)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`"1"`, `W/"1", "2"`, "*", "", `"`, `W/`, `"1",`, "\"\x00\"", `,`, `"1"W/"2"`, `"3-gzip"`, `W/"3-br-gzip"`} {
		f.Add(s, "")
		f.Add(s, s)
		f.Add(","+s, s+" ,")
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
