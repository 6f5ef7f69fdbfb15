package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/httpapi"
)

func TestIfMatchIsEnforced(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	for _, c := range []struct {
		name   string
		values []string
		status int
	}{
		{"the version", []string{`"1"`}, 200},
		{"any", []string{"*"}, 200},
		{"a list with the version", []string{`"7", "1"`}, 200},
		{"a list without blanks", []string{`"7","1"`}, 200},
		{"a list in two headers", []string{`"7"`, `"1"`}, 200},
		{"a list with the version weak and strong", []string{`W/"1", "1"`}, 200},
		{"the version, weak, as a proxy passes it on", []string{`W/"1"`}, 200},
		{"the version, compressed by a proxy", []string{`"1-gzip"`}, 200},
		{"the version, compressed otherwise and weak", []string{`W/"1-br"`}, 200},
		{"a list with empty elements", []string{`, "1",`}, 200},
		{"a list with more of them, in two headers", []string{`,, "7" ,`, ` , "1"`}, 200},
		{"another version, weak", []string{`W/"0"`}, 412},
		{"another version, compressed", []string{`"0-gzip"`}, 412},
		{"marked by nobody we know", []string{`"1-zebra"`}, 412},
		{"an older version", []string{`"0"`}, 412},
		{"a version to come", []string{`"2"`}, 412},
		{"the version, written otherwise", []string{`"01"`}, 412},
		{"something else", []string{`"zebra"`}, 412},
		{"the empty tag", []string{`""`}, 412},
		{"a list without the version", []string{`"0", "2"`}, 412},
		{"empty", []string{""}, 400},
		{"blank", []string{"  "}, 400},
		{"without quotes", []string{"1"}, 400},
		{"without the last quote", []string{`"1`}, 400},
		{"any in a list", []string{`*, "1"`}, 400},
		{"a quote in the tag", []string{`"1""`}, 400},
		{"weak in small letters", []string{`w/"1"`}, 400},
		{"a list with a gap", []string{`"7" "1"`}, 400},
		{"a comma alone", []string{","}, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := p.create(t, officer, `"nationality":"british"`)
			p.patch(t, officer, m, `{"disabled":true}`).want(t, 200)
			r := p.do(t, "PATCH", m.path(), request{
				token: officer, body: []byte(`{"disabled":false}`), values: http.Header{"If-Match": c.values},
			})
			after := p.record(t, officer, m)["disabled"]
			switch c.status {
			case 200:
				if r.want(t, 200); r.header.Get("ETag") != `"2"` || after != false {
					t.Errorf("the ETag is %s and disabled is %v", r.header.Get("ETag"), after)
				}
			case 412:
				told := r.problem(t, 412, "version-mismatch")
				if r.header.Get("ETag") != `"1"` || after != true {
					t.Errorf("the ETag is %s and disabled is %v", r.header.Get("ETag"), after)
				}
				if c.name == "an older version" || c.name == "another version, weak" || c.name == "another version, compressed" {
					same(t, told.ChangedMembers, []string{"disabled"})
				}
			case 400:
				if r.failed(t, "", "header.if-match"); after != true {
					t.Errorf("disabled is %v", after)
				}
			}
		})
	}
	p.do(t, "PATCH", records+"/"+uuid.NewString(), request{token: officer, body: []byte(`{}`), headers: map[string]string{"If-Match": "*"}}).
		problem(t, 404, "not-found")
}

func TestChangedMembersAreThoseSinceTheVersion(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"gender":{"genderValue":"f"},"nationality":"british","armedForces":"preferNotToSay"`)
	p.patch(t, officer, m, `{"gender":{"genderDifferentToBirthSex":true}}`).want(t, 200)
	p.patch(t, officer, m, `{"armedForces":null,"disabled":true}`).want(t, 200)
	p.patch(t, officer, m, `{"disabled":null}`).want(t, 200)
	for since, changed := range map[string][]string{
		`"0"`: {"gender", "armedForces"}, `"1"`: {"armedForces"}, `"2"`: {"disabled"},
		`"0", "1"`: nil, `"9"`: nil, `W/"0"`: {"gender", "armedForces"}, `"1-gzip"`: {"armedForces"}, `, "2" ,`: {"disabled"},
	} {
		r := p.do(t, "PATCH", m.path(), request{token: officer, body: []byte(`{"nationality":null}`), headers: map[string]string{"If-Match": since}})
		same(t, r.problem(t, 412, "version-mismatch").ChangedMembers, changed)
	}
}

func TestServerMayDemandIfMatch(t *testing.T) {
	t.Parallel()
	p := start(t, "--require-if-match")
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	p.patch(t, officer, m, `{"disabled":true}`).problem(t, 428, "precondition-required")
	p.patch(t, officer, made{id: uuid.NewString()}, `{"disabled":true}`).problem(t, 404, "not-found")
	p.do(t, "PATCH", m.path(), request{token: officer, body: []byte(`{"disabled":true}`), headers: map[string]string{"If-Match": `"0"`}}).want(t, 200)
}

func TestIfNoneMatchAnswersNotModified(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"disabled":true`)
	p.patch(t, officer, m, `{"disabled":false}`).want(t, 200)
	paths := []string{m.path(), records + "/" + m.target, records + "?targetId=" + m.target}
	for sent, status := range map[string]int{
		`"1"`: 304, `W/"1"`: 304, `*`: 304, `"0", "1"`: 304, `"1-gzip"`: 304, `W/"1-zstd"`: 304, `, "1",`: 304, `"0-gzip"`: 200, `"0"`: 200, `"01"`: 200, `"zebra"`: 200,
		`1`: 400, `"1`: 400, `*, "1"`: 400, ` `: 400,
	} {
		for _, method := range []string{"GET", "HEAD"} {
			for _, path := range paths {
				r := p.do(t, method, path, request{token: officer, values: http.Header{"If-None-Match": {sent}}})
				if r.status != status {
					t.Errorf("%s with If-None-Match: %s is answered %d, want %d", method, sent, r.status, status)
				}
				if status != 400 && r.header.Get("ETag") != `"1"` {
					t.Errorf("%d comes with the ETag %s", r.status, r.header.Get("ETag"))
				}
				if status == 304 && (len(r.body) > 0 || r.header.Get("Content-Type") != "") {
					t.Errorf("304 has a body or a Content-Type: %s", r.body)
				}
			}
		}
	}
}

// A list has no ETag, but whoever sends it one that is none is told so.
func TestAMalformedConditionOfAListIsRefused(t *testing.T) {
	t.Parallel()
	p := shared(t)
	support := p.token(t, "support")
	for sent, status := range map[string]int{`"1"`: 200, `1`: 400, ``: 400} {
		p.do(t, "GET", records+"?limit=1", request{token: support, values: http.Header{"If-None-Match": {sent}}}).want(t, status)
	}
}

// The other conditions of RFC 9110 (13.2.2) are not passed over on writes.
func TestConditionsOfWritesAreEvaluated(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer, governance := p.token(t, "officer"), p.token(t, "governance")
	m := p.create(t, officer, `"disabled":true`)
	now, long := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), "Mon, 02 Mar 2020 10:00:00 GMT"
	exactly := p.do(t, "GET", m.path(), request{token: officer}).header.Get("Last-Modified")
	const none, since, match = "If-None-Match", "If-Unmodified-Since", "If-Match"
	for _, c := range []struct {
		headers           map[string]string
		patch, post, free int // the status for a change, for a second create, for the first of another person
	}{
		{map[string]string{none: "*"}, 412, 412, 201},
		{map[string]string{none: `"0"`}, 412, 412, 201},
		{map[string]string{none: `W/"0-gzip", "7"`}, 412, 412, 201},
		{map[string]string{none: `"7"`}, 200, 409, 201},
		{map[string]string{none: `7`}, 400, 400, 400},
		{map[string]string{none: `,`}, 400, 400, 400},
		{map[string]string{since: now}, 200, 412, 201},
		{map[string]string{since: exactly}, 200, 412, 201},
		{map[string]string{since: long}, 412, 412, 201},
		{map[string]string{since: "2020-03-02T10:00:00Z"}, 200, 409, 201}, // not a date of HTTP's
		{map[string]string{since: long, match: `"0"`}, 200, 412, 412},     // If-Match is exact
		{map[string]string{match: `"7"`}, 412, 412, 412},
		{map[string]string{match: `*`}, 200, 412, 412},
		{map[string]string{match: `7`}, 400, 400, 400},
	} {
		target := uuid.NewString()
		for what, r := range map[string]response{
			"PATCH":       p.do(t, "PATCH", m.path(), request{token: officer, body: []byte(`{"disabled":true}`), headers: c.headers}),
			"second POST": p.do(t, "POST", records, request{token: officer, body: body(m.target, ""), headers: c.headers}),
			"POST":        p.do(t, "POST", records+"/"+target, request{token: officer, body: body(target, ""), headers: c.headers}),
		} {
			want := map[string]int{"PATCH": c.patch, "second POST": c.post, "POST": c.free}[what]
			if r.status != want {
				t.Errorf("%s with %v is answered %d, want %d: %s", what, c.headers, r.status, want, r.body)
			}
			// What is to be created has no version.
			if tag := r.header.Get("ETag"); r.status == 412 && (tag == `"0"`) == (what != "PATCH" && c.headers[match] != "") {
				t.Errorf("%s with %v: the ETag of the 412 is %s", what, c.headers, tag)
			}
		}
	}
	for _, headers := range []map[string]string{{since: long}, {none: "*"}, {none: `W/"0"`}, {match: `"1"`}} {
		p.do(t, "DELETE", m.path()+"?reason=person-request", request{token: governance, headers: headers}).problem(t, 412, "version-mismatch")
	}
	for name, values := range map[string][]string{since: {long, now}, none: {"0"}} {
		p.do(t, "DELETE", m.path()+"?reason=person-request", request{token: governance, values: http.Header{name: values}}).failed(t, "", "header."+strings.ToLower(name))
	}
	same(t, without(p.record(t, officer, m)), object(t, `{"disabled":true}`))
}

func TestLastModifiedIsTheVersions(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"disabled":true`)
	first := p.do(t, "GET", m.path(), request{token: officer}).header.Get("Last-Modified")
	if _, err := http.ParseTime(first); err != nil {
		t.Error(err)
	}
	p.patch(t, officer, m, `{"disabled":false}`)
	if again := p.do(t, "GET", m.path()+"/history/0", request{token: officer}).header.Get("Last-Modified"); again != first {
		t.Errorf("version 0 was last modified %s, when it was the current one %s", again, first)
	}
}

// HEAD has the same status and headers as GET and no body, wherever GET is supported.
func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	p := shared(t)
	everybody := p.token(t, "officer", "service", "governance", "support")
	m := p.create(t, everybody, `"disabled":true`)
	paths := []string{"/none", records + "?limit=0", records + "/" + uuid.NewString(), records + "?targetId=" + m.target}
	for _, route := range httpapi.Routes() {
		if method, path, _ := strings.Cut(route, " "); method == "GET" {
			paths = append(paths, placeholders.Replace(strings.ReplaceAll(path, "{id}", m.id)))
		}
	}
	for _, path := range paths {
		for _, token := range []string{everybody, ""} {
			get := p.do(t, "GET", path, request{token: token})
			head := p.do(t, "HEAD", path, request{token: token})
			if head.status != get.status || len(head.body) > 0 {
				t.Errorf("HEAD %s is answered %d with %d bytes, GET %d", path, head.status, len(head.body), get.status)
			}
			for _, h := range []http.Header{get.header, head.header} {
				for _, own := range []string{"Date", "X-Correlation-Id"} {
					h.Del(own)
				}
			}
			if !slices.Contains([]string{"/events", records}, path) { // the cursors differ, but not their length
				same(t, head.header, get.header)
			}
		}
	}
}
