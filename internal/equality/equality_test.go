package equality_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"

	"github.com/google/go-cmp/cmp"
)

// today is the date in the tests.
var today = equality.NewDate(2024, 5, 1)

const (
	id       = "45b919fa-22b4-11ec-9621-0242ac130002"
	targetID = "49b092d6-22b4-11ec-9621-0242ac130002"
)

// diff is cmp.Diff for values with unexported members that are comparable.
func diff(want, got any) string {
	return cmp.Diff(want, got, cmp.Comparer(func(a, b equality.Text) bool { return a == b }),
		cmp.Comparer(func(a, b equality.Date) bool { return a == b }))
}

func newRules(tb testing.TB) *equality.Rules {
	tb.Helper()
	lists, err := refdata.Load()
	if err != nil {
		tb.Fatal(err)
	}
	rules, err := equality.NewRules(lists)
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

// seed returns the specification's example as JSON.
func seed(tb testing.TB) []byte {
	tb.Helper()
	body, err := os.ReadFile("../../examples/seed.json")
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// stored decodes a record as if it came from the store.
func stored(tb testing.TB, members string) equality.Record {
	tb.Helper()
	r, err := equality.Decode([]byte(document(members)))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// document returns a JSON object with both identifiers and these members.
func document(members string) string {
	doc := `{"id":"` + id + `","targetId":"` + targetID + `"`
	if members != "" {
		doc += "," + members
	}
	return doc + "}"
}

// patched sends a PATCH through its three steps.
func patched(tb testing.TB, r equality.Record, body string) (equality.Record, error) {
	tb.Helper()
	rules := newRules(tb)
	p, err := rules.DecodePatch([]byte(body), today)
	if err != nil {
		return r, err
	}
	next := p.Apply(r)
	return next, rules.Validate(p, r, next)
}

// failures returns an error's failures as "pointer code" lines.
func failures(tb testing.TB, err error) string {
	tb.Helper()
	if err == nil {
		return ""
	}
	var invalid *equality.InvalidError
	if !errors.As(err, &invalid) || len(invalid.Failures) == 0 {
		tb.Fatalf("not an InvalidError with failures: %v", err)
	}
	var lines []string
	for _, f := range invalid.Failures {
		lines = append(lines, f.Pointer+" "+f.Code)
	}
	return strings.Join(lines, "\n")
}
