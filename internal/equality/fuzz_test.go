package equality_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/equality"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// bodies are where fuzzing starts.
func bodies(f *testing.F) {
	f.Add(seed(f))
	for _, body := range []string{
		``, `{}`, `[]`, `null`, document(full), `{"gender":null,"languages":[],"disabled":"YES"}`,
		`{"gender":{"genderValue":"o","genderValueIfOther":" text "},"person":{"a":[1e999,{"b":"\ud83d\ude00"}]}}`,
		`{"languages":[{"language":"x","isPrimary":true},{"language":"x","isPrimary":true},{},null,7]}`,
		`{"communicationRequirements":["none","other","none"],"communicationRequirementsIfOther":"\u0000"}`,
		`{"pregnancyOrMaternity":[{"pregnancyDate":"2025-05-01"},{"pregnancyDate":"0000-00-00"}]}`,
		`{"disabled":True, -- comment`, `{"a":1,"a":2}`, `{"x":[[[[[[[[[1]]]]]]]]]}`, "{\"x\":\"\xff\"}", `{} {}`,
	} {
		f.Add([]byte(body))
	}
}

func FuzzDecodePatch(f *testing.F) {
	rules := newRules(f)
	before, err := equality.Decode([]byte(document(full)))
	if err != nil {
		f.Fatal(err)
	}
	unshown, err := equality.Decode([]byte(document(`"languages":[{"language":"english","isPrimary":true},{"language":"gone","isPrimary":false}],` +
		`"communicationRequirements":["gone","braille"]`)))
	if err != nil {
		f.Fatal(err)
	}
	bodies(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := rules.DecodePatch(body, today)
		if err != nil {
			checkInvalid(t, err)
			return
		}
		if !jsontext.Value(body).IsValid() {
			t.Error("accepted, and is not JSON")
		}
		after := p.Apply(before)
		if err := rules.Validate(p, before, after); err != nil {
			checkInvalid(t, err)
		}
		if d := diff(after, p.Apply(after)); d != "" {
			t.Errorf("not idempotent: %s", d)
		}
		checkRoundTrip(t, after)

		// Only null removes elements that its sender was not shown.
		kept := p.Apply(unshown)
		if !p.CommunicationRequirements.Values.IsNull() && !slices.Contains(kept.CommunicationRequirements, "gone") {
			t.Errorf("a requirement is lost: %s", kept.Encode())
		}
		gone := func(l equality.Language) bool { return l.Language == "gone" }
		if !p.Languages.IsNull() && !slices.ContainsFunc(kept.Languages, gone) {
			t.Errorf("a language is lost: %s", kept.Encode())
		}
	})
}

func FuzzDecodeCreate(f *testing.F) {
	rules := newRules(f)
	bodies(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := rules.DecodeCreate(body, uuid.Nil, today)
		if err != nil {
			checkInvalid(t, err)
			return
		}
		if r.TargetID == uuid.Nil {
			t.Error("accepted without a person")
		}
		checkRoundTrip(t, r)

		// A valid record is still valid when it is sent back.
		if r.ID == uuid.Nil {
			r.ID = r.TargetID
		}
		again, err := rules.DecodeCreate(r.Encode(), uuid.Nil, today)
		if err != nil {
			t.Fatal(failures(t, err))
		}
		if d := diff(r, again); d != "" {
			t.Error(d)
		}
	})
}

func FuzzDecode(f *testing.F) {
	bodies(f)
	f.Fuzz(func(t *testing.T, document []byte) {
		if r, err := equality.Decode(document); err == nil {
			checkRoundTrip(t, r)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	f.Add("2016-02-29")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := equality.ParseDate(s)
		if err != nil {
			return
		}
		if d.String() != s {
			t.Errorf("%q became %q", s, d)
		}
		if later := d.AddMonths(33); later.Compare(d) <= 0 || later.AddMonths(-33).Compare(d) > 0 {
			t.Errorf("33 months after %s is %s", d, later)
		}
	})
}

func checkInvalid(t *testing.T, err error) {
	t.Helper()
	var invalid *equality.InvalidError
	if !errors.As(err, &invalid) || len(invalid.Failures) == 0 || len(invalid.Failures) > 100 {
		t.Fatalf("not a usable error: %v", err)
	}
	for _, f := range invalid.Failures {
		if !jsontext.Pointer(f.Pointer).IsValid() || f.Code == "" || f.Message == "" {
			t.Errorf("not a usable failure: %+v", f)
		}
	}
}

func checkRoundTrip(t *testing.T, r equality.Record) {
	t.Helper()
	back, err := equality.Decode(r.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if d := equality.Diff(r, back); d != nil || r.ID != back.ID || r.TargetID != back.TargetID {
		t.Errorf("not the same after reading back: %v", d)
	}
}

func FuzzParseNINO(f *testing.F) {
	for _, s := range []string{"QQ123456C", "qq 12 34 56", "QQ\u200312 34 56 c", "", "QQ123456\u0130", strings.Repeat(" ", 100)} {
		f.Add(s)
	}
	form := regexp.MustCompile(`^[A-Z]{2}[0-9]{6}[A-D]?$`)
	f.Fuzz(func(t *testing.T, s string) {
		number, ok := equality.ParseNINO(s)
		if ok && !form.MatchString(number) || !ok && number != "" {
			t.Errorf("%q became %q", s, number)
		}
		if again, fine := equality.ParseNINO(number); ok && (!fine || again != number) {
			t.Errorf("%q is not read as it is kept", number)
		}
	})
}

func FuzzParseID(f *testing.F) {
	for _, s := range []string{"45b919fa-22b4-11ec-9621-0242ac130002", "{45b919fa-22b4-11ec-9621-0242ac130002}", "45B919FA22B411EC96210242AC130002", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := equality.ParseID(s); err == nil && id.String() != strings.ToLower(s) {
			t.Errorf("%q became %s", s, id)
		}
	})
}
