package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

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
