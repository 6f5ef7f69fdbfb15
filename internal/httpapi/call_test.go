package httpapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"equality-information-api/api"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/service"
)

// asked returns a call with a query.
func asked(query string) *call {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL.RawQuery = query
	return newCall(httptest.NewRecorder(), r)
}

// codes returns the codes of a call's errors.
func codes(c *call) string {
	var out []string
	for _, f := range c.invalid.Failures {
		out = append(out, f.Code)
	}
	return strings.Join(out, " ")
}

func TestAcceptsJSON(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"":                                       true,
		" , ":                                    true,
		"*/*":                                    true,
		"application/*":                          true,
		"application/json":                       true,
		"APPLICATION/JSON":                       true,
		"application/json; charset=utf-8":        true,
		"text/html, application/json":            true,
		"text/html,*/*;q=0.1":                    true,
		"text/html":                              false,
		"application/problem+json":               false,
		"application/jsonp":                      false,
		"application/json;q=0":                   false,
		"application/json;q=0.0":                 false,
		"application/json;q=0, */*":              false, // the more specific range applies
		"*/*, application/json;q=0":              false,
		"application/*;q=0, application/json":    true,
		"*/*;q=0, application/*":                 true,
		"application/*;q=0, */*":                 false,
		"application/json;q=0, application/json": true,
		"application/json;q=NaN":                 false,
		"application/json;q=x":                   true,
		"json":                                   false,
		";;;":                                    false,
		"text/html;level=\"1":                    false,
	} {
		if got := acceptsJSON([]string{accept}); got != want {
			t.Errorf("%q: %t", accept, got)
		}
	}
	if !acceptsJSON(nil) || !acceptsJSON([]string{"text/html", "application/json"}) || acceptsJSON([]string{"text/html", ""}) {
		t.Error("several headers, or none, are not read as one list")
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]int{
		"": 100, "limit=1": 1, "limit=1000": 1000, "limit=%31": 1, "other=5": 100,
		"limit=": -1, "limit=0": -1, "limit=1001": -1, "limit=-1": -1, "limit=%2B5": -1, "limit=05": -1, "limit=5.0": -1,
		"limit=5+": -1, "limit=1e2": -1, "limit=0x5": -1, "limit=1_0": -1, "limit=99999999999999999999": -1, "limit=%D9%A5": -1,
	} {
		c := asked(query)
		got := c.number("limit", 100, 1, 1000)
		if bad := codes(c); want < 0 && (bad != "query.limit" || got != 100) || want >= 0 && (bad != "" || got != want) {
			t.Errorf("%s: %d %s", query, got, bad)
		}
	}
}

func TestNumberTakesEveryNumberWithinItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int().Draw(t, "n")
		c := asked("n=" + strconv.Itoa(n))
		got, ok := c.number("n", 0, -1000, 1000), codes(c) == ""
		if ok != (n >= -1000 && n <= 1000) || ok && got != n {
			t.Errorf("%d: %d %t", n, got, ok)
		}
	})
}

func TestTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-11-23T09:30:00Z":             "2026-11-23T09:30:00Z",
		"2026-11-23T09:30:00.123456Z":      "2026-11-23T09:30:00.123456Z",
		"2026-11-23T09:30:00.1234561Z":     "2026-11-23T09:30:00.123457Z",
		"2026-11-23T09:30:00+02:00":        "2026-11-23T07:30:00Z",
		"1969-12-31T23:59:59.9999999Z":     "1970-01-01T00:00:00Z",
		"0001-01-01T00:00:00.000001Z":      "0001-01-01T00:00:00.000001Z",
		"":                                 "",
		"2026-11-23":                       "",
		"2026-11-23 09:30:00Z":             "",
		"2026-11-23T09:30:00":              "",
		"2026-11-23T9:30:00Z":              "",
		"2026-11-23T09:30:00,5Z":           "",
		"2026-02-30T09:30:00Z":             "",
		"2026-11-23T24:00:00Z":             "",
		"2026-11-23T09:30:00+25:00":        "",
		"0000-01-01T00:00:00Z":             "",
		"0001-01-01T00:00:00Z":             "", // the program's zero time
		"10000-01-01T00:00:00Z":            "",
		"9999-12-31T23:59:59.99999999999Z": "",
		"now":                              "",
		"1790000000":                       "",
	} {
		c := asked(url.Values{"modifiedSince": {text}}.Encode())
		got := c.time("modifiedSince")
		if want == "" {
			if !got.IsZero() || codes(c) != "query.modifiedSince" {
				t.Errorf("%s: %v %q", text, got, codes(c))
			}
		} else if got.Format(time.RFC3339Nano) != want || codes(c) != "" {
			t.Errorf("%s: %v %q, want %s", text, got, codes(c), want)
		}
	}
	if c := asked(""); !c.time("modifiedSince").IsZero() || codes(c) != "" {
		t.Error("a time that was not sent is refused")
	}
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{"2026-11-23T09:30:00Z", "2026-11-23T09:30:00.9999999+01:00", "0001-01-01T00:00:00Z", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := asked(url.Values{"t": {text}}.Encode())
		got := c.time("t")
		if ok := codes(c) == ""; ok == got.IsZero() || got.Location() != time.UTC || !got.Equal(got.Truncate(time.Microsecond)) {
			t.Errorf("%q: %v %s", text, got, codes(c))
		}
	})
}

func TestQuery(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                     "",
		"a=1":                  "",
		"a=1&b=":               "",
		"a=1&a=2":              "query.repeated",
		"a=1&a=1":              "query.repeated",
		"A=1":                  "query.unknown",
		"c=1&d=2":              "query.unknown query.unknown",
		"access_token=x":       "query.unknown",
		"a;b":                  "query.syntax",
		"a=%zz":                "query.syntax",
		"=1":                   "query.unknown",
		"%3Cscript%3E=1&a=2&a": "query.unknown query.repeated",
	} {
		c := asked(query)
		c.checkQuery([]string{"a", "b"})
		if got := codes(c); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		for _, f := range c.invalid.Failures {
			if strings.ContainsAny(f.Message, "<%") {
				t.Errorf("%s: %s", query, f.Message)
			}
		}
	}
}

func TestFailuresAreCountedFromTheHundredAndFirst(t *testing.T) {
	t.Parallel()
	var query strings.Builder
	for i := range 250 {
		query.WriteString("q" + strconv.Itoa(i) + "&")
	}
	c := asked(strings.TrimSuffix(query.String(), "&"))
	c.checkQuery(nil)
	if len(c.invalid.Failures) != 100 || c.invalid.Omitted != 150 {
		t.Errorf("%d failures and %d more", len(c.invalid.Failures), c.invalid.Omitted)
	}
}

// lax and strict are APIs that do not require a purpose, and do.
var (
	lax    = &API{gate: gate.New(gate.Options{})}
	strict = &API{gate: gate.New(gate.Options{RequirePurpose: true})}
)

func TestHeadersOfAWrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header string
		values []string
		want   string
	}{
		{"Idempotency-Key", nil, ""},
		{"Idempotency-Key", []string{"key"}, ""},
		{"Idempotency-Key", []string{strings.Repeat("k", 255)}, ""},
		{"Idempotency-Key", []string{strings.Repeat("k", 256)}, "header.idempotency-key"},
		{"Idempotency-Key", []string{""}, "header.idempotency-key"},
		{"Idempotency-Key", []string{"a", "b"}, "header.idempotency-key"},
		{"Idempotency-Key", []string{"\xe9"}, "header.idempotency-key"},
		{"Idempotency-Key", []string{"a\tb"}, "header.idempotency-key"},
		{"X-Change-Reason", nil, ""},
		{"X-Change-Reason", []string{"person-request"}, ""},
		{"X-Change-Reason", []string{"Update"}, "header.x-change-reason"},
		{"X-Change-Reason", []string{""}, "header.x-change-reason"},
		{"X-Access-Purpose", nil, ""},
		{"X-Access-Purpose", []string{"monitoring"}, ""},
		{"X-Access-Purpose", []string{"curiosity"}, "header.x-access-purpose"},
		{"X-Access-Purpose", []string{""}, "header.x-access-purpose"},
	} {
		call := asked("")
		if c.values != nil {
			call.r.Header[c.header] = c.values
		}
		lax.checkPurpose(call)
		key, reason := call.idempotencyKey(), call.changeReason()
		if got := codes(call); got != c.want {
			t.Errorf("%s %q: %q", c.header, c.values, got)
		}
		if c.want == "" && c.header == "Idempotency-Key" && key != call.r.Header.Get("Idempotency-Key") {
			t.Errorf("%q is read as %q", c.values, key)
		}
		if c.values == nil && (reason != service.ChangeReasons[0] || key != "") {
			t.Errorf("by default: %q %q", reason, key)
		}
	}
	call := asked("")
	if strict.checkPurpose(call); codes(call) != "header.x-access-purpose" {
		t.Error("a missing purpose was accepted")
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, kind, encoding, body, want string
	}{
		{"JSON", "application/json", "", "{}", ""},
		{"in another case, with a charset", "Application/JSON; Charset=UTF-8", "identity", "{}", ""},
		{"as large as allowed", "application/json", "", strings.Repeat(" ", gate.MaxBody), ""},
		{"too large", "application/json", "", strings.Repeat(" ", gate.MaxBody+1), api.TooLarge},
		{"another type", "text/json", "", "{}", api.UnsupportedMediaType},
		{"of PATCH", "application/merge-patch+json", "", "{}", api.UnsupportedMediaType},
		{"another charset", "application/json; charset=latin1", "", "{}", api.UnsupportedMediaType},
		{"compressed", "application/json", "gzip", "{}", api.UnsupportedMediaType},
		{"no type", "", "", "{}", api.UnsupportedMediaType},
		{"not a type", "application/json; =", "", "{}", api.UnsupportedMediaType},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		r.Header.Set("Content-Encoding", c.encoding)
		call := newCall(httptest.NewRecorder(), r)
		err := call.readBody(bodies[http.MethodPost])
		var p problem
		errors.As(err, &p)
		if p.Code != c.want || err == nil && string(call.body) != c.body {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestPathsIdentifier(t *testing.T) {
	t.Parallel()
	const id = "6b7a1f2e-9c0d-4e5f-8a1b-2c3d4e5f6a7b"
	for value, ok := range map[string]bool{
		id: true, strings.ToUpper(id): true, "{" + id + "}": false, "urn:uuid:" + id: false, strings.ReplaceAll(id, "-", ""): false,
		"00000000-0000-0000-0000-000000000000": false, "": false, "1": false, id + " ": false,
	} {
		c := asked("")
		c.r.SetPathValue("id", value)
		if got := c.id(); ok && got.String() != id || ok != (codes(c) == "") {
			t.Errorf("%q: %s %s", value, got, codes(c))
		}
	}
}

// The errors of a call must never contain what was sent.
func TestFailuresOfACallHoldNoValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		marked := "MARK" + rapid.String().Draw(t, "value")
		c := asked(url.Values{marked + "\x00": {marked}, "limit": {marked}, "t": {marked}, "b": {marked}, "targetId": {marked}}.Encode())
		for _, h := range []string{"Idempotency-Key", "X-Change-Reason", "If-Match"} {
			c.r.Header[h] = []string{marked + "\x00"}
		}
		c.r.Header["X-Access-Purpose"] = []string{marked}
		c.checkQuery([]string{"limit", "t", "b", "targetId"})
		c.number("limit", 1, 1, 2)
		c.time("t")
		c.boolean("b")
		c.parseID("query.targetId", "The id", c.query.Get("targetId"))
		c.changeReason()
		c.idempotencyKey()
		c.condition("If-Match")
		strict.checkPurpose(c)
		if got := codes(c); len(strings.Fields(got)) != 9 {
			t.Errorf("found %s", got)
		}
		for _, f := range c.invalid.Failures {
			if f.Pointer != "" || strings.Contains(f.Code+f.Message, "MARK") {
				t.Errorf("%+v", f)
			}
		}
	})
	if got := shown("a b") + shown("") + shown(strings.Repeat("a", 65)); got != "" || !equality.SafeName("modifiedSince") {
		t.Errorf("shows %q", got)
	}
}

// FuzzAccept checks that a header without JSON in it admits none, and one that asks for
// everything does.
func FuzzAccept(f *testing.F) {
	for _, s := range []string{"", "application/json", "*/*;q=0", "text/html, */*;q=0.1", "application/json;q=NaN", "application/json;q=\"", ",,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		admitted := acceptsJSON([]string{accept})
		blank := strings.TrimFunc(accept, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) == ""
		if lower := strings.ToLower(accept); admitted && !blank && !strings.Contains(lower, "json") && !strings.Contains(lower, "*") {
			t.Errorf("%q admits JSON", accept)
		}
		if two := acceptsJSON([]string{accept, "application/json"}); admitted && !two {
			t.Errorf("%q admits JSON, but not with application/json beside it", accept)
		}
	})
}

// FuzzQuery checks that no failure of a query repeats a value.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"", "limit=1&limit=2", "limit=%zz", "a;b", "limit=9223372036854775808", "%00=1", "cursor=&targetId=x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		const secret = "qzxSecret!"
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = query + "&limit=" + secret + "&" + secret + "=" + secret
		c := newCall(httptest.NewRecorder(), r)
		c.checkQuery(listParams)
		c.number("limit", 100, 1, 1000)
		c.time("modifiedSince")
		c.parseID("query.targetId", "The query parameter targetId", c.query.Get("targetId"))
		if len(c.invalid.Failures) == 0 {
			t.Errorf("%q is not refused", r.URL.RawQuery)
		}
		for _, failure := range c.invalid.Failures {
			if strings.Contains(failure.Message+failure.Code, secret) {
				t.Errorf("%q: %s repeats a value", query, failure.Message)
			}
		}
	})
}
