package e2e

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"equality-information-api/api"
	"equality-information-api/internal/equality"
)

var (
	linked   = regexp.MustCompile(`(?:src|href|action)="([^"]*)"`)
	external = regexp.MustCompile(`(?i)https?://|src="//|href="//|@import|url\(`)
)

func TestDocumentationComesFromHereAlone(t *testing.T) {
	t.Parallel()
	p := shared(t)
	paths := []string{"/docs"}
	for code := range api.Problems {
		paths = append(paths, api.ProblemPath+code)
	}
	for _, path := range paths {
		r := p.do(t, "GET", path, request{}).want(t, 200)
		policy := r.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("GET %s: the policy lacks %s: %s", path, part, policy)
			}
		}
		if strings.Contains(policy, "http") || strings.Contains(policy, "script-src 'self' 'unsafe") {
			t.Errorf("GET %s: the policy is %s", path, policy)
		}
		if found := external.Find(r.body); found != nil {
			t.Errorf("GET %s has the external address %s", path, found)
		}
		for _, link := range linked.FindAllStringSubmatch(string(r.body), -1) {
			if strings.HasPrefix(link[1], "data:") {
				continue
			}
			if r, err := p.send("GET", link[1], request{}); err != nil || r.status != 200 || len(r.body) == 0 {
				t.Errorf("GET %s leads to %s, which is answered %d (%v)", path, link[1], r.status, err)
			}
		}
	}
}

// Whoever opens the server's address in a browser is led to the documentation; programs get a
// problem.
func TestRootLeadsBrowsersToTheDocumentation(t *testing.T) {
	t.Parallel()
	p := shared(t)
	for accept, status := range map[string]int{
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": 303, "text/html": 303,
		"": 404, "*/*": 404, "application/json": 404, "text/html;q=0": 404, "text/*": 404,
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			r, err := p.send(method, "/", request{headers: map[string]string{"Accept": accept}})
			if err != nil {
				t.Fatal(err)
			}
			switch location := r.header.Get("Location"); {
			case method == "POST" || status == 404:
				if r.status != 404 || location != "" || r.header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s / for %s is answered %d, to %q", method, accept, r.status, location)
				}
			case r.status != 303 || location != "/docs" || len(r.body) > 0 || r.header.Get("X-Frame-Options") == "":
				t.Errorf("%s / for %s is answered %d, to %q", method, accept, r.status, location)
			}
		}
	}
	p.do(t, "GET", "/docs", request{}).want(t, 200)
}

// A page that fills in one fixed key, correlation id or ETag makes the second try fail.
func TestDocumentationFillsInNothingThatIsForOnce(t *testing.T) {
	t.Parallel()
	for name, parameter := range theContract().model.Components.Parameters.FromOldest() {
		fixed := parameter.Example != nil || parameter.Examples.Len() > 0 ||
			parameter.Schema.Schema().Example != nil || len(parameter.Schema.Schema().Examples) > 0
		if fixed && parameter.In == "header" {
			t.Errorf("the contract's parameter %s gives %s a value", name, parameter.Name)
		}
	}
}

// The type of every problem links to a page about it.
func TestEveryProblemHasItsPage(t *testing.T) {
	t.Parallel()
	p := shared(t)
	described := theContract().model.Components.Schemas.GetOrZero("Problem").Schema().Properties.GetOrZero("type").Schema().Enum
	if len(described) != len(api.Problems) {
		t.Errorf("api/openapi.yaml has %d types of problems, api/problems.go %d", len(described), len(api.Problems))
	}
	for _, node := range described {
		problem, ok := api.Problems[strings.TrimPrefix(node.Value, api.ProblemPath)]
		if !ok {
			t.Errorf("api/problems.go does not have the problem %s", node.Value)
			continue
		}
		for _, prefix := range []string{"", "/api/v1"} {
			page := string(p.do(t, "GET", prefix+node.Value, request{}).want(t, 200).body)
			for _, text := range []string{problem.Title, node.Value, "What to do"} {
				if !strings.Contains(page, text) {
					t.Errorf("the page %s lacks %q", node.Value, text)
				}
			}
		}
	}
}

// The codes of failures are stable and are in the docs.
func TestEveryFailureCodeIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := []string{"nino.forbidden", "monitoring.forbidden", "path.id", "path.version", "query.credentials", "header.authorization", "header.content-type", "header.content-encoding", "query.unknown", "query.repeated", "query.syntax", "query.cursor", "query.limit",
		"query.wait", "search.add", "query.targetId", "query.modifiedSince", "query.modifiedBefore", "query.include", "query.includeInactive", "header.if-match", "header.if-none-match", "header.if-unmodified-since",
		"header.idempotency-key", "header.x-change-reason", "header.x-access-purpose"}
	for _, c := range equality.FailureCodes() {
		codes = append(codes, c.Code)
	}
	for _, code := range codes {
		if !strings.Contains(string(text), "`"+code+"`") {
			t.Errorf("docs/problems.md does not mention the code %s", code)
		}
	}
	for _, problem := range api.ProblemList {
		if !strings.Contains(string(text), "\n## "+problem.Code+"\n") {
			t.Errorf("docs/problems.md does not mention the problem %s", problem.Code)
		}
	}
	for _, bad := range badBodies() {
		if !slices.Contains(codes, bad.code) {
			t.Errorf("the code %s is neither in the list above nor in equality.FailureCodes", bad.code)
		}
	}
}
