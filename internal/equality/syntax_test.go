package equality_test

import (
	"testing"

	"equality-information-api/internal/equality"
)

func TestSyntaxFailures(t *testing.T) {
	t.Parallel()
	rules := newRules(t)
	for _, test := range []struct{ name, body, want string }{
		{"Python's true", `{"disabled": True}`, "at line 1, column 14; write true in lower case"},
		{"Python's false", `{"disabled":False}`, "at line 1, column 13; write false in lower case"},
		{"Python's null", `{"disabled":None}`, "at line 1, column 13; write null"},
		{"the seed's comment", "{\"nationality\": \"british\", -- by the user\n}", "at line 1, column 29; JSON has no comments"},
		{"comment before a comma", "{\n  \"disabled\": true -- said\n}", "at line 2, column 20; JSON has no comments"},
		{"line comment", `{"disabled":true // x`, "at line 1, column 18; JSON has no comments"},
		{"line comment after comma", `{"disabled":true, // x`, "at line 1, column 19; JSON has no comments"},
		{"block comment", `{/* x */}`, "at line 1, column 2; JSON has no comments"},
		{"hash comment", "{}\n# x", "at line 2, column 1; JSON has no comments"},
		{"single quotes", `{'disabled':true}`, "at line 1, column 2; JSON uses double quotes, not single quotes"},
		{"trailing comma", `{"disabled":true,}`, "at line 1, column 17; remove the comma after the last element"},
		{"trailing comma in a list", "{\"languages\":[1,\n]}", "at line 1, column 16; remove the comma after the last element"},
		{"byte order mark", "\uFEFF{}", "at line 1, column 1; remove the byte order mark at the start"},
		{"column in characters", `{"x":"éé" "y"}`, "at line 1, column 11"},
		{"no value", `{"x":}`, "at line 1, column 6"},
		{"number as name", `{1:2}`, "at line 1, column 2"},
		{"half a surrogate pair", `{"nationality":"\ud800"}`, "at line 1, column 17"},
		{"control character", "{\"nationality\":\"a\tb\"}", "at line 1, column 18"},
		{"truncated", `{"disabled":tr`, "at line 1, column 15; the body ends too soon"},
		{"empty", ` `, "at line 1, column 2; the body is empty"},
		{"two values", `{} {}`, "there is more text after the end of the value"},
		{"text behind", `{}}`, "at line 1, column 3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := rules.DecodePatch([]byte(test.body), today)
			if failures(t, err) != " json.syntax" {
				t.Fatal(failures(t, err))
			}
			if got := err.(*equality.InvalidError).Failures[0].Message; got != "is not JSON; "+test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestUTF8Failure(t *testing.T) {
	t.Parallel()
	_, err := newRules(t).DecodePatch([]byte("{\n\"x\":\"é\xc3\"}"), today)
	if got := err.(*equality.InvalidError).Failures[0].Message; got != "is not valid UTF-8; at line 2, column 7" {
		t.Errorf("got %q", got)
	}
}
