package refdata

import (
	"strings"
	"testing"
)

func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	const last = `{"code": "preferNotToSay", "label": "Prefer not to say", "order": 99, "active": true}`
	codes := func(entries ...string) string {
		return `{"name": "gender", "label": "Gender", "sources": ["test"], "variables": {"core": "sex1"}, "codes": [` +
			strings.Join(append(entries, last), ", ") + `]}`
	}
	entry := func(code, order, more string) string {
		return `{"code": "` + code + `", "label": "Label", "order": ` + order + `, "active": true` + more + `}`
	}
	tests := []struct{ name, file, want string }{
		{"syntax", `{`, "unexpected EOF"},
		{"unknown member of a list", `{"name": "gender", "colour": 1}`, `unknown field "colour"`},
		{"unknown member of a code", codes(entry("a", "1", `, "colour": 1`)), `unknown field "colour"`},
		{"text after the list", codes() + `{}`, "more text after"},
		{"another name", strings.Replace(codes(), `"gender"`, `"sex"`, 1), `named "sex"`},
		{"no list label", strings.Replace(codes(), `"Gender"`, `""`, 1), "no label"},
		{"no sources", strings.Replace(codes(), `["test"]`, `[]`, 1), "no sources"},
		{"a version", strings.Replace(codes(), `"label"`, `"version": "1", "label"`, 1), "computed"},
		{"no codes", `{"name": "gender", "label": "Gender", "sources": ["test"], "codes": []}`, "not the last"},
		{"no preferNotToSay", strings.Replace(codes(entry("a", "1", "")), "preferNotToSay", "b", 1), "not the last"},
		{"preferNotToSay earlier too", codes(entry("preferNotToSay", "1", "")), "appears twice"},
		{"duplicate code", codes(entry("a", "1", ""), entry("a", "2", "")), "appears twice"},
		{"codes that differ in case only", codes(entry("aB", "1", ""), entry("ab", "2", "")), "appears twice"},
		{"not camelCase", codes(entry("not-camel", "1", "")), "not camelCase"},
		{"code too long", codes(entry(strings.Repeat("a", 65), "1", "")), "too long"},
		{"no label", codes(`{"code": "a", "label": "", "order": 1, "active": true}`), "no label"},
		{"equal order", codes(entry("a", "1", ""), entry("b", "1", "")), "not higher"},
		{"falling order", codes(entry("a", "2", ""), entry("b", "1", "")), "not higher"},
		{"missing parent", codes(entry("a", "1", `, "parent": "b"`)), `no parent "b"`},
		{"its own parent", codes(entry("a", "1", `, "parent": "a"`)), "loop"},
		{"parents in a loop", codes(entry("a", "1", `, "parent": "b"`), entry("b", "2", `, "parent": "a"`)), "loop"},
		{"alias of two codes", codes(entry("a", "1", `, "aliases": ["x"]`), entry("b", "2", `, "aliases": ["X"]`)), `means "a" too`},
		{"alias that is a code", codes(entry("a", "1", `, "aliases": ["B"]`), entry("b", "2", "")), `means "b" too`},
		{"alias twice", codes(entry("a", "1", `, "aliases": ["x", "X"]`)), "appears twice"},
		{"alias that is its own code", codes(entry("a", "1", `, "aliases": ["a"]`)), "appears twice"},
		{"empty alias", codes(entry("a", "1", `, "aliases": [""]`)), "empty, padded"},
		{"padded alias", codes(entry("a", "1", `, "aliases": [" x"]`)), "empty, padded"},
		{"not a date", codes(entry("a", "1", `, "validFrom": "2026-02-30"`)), "must be dates"},
		{"dates the wrong way round", codes(entry("a", "1", `, "validFrom": "2026-02-02", "validTo": "2026-02-01"`)), "after validTo"},
		{"active forgotten", codes(`{"code": "a", "label": "A", "order": 1}`), "not active, but without validTo"},
		{"active local code", codes(entry("a", "1", `, "local": true`)), "must not be active"},
		{"negative age", codes(entry("a", "1", `, "minimumAge": -1`)), "negative"},
		{"unknown system", codes(entry("a", "1", `, "maps": {"other": "1"}`)), `unknown system "other"`},
		{"unnamed variable", codes(entry("a", "1", `, "maps": {"pcq": "1"}`)), "do not say what pcq is"},
		{"null without a reason", codes(entry("a", "1", `, "maps": {"core": null}`)), "no mapReason"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(Gender, []byte(tt.file))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestSoundFile keeps the rows of TestBrokenFiles honest: what they break is
// otherwise accepted.
func TestSoundFile(t *testing.T) {
	t.Parallel()
	const file = `{"name": "gender", "label": "Gender", "sources": ["test"], "variables": {"core": "sex1"}, "codes": [
		{"code": "a", "label": "A", "order": 1, "active": true, "aliases": ["A", "x"], "maps": {"core": null}, "mapReason": "why"},
		{"code": "b", "label": "B", "order": 5, "active": false, "parent": "a", "validFrom": "2020-01-01", "validTo": "2026-01-01"},
		{"code": "c", "label": "C", "order": 6, "active": false, "local": true, "parent": "b"},
		{"code": "preferNotToSay", "label": "Prefer not to say", "order": 7, "active": true}]}`
	list, err := parse(Gender, []byte(file), WithLocalCodes())
	if err != nil {
		t.Fatal(err)
	}
	for code, active := range map[string]bool{"a": true, "b": false, "c": true} {
		if c, ok := list.Find(code); !ok || c.Active != active {
			t.Errorf("%s: %t, active %t", code, ok, c.Active)
		}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := parse(Gender, []byte(`{"name": "sex", "label": "", "sources": [], "codes": []}`))
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("got %v, want four faults", err)
	}
}
