package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "note the document's hash under its version in testdata/released.json")

// contract is the part of the document that the tests use.
type contract struct {
	OpenAPI string
	Info    struct{ Version string }
	Paths   map[string]map[string]json.RawMessage

	Components struct {
		Responses map[string]response
		Schemas   map[string]struct {
			Properties map[string]struct{ Enum []string }
		}
	}
}

type operation struct {
	OperationID string
	Responses   map[string]response
}

type response struct {
	Ref     string `json:"$ref"`
	Content map[string]struct {
		Schema struct {
			AllOf []struct {
				Ref        string `json:"$ref"`
				Properties struct {
					Type   struct{ Const, Enum any }
					Status struct{ Const int }
				}
			}
		}
	}
}

func parsed(t *testing.T) contract {
	t.Helper()
	var c contract
	if err := json.Unmarshal(JSON(), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// operations calls f for every operation of the document.
func operations(t *testing.T, c contract, f func(name string, o operation)) {
	t.Helper()
	methods := []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}
	for path, item := range c.Paths {
		for method, text := range item {
			if !slices.Contains(methods, method) {
				continue
			}
			var o operation
			if err := json.Unmarshal(text, &o); err != nil {
				t.Fatal(err)
			}
			f(strings.ToUpper(method)+" "+path, o)
		}
	}
}

func TestDocument(t *testing.T) {
	c := parsed(t)
	if !strings.HasPrefix(c.OpenAPI, "3.1.") {
		t.Errorf("openapi is %q, want 3.1", c.OpenAPI)
	}
	if Version() == "" || Version() != c.Info.Version {
		t.Errorf("Version() = %q, info.version is %q", Version(), c.Info.Version)
	}
	if len(c.Paths) == 0 {
		t.Error("there are no paths")
	}
	if first, second := JSON(), JSON(); &first[0] != &second[0] {
		t.Error("JSON converts more than once")
	}
}

// YAML reads an unquoted date as a time, and writes it differently.
func TestDocumentHasNoDates(t *testing.T) {
	var tree any
	if err := yaml.Unmarshal(YAML, &tree); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, node any)
	walk = func(path string, node any) {
		switch node := node.(type) {
		case map[string]any:
			for name, child := range node {
				walk(path+"/"+name, child)
			}
		case []any:
			for i, child := range node {
				walk(path+"/"+strconv.Itoa(i), child)
			}
		case time.Time:
			t.Errorf("openapi.yaml: %s is a date without quotes", path)
		case string, bool, int, float64, nil:
		default:
			t.Errorf("%s is a %T", path, node)
		}
	}
	walk("", tree)
}

func TestOperations(t *testing.T) {
	c := parsed(t)
	seen := map[string]string{}
	operations(t, c, func(name string, o operation) {
		if o.OperationID == "" {
			t.Errorf("openapi.yaml: %s has no operationId", name)
		}
		if other := seen[o.OperationID]; other != "" {
			t.Errorf("openapi.yaml: %s and %s both have the operationId %s", name, other, o.OperationID)
		}
		seen[o.OperationID] = name
		for status, r := range o.Responses {
			if status < "400" {
				continue
			}
			if component, found := strings.CutPrefix(r.Ref, "#/components/responses/"); found {
				r = c.Components.Responses[component]
			}
			if err := checkProblem(status, r); err != nil {
				t.Errorf("openapi.yaml: %s, %s: %v", name, status, err)
			}
		}
	})
}

// checkProblem checks that a response is a problem, and that its types have its
// status.
func checkProblem(status string, r response) error {
	content, ok := r.Content["application/problem+json"]
	if !ok || len(r.Content) != 1 {
		return fmt.Errorf("is not application/problem+json alone")
	}
	all := content.Schema.AllOf
	if len(all) != 2 || all[0].Ref != "#/components/schemas/Problem" {
		return fmt.Errorf("is not the problem schema")
	}
	narrowed := all[1].Properties
	if got := strconv.Itoa(narrowed.Status.Const); got != status {
		return fmt.Errorf("says its status is %s", got)
	}
	types, _ := narrowed.Type.Enum.([]any)
	if narrowed.Type.Const != nil {
		types = append(types, narrowed.Type.Const)
	}
	if len(types) == 0 {
		return fmt.Errorf("names no type")
	}
	for _, kind := range types {
		code := strings.TrimPrefix(fmt.Sprint(kind), ProblemPath)
		if got := strconv.Itoa(Problems[code].Status); got != status {
			return fmt.Errorf("names %s, whose status is %s", code, got)
		}
	}
	return nil
}

func TestProblems(t *testing.T) {
	var codes []string
	for _, p := range ProblemList {
		codes = append(codes, p.Type())
		if p.Status < 400 || p.Status > 599 || p.Title == "" || p.Description == "" || p.Remedy == "" {
			t.Errorf("problems.go: %s lacks a text or has a wrong status", p.Code)
		}
	}
	enum := parsed(t).Components.Schemas["Problem"].Properties["type"].Enum
	slices.Sort(codes)
	slices.Sort(enum)
	if !slices.Equal(codes, enum) {
		t.Errorf("problems.go has                 %q\nopenapi.yaml, schema Problem, has %q", codes, enum)
	}
	if len(Problems) != len(ProblemList) {
		t.Error("problems.go has a code twice")
	}
}

// TestProblemDocs checks that docs/problems.md has a section for each problem,
// in the table's order, with the table's words.
func TestProblemDocs(t *testing.T) {
	text, err := os.ReadFile("../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	heading := regexp.MustCompile(`(?m)^## (.+)$`)
	var got, want []string
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		got = append(got, m[1])
	}
	for _, p := range ProblemList {
		want = append(want, p.Code)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("docs/problems.md has the sections %q\nproblems.go has %q", got, want)
	}
	sections := heading.Split(string(text), -1)[1:]
	for i, p := range ProblemList {
		section := plain(sections[i])
		for _, words := range []string{strconv.Itoa(p.Status) + " " + p.Title, p.Description, p.Remedy} {
			if !strings.Contains(section, plain(words)) {
				t.Errorf("docs/problems.md, section %s, does not say what problems.go says: %q", p.Code, words)
			}
		}
	}
}

// plain returns s without backticks and with single spaces.
func plain(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "`", "")), " ")
}

// TestReleased fails if the document changes and its version does not.
func TestReleased(t *testing.T) {
	const file = "testdata/released.json"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	released := map[string]string{}
	if err := json.Unmarshal(text, &released); err != nil {
		t.Fatal(err)
	}
	hash := fmt.Sprintf("%x", sha256.Sum256(YAML))
	known, ok := released[Version()]
	switch {
	case known == hash:
	case ok:
		t.Errorf("openapi.yaml has changed and its info.version is still %[1]s.\n"+
			"Raise info.version and run: go test ./api -run TestReleased -update\n"+
			"(If no release has had %[1]s yet, take its line out of api/%[2]s instead, and run the same.)", Version(), file)
	case !*update:
		t.Errorf("api/%s does not know version %s.\nRun: go test ./api -run TestReleased -update", file, Version())
	default:
		released[Version()] = hash
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetIndent("", "  ")
		if err := e.Encode(released); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
