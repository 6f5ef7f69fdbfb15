package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestConditionsOfAWrite(t *testing.T) {
	t.Parallel()
	const date = "Mon, 23 Nov 2026 09:30:00 GMT"
	for _, c := range []struct {
		header http.Header
		want   string // the failures
		sent   int
		since  bool
	}{
		{nil, "", 0, false},
		{http.Header{"If-Match": {`"1"`}, "If-None-Match": {"*"}, "If-Unmodified-Since": {date}}, "", 6, true},
		{http.Header{"If-Match": {`, "1",`}}, "", 2, false},
		{http.Header{"If-Match": {"", `"1"`}}, "", 3, false},
		{http.Header{"If-None-Match": {"1"}}, "header.if-none-match", 2, false},
		{http.Header{"If-None-Match": {""}, "If-Match": {","}}, "header.if-match header.if-none-match", 4, false},
		{http.Header{"If-Unmodified-Since": {"yesterday"}}, "", 2, false}, // ignored, RFC 9110, 13.1.4
		{http.Header{"If-Unmodified-Since": {"Monday, 23-Nov-26 09:30:00 GMT"}}, "", 2, true},
		{http.Header{"If-Unmodified-Since": {date, date}}, "header.if-unmodified-since", 3, false},
	} {
		r := httptest.NewRequest(http.MethodPatch, "/", nil)
		r.Header = c.header
		call := newCall(httptest.NewRecorder(), r)
		got := call.conditions()
		if codes(call) != c.want || len(got.Sent) != c.sent || got.IfUnmodifiedSince.IsZero() == c.since {
			t.Errorf("%v: %s %+v", c.header, codes(call), got)
		}
	}
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
			t.Error("a header that was not sent is present")
		}
	}
}
