package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"equality-information-api/internal/httpapi"
)

// placeholders are values for the parameters in a path.
var placeholders = strings.NewReplacer("{id}", "45b919fa-22b4-11ec-9621-0242ac130002", "{version}", "0",
	"{list}", "gender", "{code}", "not-found", "{file}", "docs.js")

// operations are the methods and paths of the document, as "GET /livez".
func (c *contract) operations() []string {
	var all []string
	for path, item := range c.model.Paths.PathItems.FromOldest() {
		for method := range item.GetOperations().FromOldest() {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	return all
}

func TestContractAndServerHaveTheSameOperations(t *testing.T) {
	t.Parallel()
	described, served := theContract().operations(), httpapi.Routes()
	for _, operation := range described {
		if !slices.Contains(served, operation) {
			t.Errorf("%s is in api/openapi.yaml, but internal/httpapi does not have the route", operation)
		}
	}
	for _, operation := range served {
		if !slices.Contains(described, operation) {
			t.Errorf("%s is a route of internal/httpapi, but not in api/openapi.yaml", operation)
		}
	}
}

func TestEveryOperationIsServedUnderBothPrefixes(t *testing.T) {
	t.Parallel()
	p := shared(t)
	for _, operation := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(theContract().operations(), httpapi.Routes())))) {
		method, path, _ := strings.Cut(operation, " ")
		path = placeholders.Replace(path)
		for _, prefix := range []string{"", httpapi.Prefix} {
			for _, slash := range []string{"", "/"} {
				r, err := p.send(method, prefix+path+slash, request{})
				if err != nil {
					t.Fatal(err)
				}
				if r.status != http.StatusOK && r.status != http.StatusUnauthorized {
					t.Errorf("%s %s%s%s is answered %d, want 200 or, without a token, 401", method, prefix, path, slash, r.status)
				}
			}
		}
	}
}

// Every response is validated, so a validator that accepts everything would make all other
// tests useless.
func TestValidatorRefusesAnswersThatBreakTheContract(t *testing.T) {
	t.Parallel()
	seed, err := os.ReadFile("../examples/seed.json")
	if err != nil {
		t.Fatal(err)
	}
	const path = "/equality-information/45b919fa-22b4-11ec-9621-0242ac130002"
	good := response{http.StatusOK, http.Header{
		"Content-Type": {"application/json"}, "Etag": {`"0"`}, "Last-Modified": {"Mon, 02 Mar 2026 10:00:00 GMT"},
		"Cache-Control": {"no-store"}, "X-Correlation-Id": {"6f0d0b1e-2f5a-4a0e-9c55-1d6f2f6f0a11"},
	}, seed}
	with := func(name, value string) response {
		r := response{good.status, maps.Clone(good.header), good.body}
		if r.header.Set(name, value); value == "" {
			r.header.Del(name)
		}
		return r
	}
	token := request{token: "token"}
	if err := theContract().check("GET", path, token, good); err != nil {
		t.Errorf("an answer that keeps the contract is refused: %v", err)
	}
	for _, bad := range []struct {
		name, method, path string
		request            request
		response           response
	}{
		{"a member is missing", "GET", path, token, response{200, good.header, []byte(`{"id":"45b919fa-22b4-11ec-9621-0242ac130002"}`)}},
		{"a member is unknown", "GET", path, token, response{200, good.header, []byte(strings.Replace(string(seed), `"disabled"`, `"able"`, 1))}},
		{"a member is null", "GET", path, token, response{200, good.header, []byte(strings.Replace(string(seed), `"british"`, `null`, 1))}},
		{"not JSON", "GET", path, token, response{200, good.header, []byte(`{`)}},
		{"no ETag", "GET", path, token, with("ETag", "")},
		{"an ETag without quotes", "GET", path, token, with("ETag", "0")},
		{"an answer that caches may keep", "GET", path, token, with("Cache-Control", "public")},
		{"no correlation id", "GET", path, token, with("X-Correlation-Id", "")},
		{"another media type", "GET", path, token, with("Content-Type", "text/plain")},
		{"a status that is not described", "GET", path, token, response{418, good.header, seed}},
		{"success without a token", "GET", path, request{}, good},
		{"success for an unknown header value", "GET", path, request{token: "token", headers: map[string]string{"X-Access-Purpose": "nosiness"}}, good},
		{"success for a malformed id", "GET", records + "/1", token, good},
		{"HEAD without an ETag", "HEAD", path, token, response{200, with("ETag", "").header, nil}},
		{"HEAD with a body", "HEAD", path, token, good},
		{"a 404 of a path that is not described, without a problem", "GET", "/none", token, response{404, good.header, seed}},
		{"an internal error", "GET", path, token, response{500, good.header, nil}},
	} {
		t.Run(bad.name, func(t *testing.T) {
			if theContract().check(bad.method, bad.path, bad.request, bad.response) == nil {
				t.Error("the validator finds nothing wrong")
			}
		})
	}
}

func TestContractIsServedAsItWasWritten(t *testing.T) {
	t.Parallel()
	written := theContract().text
	p := shared(t)
	if r := p.do(t, "GET", "/openapi.yaml", request{}).want(t, 200); string(r.body) != string(written) {
		t.Error("GET /openapi.yaml is not the document as it was written")
	}
	if out, _, _ := runCommand(t, "openapi"); out != string(written) {
		t.Error("equality-api openapi does not print the document as it was written")
	}
	var document any
	if err := yaml.Unmarshal(written, &document); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	same(t, p.do(t, "GET", "/openapi.json", request{}).want(t, 200).document(t), object(t, string(text)))
}
