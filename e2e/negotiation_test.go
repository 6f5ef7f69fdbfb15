package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestAcceptMustLeaveRoomForJSON(t *testing.T) {
	t.Parallel()
	p := start(t)
	everybody := p.token(t, "officer", "service", "governance")
	m := p.create(t, everybody, `"disabled":true`)
	for _, c := range []struct {
		accept []string
		ok     bool
	}{
		{nil, true}, {[]string{""}, true}, {[]string{"*/*"}, true}, {[]string{"application/json"}, true}, {[]string{"application/*"}, true},
		{[]string{"APPLICATION/JSON"}, true}, {[]string{"application/json; charset=utf-8"}, true}, {[]string{"application/json;q=0.1"}, true},
		{[]string{"text/html, application/xhtml+xml, */*;q=0.8"}, true}, {[]string{"text/html", "application/json"}, true},
		{[]string{"text/html"}, false}, {[]string{"text/*"}, false}, {[]string{"application/xml"}, false}, {[]string{"application/json;q=0"}, false},
		{[]string{"application/json;q=0, */*"}, false}, {[]string{"application/problem+json"}, false}, {[]string{"zebra"}, false},
		{[]string{"text/html", "image/png;q=0.5"}, false},
	} {
		t.Run(strings.Join(c.accept, " and "), func(t *testing.T) {
			for method, paths := range map[string][]string{
				"GET":   {m.path(), records, records + "?targetId=" + m.target, m.path() + "/history", m.path() + "/history/0", "/events", "/reference-data", "/reference-data/gender"},
				"PATCH": {m.path()}, "POST": {records},
			} {
				for _, path := range paths {
					o := request{token: everybody, values: http.Header{"Accept": c.accept}}
					if method != "GET" {
						o.body = body(m.target, "")
					}
					r := p.do(t, method, path, o)
					if got := r.status != http.StatusNotAcceptable; got != c.ok {
						t.Errorf("%s %s is answered %d", method, path, r.status)
					}
					if !c.ok {
						r.problem(t, 406, "not-acceptable")
					}
				}
			}
		})
	}
}

func TestContentTypeMustBeJSON(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	for _, c := range []struct {
		kind, encoding string
		post, patch    bool
	}{
		{"application/json", "", true, true}, {"application/json; charset=utf-8", "", true, true}, {"Application/JSON;charset=UTF-8", "", true, true},
		{"application/json; charset=utf8", "", true, true}, {`application/json; charset="UTF-8"`, "", true, true}, {"application/json;charset=UTF8", "", true, true},
		{"application/json", "identity", true, true}, {"application/json", "Identity", true, true}, {"application/json", "identity, gzip", false, false},
		{"application/merge-patch+json", "", false, true}, {"application/merge-patch+json; charset=utf-8", "", false, true},
		{"", "", false, false}, {"text/plain", "", false, false}, {"application/json-patch+json", "", false, false},
		{"application/x-www-form-urlencoded", "", false, false}, {"application/json; charset=iso-8859-1", "", false, false},
		{"application/json; charset=utf-16", "", false, false}, {"application/*", "", false, false}, {"json", "", false, false},
		{"application/json", "gzip", false, false}, {"application/json", "zebra", false, false}, {"application/json, text/plain", "", false, false},
	} {
		t.Run(c.kind+" "+c.encoding, func(t *testing.T) {
			for method, ok := range map[string]bool{"POST": c.post, "PATCH": c.patch} {
				path, status := m.path(), 200
				o := request{token: officer, body: []byte(`{"disabled":true}`), headers: map[string]string{"Content-Type": c.kind, "Content-Encoding": c.encoding}}
				if method == "POST" {
					path, status, o.body = records, 201, body(uuid.NewString(), "")
				}
				if r := p.do(t, method, path, o); ok {
					r.want(t, status)
				} else {
					r.problem(t, 415, "unsupported-media-type")
				}
			}
		})
	}
}

func TestBodyMayHave64KiB(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	const most = 64 << 10
	m := p.create(t, officer, "")
	padded := func(b []byte, n int) []byte { return append(b, bytes.Repeat([]byte(" "), n-len(b))...) }
	p.do(t, "POST", records, request{token: officer, body: padded(body(uuid.NewString(), ""), most)}).want(t, 201)
	p.do(t, "PATCH", m.path(), request{token: officer, body: padded([]byte(`{"disabled":true}`), most)}).want(t, 200)
	p.do(t, "POST", records, request{token: officer, body: padded(body(uuid.NewString(), ""), most+1)}).problem(t, 413, "too-large")
	p.do(t, "PATCH", m.path(), request{token: officer, body: padded([]byte(`{"disabled":false}`), most+1)}).problem(t, 413, "too-large")
	p.do(t, "PATCH", m.path(), request{token: officer, body: padded([]byte(`{"disabled":false}`), 20*most)}).problem(t, 413, "too-large")

	// The same for a body without a known length.
	for size, status := range map[int]int{most: 200, most + 1: 413} {
		sent, err := http.NewRequest("PATCH", p.url+m.path(), io.MultiReader(bytes.NewReader(padded([]byte(`{"disabled":true}`), size))))
		if err != nil {
			t.Fatal(err)
		}
		sent.Header = request{token: officer, body: []byte{}}.header()
		r, err := p.client.Do(sent)
		if err != nil {
			t.Fatal(err)
		}
		if r.Body.Close(); r.StatusCode != status {
			t.Errorf("a chunked body of %d bytes is answered %d, want %d", size, r.StatusCode, status)
		}
	}
	if got := p.record(t, officer, m)["disabled"]; got != true {
		t.Errorf("after refused bodies disabled is %v", got)
	}
}

func TestBodyMayNestEightDeep(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	for inner, ok := range map[int]bool{7: true, 8: false, 5000: false} {
		for _, brackets := range []string{"[]", "{}"} {
			value := strings.Repeat("[", inner) + strings.Repeat("]", inner)
			if brackets == "{}" {
				value = strings.Repeat(`{"a":`, inner) + "1" + strings.Repeat("}", inner)
			}
			r := p.do(t, "POST", records, request{token: officer, body: body(uuid.NewString(), `"extended":`+value)})
			if ok {
				r.want(t, 201)
			} else if told := r.problem(t, 400, "invalid-body"); len(told.Errors) != 1 || told.Errors[0].Code != "json.depth" {
				t.Errorf("%d deep is refused with %+v", inner+1, told.Errors)
			}
		}
	}
}

func TestUnknownQueryParametersAreRefused(t *testing.T) {
	t.Parallel()
	p := start(t)
	everybody := p.token(t, "officer", "service", "governance")
	m := p.create(t, everybody, "")
	for _, path := range []string{m.path(), records, m.path() + "/history", m.path() + "/history/0", "/events", "/reference-data",
		"/reference-data/gender", "/livez", "/readyz", "/healthcheck/ping", "/openapi.yaml", "/openapi.json", "/docs", "/docs/problems/conflict"} {
		r := p.do(t, "GET", path+"?surname=zebra", request{token: everybody})
		r.failed(t, "", "query.unknown")
		if text := string(r.body); strings.Contains(text, zebra) || !strings.Contains(text, "surname") {
			t.Errorf("GET %s tells the value, or not the name: %s", path, text)
		}
		p.do(t, "GET", path+"?%zz", request{token: everybody}).failed(t, "", "query.syntax")
		p.do(t, "GET", path+"?", request{token: everybody}).want(t, 200)
	}
	for method, path := range map[string]string{"POST": records, "PATCH": m.path()} {
		p.do(t, method, path+"?targetId="+m.target, request{token: everybody, body: []byte("{}")}).failed(t, "", "query.unknown")
	}
	for query, code := range map[string]string{
		"limit=1&limit=2": "query.repeated", "limit=1;limit=2": "query.syntax", "Limit=1": "query.unknown", "ze%20bra=1": "query.unknown",
		url.QueryEscape(strings.Repeat("zebra", 13)) + "=1": "query.unknown", "=1": "query.unknown", "a%00b": "query.unknown",
	} {
		r := p.do(t, "GET", records+"?"+query, request{token: everybody})
		if r.failed(t, "", code); strings.Contains(string(r.body), "bra") {
			t.Errorf("?%s is repeated: %s", query, r.body)
		}
	}
}

func TestMalformedIDsAreRefused(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	const id = "45b919fa-22b4-11ec-9621-0242ac130002"
	for name, bad := range map[string]string{
		"in braces": "%7B" + id + "%7D", "a URN": "urn:uuid:" + id, "without dashes": strings.ReplaceAll(id, "-", ""),
		"the zero id": "00000000-0000-0000-0000-000000000000", "no id": "zebra", "too long": id + "0", "other letters": "g" + id[1:],
		"dashes elsewhere": "45b919fa2-2b4-11ec-9621-0242ac130002", "a blank behind it": id + "%20",
	} {
		t.Run(name, func(t *testing.T) {
			for method, paths := range map[string][]string{"GET": {"", "/history", "/history/0"}, "PATCH": {""}, "POST": {""}} {
				for _, rest := range paths {
					o := request{token: officer}
					if method != "GET" {
						o.body = []byte("{}")
					}
					p.do(t, method, records+"/"+bad+rest, o).failed(t, "", "path.id")
				}
			}
			p.do(t, "GET", records+"?targetId="+bad, request{token: officer}).failed(t, "", "query.targetId")
		})
	}
	p.do(t, "GET", records+"?targetId=", request{token: officer}).failed(t, "", "query.targetId")
	for _, version := range []string{"-1", "01", "+1", "1.0", "zebra", "9223372036854775808"} {
		p.do(t, "GET", records+"/"+id+"/history/"+version, request{token: officer}).failed(t, "", "path.version")
	}
}
