package equality_test

import (
	"testing"

	"equality-information-api/internal/equality"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// TestSeedExample posts the specification's example and reads back the same
// members in the same order.
func TestSeedExample(t *testing.T) {
	t.Parallel()
	r, err := newRules(t).DecodeCreate(seed(t), uuid.Nil, today)
	if err != nil {
		t.Fatal(failures(t, err))
	}
	var want, got any
	if err := json.Unmarshal(seed(t), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(r.Encode(), &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(names(t, seed(t)), names(t, r.Encode())); d != "" {
		t.Error(d)
	}
}

func TestDecodeCreate(t *testing.T) {
	t.Parallel()
	const person = `"targetId":"` + targetID + `"`
	path := uuid.MustParse(id)
	for _, test := range []struct {
		name, body string
		path       uuid.UUID
		want       string // the document
		failures   string
	}{
		{"neither body nor path has an id", `{` + person + `}`, uuid.Nil, `{"id":"00000000-0000-0000-0000-000000000000",` + person + `}`, ""},
		{"null is absent", `{"id":null,"gender":null,` + person + `}`, path, document(""), ""},
		{"id in the path", `{` + person + `}`, path, document(""), ""},
		{"id in the body", document(""), uuid.Nil, document(""), ""},
		{"id in both", document(""), path, document(""), ""},
		{"another id in the path", document(""), uuid.MustParse(targetID), "", "/id id.mismatch"},
		{"id is the person's", `{` + person + `}`, uuid.MustParse(targetID), `{"id":"` + targetID + `",` + person + `}`, ""},
		{"no person", `{}`, path, "", "/targetId required"},
		{"null person", `{"targetId":null}`, path, "", "/targetId required"},
		{"wrong person", `{"targetId":"x"}`, path, "", "/targetId id.form"},
		{"not an object", `[]`, path, "", " type.object"},
		{"not JSON", `{`, path, "", " json.syntax"},
		{
			"failures of every kind together",
			`{"nationality":"martian","disabled":7,"languages":[{"language":"venusian","isPrimary":true},{}],"homeSituationIfOther":"text"}`,
			path, "",
			"/disabled type.answer\n/languages/1/language required\n/targetId required\n/nationality code.unknown\n/languages/0/language code.unknown\n/homeSituationIfOther text.no-code",
		},
		{
			"nothing follows from what failed",
			`{` + person + `,"gender":{"genderValue":7,"genderValueIfOther":"text"},"caringResponsibilities":{"provideUnpaidCare":7,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"},
			"communicationRequirements":7,"communicationRequirementsIfOther":"text","languages":[{"language":"french","isPrimary":7}]}`,
			path, "",
			"/gender/genderValue type.string\n/caringResponsibilities/provideUnpaidCare type.answer\n/communicationRequirements type.array\n/languages/0/isPrimary type.boolean",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, err := newRules(t).DecodeCreate([]byte(test.body), test.path, today)
			if got := failures(t, err); got != test.failures {
				t.Fatalf("failures\n%s\nwant\n%s", got, test.failures)
			}
			if got := string(r.Encode()); test.failures == "" && got != test.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestNearCodesAreSuggested(t *testing.T) {
	t.Parallel()
	_, err := patched(t, stored(t, ""), `{"nationality":"britsh"}`)
	want := []equality.Failure{{Pointer: "/nationality", Code: equality.CodeUnknown, Message: "is not a code in the reference list nationality; similar codes: british, irish"}}
	if d := cmp.Diff(want, err.(*equality.InvalidError).Failures); d != "" {
		t.Error(d)
	}
}

func TestNearMemberIsSuggested(t *testing.T) {
	t.Parallel()
	const said = "is not a member of this object; names must match exactly"
	for name, want := range map[string]string{
		"Gender":           said + "; did you mean gender?",
		"langages":         said + "; did you mean languages?",
		"languagess":       said + "; did you mean languages?",
		"dixabled":         said + "; did you mean disabled?",
		"gendre":           said,
		"sexualOrientatio": said + "; did you mean sexualOrientation?",
		"x":                said,
	} {
		_, err := newRules(t).DecodePatch([]byte(`{"`+name+`":1}`), today)
		if got := err.(*equality.InvalidError).Failures[0].Message; got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
