package equality_test

import (
	stdjson "encoding/json"
	"strings"
	"testing"
	"time"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
)

func TestPregnancyValidUntil(t *testing.T) {
	t.Parallel()
	for date, want := range map[string]string{
		"2017-01-04": "2019-10-04", // the seed's
		"2016-02-29": "2018-11-29",
		"2016-05-31": "2019-02-28",
		"2017-05-31": "2020-02-29",
		"2017-08-31": "2020-05-31",
		"2017-03-31": "2019-12-31",
		"2017-12-31": "2020-09-30",
	} {
		d, err := equality.ParseDate(date)
		if err != nil {
			t.Fatal(err)
		}
		if got := equality.NewPregnancy(d).ValidUntil.String(); got != want {
			t.Errorf("%s: got %s, want %s", date, got, want)
		}
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "2017-2-28", "2017-02-29", "2017-13-01", "2017-00-10", "2017-01-32", "17-01-01", "2017-01-01T00:00:00Z", " 2017-01-01", "2017/01/01", "+2017-01-01", "２017-01-01"} {
		if d, err := equality.ParseDate(s); err == nil {
			t.Errorf("%q: got %v", s, d)
		} else if s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("%q is in the error", s)
		}
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	if got := equality.DateOf(time.Date(2024, 2, 29, 23, 59, 0, 0, time.FixedZone("", 3600))).String(); got != "2024-02-29" {
		t.Error(got)
	}
	var absent equality.Date
	if !absent.IsZero() || absent.String() != "" || today.IsZero() {
		t.Error("the zero date is not the absent one")
	}
	if today.Compare(today) != 0 || today.AddMonths(-1).Compare(today) != -1 || today.AddMonths(1).Compare(today) != 1 {
		t.Error("dates are not in order")
	}
}

func TestParseID(t *testing.T) {
	t.Parallel()
	for _, s := range []string{id, strings.ToUpper(id)} {
		if got, err := equality.ParseID(s); err != nil || got.String() != id {
			t.Errorf("%s: got %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", strings.ReplaceAll(id, "-", ""), "{" + id + "}", "urn:uuid:" + id, id[:35] + "g", strings.Replace(id, "-", "0", 1)} {
		if _, err := equality.ParseID(s); err == nil {
			t.Errorf("%s: accepted", s)
		} else if s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("%s is in the error", s)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	if (equality.Text{}) == equality.NewText("") || !(equality.Text{}).IsZero() || equality.NewText("").IsZero() {
		t.Error("an absent text is not told from an empty one")
	}
}

// TestStandardEncoding checks that the types also work with encoding/json.
func TestStandardEncoding(t *testing.T) {
	t.Parallel()
	r := stored(t, full)
	got, err := stdjson.Marshal(r)
	if err != nil || string(got) != document(full) {
		t.Errorf("got %s, %v", got, err)
	}
	var back equality.Record
	if err := stdjson.Unmarshal(got, &back); err != nil || diff(r, back) != "" {
		t.Error(err, diff(r, back))
	}
}

func TestDecodeDamaged(t *testing.T) {
	t.Parallel()
	for _, document := range []string{``, `{`, `[]`, `{"disabled":"SECRET"}`, `{"id":"SECRET"}`, `{"nationality":"SECRET"`} {
		_, err := equality.Decode([]byte(document))
		if err == nil {
			t.Errorf("%s: read", document)
		} else if strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: quoted in %q", document, err)
		}
	}
}

func TestFailureCodesAreDistinct(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, c := range equality.FailureCodes() {
		if seen[c.Code] || c.Code == "" || c.Meaning == "" {
			t.Errorf("%q is there twice, or is empty", c.Code)
		}
		seen[c.Code] = true
	}
}

func TestAnswerCodes(t *testing.T) {
	t.Parallel()
	lists, err := refdata.Load()
	if err != nil {
		t.Fatal(err)
	}
	answers, ok := lists.Get(refdata.Answer)
	if !ok {
		t.Fatal("no list of answers")
	}
	for i, code := range answers.Codes {
		if got := []equality.Answer{equality.Yes, equality.No, equality.PreferNotToSay}[i]; got.String() != code.Code {
			t.Errorf("got %s, the list has %s", got, code.Code)
		}
	}
	if equality.NotAsked.String() != "" {
		t.Error("not asked is a code")
	}
}
