package httpapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"equality-information-api/api"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

// parsePackage parses the files of a folder, except its tests.
func parsePackage(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), dir+"/"+e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// described is an operation in the contract.
type described struct {
	ID         string `yaml:"operationId"`
	Permission any    `yaml:"x-permission"`
	Security   *[]any `yaml:"security"` // empty if no token is needed
	Parameters []struct {
		Ref  string `yaml:"$ref"`
		Name string `yaml:"name"`
		In   string `yaml:"in"`
	} `yaml:"parameters"`
}

// contract returns the contract's operations by method and path, and the names of the query
// parameters that operations share.
func contract(t *testing.T) (operations map[string]described, shared map[string]string) {
	t.Helper()
	var doc struct {
		Paths      map[string]map[string]yaml.Node
		Components struct {
			Parameters map[string]struct{ Name, In string }
		}
	}
	if err := yaml.Unmarshal(api.YAML, &doc); err != nil {
		t.Fatal(err)
	}
	operations = make(map[string]described)
	for path, item := range doc.Paths {
		for method, node := range item {
			if m := strings.ToUpper(method); slices.Contains([]string{"GET", "PUT", "POST", "PATCH", "DELETE"}, m) {
				var d described
				if err := node.Decode(&d); err != nil {
					t.Fatal(err)
				}
				operations[m+" "+path] = d
			}
		}
	}
	shared = make(map[string]string)
	for name, p := range doc.Components.Parameters {
		if p.In == "query" {
			shared["#/components/parameters/"+name] = p.Name
		}
	}
	return operations, shared
}

// permission returns the x-permission of an operation; nil if it is open.
func permission(op service.Operation) any {
	switch {
	case op.Open:
		return nil
	case op.AnyToken:
		return "any valid token"
	case op.When == nil && op.Include == nil:
		return string(op.Action.Permission())
	}
	all := map[string]any{"default": string(op.Action.Permission())}
	if when := make(map[string]any); op.When != nil {
		for parameter, action := range op.When {
			when[parameter] = string(action.Permission())
		}
		all["when"] = when
	}
	if include := make(map[string]any); op.Include != nil {
		for name, permissions := range op.Include {
			var further []any
			for _, p := range permissions {
				further = append(further, string(p))
			}
			include[name] = further
		}
		all["include"] = include
	}
	return all
}

func TestOperationsAreTheContracts(t *testing.T) {
	t.Parallel()
	operations, shared := contract(t)
	for _, op := range routed() {
		route := op.Method + " " + op.Path
		d, ok := operations[route]
		if !ok {
			t.Errorf("%s (%s) is in internal/service/operations.go but not in api/openapi.yaml, or it is there twice", op.ID, route)
			continue
		}
		delete(operations, route)
		if d.ID != op.ID {
			t.Errorf("%s: the operationId in api/openapi.yaml is %s, in internal/service/operations.go %s", route, d.ID, op.ID)
		}
		if diff := cmp.Diff(permission(op), d.Permission); diff != "" {
			t.Errorf("%s: internal/service/operations.go (-) and x-permission in api/openapi.yaml (+) differ: %s", op.ID, diff)
		}
		if open := d.Security != nil && len(*d.Security) == 0; open != op.Open {
			t.Errorf("%s: api/openapi.yaml asks for no token: %t, internal/service/operations.go: %t", op.ID, open, op.Open)
		}
		var params []string
		for _, p := range d.Parameters {
			if p.In == "query" {
				params = append(params, p.Name)
			} else if name, ok := shared[p.Ref]; ok {
				params = append(params, name)
			}
		}
		slices.Sort(params)
		if diff := cmp.Diff(params, slices.Sorted(slices.Values(endpoints[op.ID].params))); diff != "" {
			t.Errorf("%s: the query parameters of api/openapi.yaml (-) and internal/httpapi/httpapi.go (+) differ: %s", op.ID, diff)
		}
	}
	for route, d := range operations {
		t.Errorf("%s (%s) is in api/openapi.yaml but not in internal/service/operations.go", d.ID, route)
	}
}

func TestOperationsHaveTheirEndpoints(t *testing.T) {
	t.Parallel()
	all := routed()
	for _, op := range all {
		if endpoints[op.ID].handle == nil {
			t.Errorf("%s has no row in endpoints (internal/httpapi/httpapi.go)", op.ID)
		}
		if !strings.HasPrefix(op.Path, "/") || strings.HasSuffix(op.Path, "/") || strings.HasPrefix(op.Path, Prefix) {
			t.Errorf("%s: the path %s does not begin with a slash, or ends with one, or has the prefix that every path has", op.ID, op.Path)
		}
		if strings.HasPrefix(op.Path, "/equality-information") && !op.Restricted() {
			t.Errorf("%s needs no permission", op.ID)
		}
	}
	if len(endpoints) != len(all) {
		t.Errorf("%d endpoints for %d operations", len(endpoints), len(all))
	}
}

// fake is an API whose handlers say which route was called.
func fake() *API {
	a := &API{gate: gate.New(gate.Options{})}
	var routes []gate.Route
	for _, pattern := range []string{"/thing", "/thing/{id}"} {
		routes = append(routes, gate.Route{Method: "GET", Path: pattern, Serve: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Led-To", pattern+" "+r.PathValue("id"))
		}})
	}
	a.router = a.newRouter(routes)
	return a
}

func TestPaths(t *testing.T) {
	t.Parallel()
	a := fake()
	for target, want := range map[string]string{
		"/thing": "/thing ", "/thing/": "/thing ", "/thing?a=b": "/thing ",
		"/thing/1": "/thing/{id} 1", "/thing/1/": "/thing/{id} 1", "/api/v1/thing/1/": "/thing/{id} 1",
		"/api/v1/thing": "/thing ", "/api/v1/thing/": "/thing ", "/thing/a..b": "/thing/{id} a..b", "/thing/%20": "/thing/{id}  ",
		"/thing/api": "/thing/{id} api", "http://host.example/thing": "/thing ",
		"/": "", "/api/v1": "", "/api/v1/": "", "/api": "", "/api/v1thing": "", "/api/v1/api/v1/thing": "", "/API/V1/thing": "", "/Thing": "",
		"//thing": "", "/thing//": "", "/thing//1": "", "/api//v1/thing": "", "/api/v1//thing": "",
		"/thing/.": "", "/thing/..": "", "/thing/../thing": "", "/x/../thing": "", "/./thing": "", "/api/v1/../v1/thing": "",
		"/thing/%2e%2e/thing": "", "/thing/%2E": "", "/thing/a%2Fb": "", "/thing/a%2fb": "", "/thing%2F1": "", "/thing%2f": "", "/thing/1/2": "",
		"/thing/%2e": "", "/%2fthing": "", "/thing/%2F": "", "/thing/%2D%2F": "", "/thing/1%2": "?", "/thing/%252e%252e": "/thing/{id} %2e%2e",
		"/%74hing": "/thing ", "/thing/a%2Db": "/thing/{id} a-b", "/thing/a%2db/": "/thing/{id} a-b", "/api%2Fv1/thing": "", "/ap%69/v1/thing": "/thing ", "http://host.example": "",
		"/thing/\xff": "",
	} {
		r, err := http.NewRequest(http.MethodGet, target, nil)
		if want == "?" { // net/http does not take it
			if err == nil {
				t.Errorf("%s is a path", target)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		r.RequestURI = target
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if got := w.Header().Get("Led-To"); got != want {
			t.Errorf("%s leads to %q, want %q", target, got, want)
		}
		if led := want != ""; led && w.Code != 200 || !led && (w.Code != 404 || w.Header().Get("Content-Type") != "application/problem+json") {
			t.Errorf("%s: %d %v", target, w.Code, w.Header())
		}
		if location := w.Header().Get("Location"); location != "" {
			t.Errorf("%s redirects to %s", target, location)
		}
		if r.URL.RequestURI() == "" || r.RequestURI != target {
			t.Errorf("%s: the request itself was changed", target)
		}
	}
}

// FuzzPath checks that only paths of the table lead to a handler, however they are written:
// none with a dot segment, an empty segment or an encoded slash.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"/thing/1", "/thing/%2e%2e/thing", "/thing/a%2Fb", "/%74hing", "//thing", "/thing/.%2e", "/thing/%5c", "/api/v1/thing/%00"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		target, err := url.ParseRequestURI(sent)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		fake().ServeHTTP(w, (&http.Request{Method: "GET", URL: target, RequestURI: sent}).WithContext(t.Context()))
		pattern, id, _ := strings.Cut(w.Header().Get("Led-To"), " ")
		switch {
		case w.Code == 404 && pattern == "", w.Code == 200 && pattern == "/thing":
		case w.Code != 200 || pattern != "/thing/{id}" || id == "" || id == "." || id == ".." || strings.Contains(id, "/"):
			t.Errorf("%q: %d leads to %s with %q", sent, w.Code, pattern, id)
		}
	})
}

// A request to the server itself also gets a problem: net/http's mux would send no body.
func TestOptionsOfTheServer(t *testing.T) {
	t.Parallel()
	for _, a := range []*API{fake(), New(Options{Gate: gate.New(gate.Options{})})} {
		r := httptest.NewRequest(http.MethodOptions, "/", nil)
		r.URL.Path, r.RequestURI = "*", "*"
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		var doc gate.ProblemDocument
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != 404 || doc.Instance != "/" {
			t.Errorf("%d %s %v", w.Code, w.Body, err)
		}
	}
}

func TestOtherMethodsAreToldWhichThereAre(t *testing.T) {
	t.Parallel()
	a := New(Options{Gate: gate.New(gate.Options{})})
	want := make(map[string][]string)
	for _, op := range routed() {
		want[op.Path] = append(want[op.Path], op.Method)
		if op.Method == "GET" {
			want[op.Path] = append(want[op.Path], "HEAD")
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		slices.Sort(want[path])
		for _, method := range []string{"DELETE", "PUT", "OPTIONS", "TRACE", "get", "PATCH", "POST"} {
			if slices.Contains(want[path], method) {
				continue
			}
			r := httptest.NewRequest(http.MethodGet, plainPath.Replace(path), nil)
			r.Method = method
			exchange := &server.Exchange{}
			w := httptest.NewRecorder()
			a.ServeHTTP(w, r.WithContext(server.WithExchange(r.Context(), exchange)))
			if allow := w.Header().Get("Allow"); w.Code != 405 || allow != strings.Join(want[path], ", ") {
				t.Errorf("%s %s: %d, Allow: %s", method, path, w.Code, allow)
			}
			if exchange.Route != path || exchange.Problem != api.MethodNotAllowed {
				t.Errorf("%s %s: the log says %+v", method, path, exchange)
			}
		}
	}
}

// A browser may send what the API accepts, but no credentials of its own.
func TestPreflightAllowsWhatThereIs(t *testing.T) {
	t.Parallel()
	const ours = "https://pages.council.example"
	a := New(Options{Gate: gate.New(gate.Options{Origins: []string{ours}})})
	r := httptest.NewRequest(http.MethodOptions, "/", nil)
	r.Header.Set("Origin", ours)
	r.Header.Set("Access-Control-Request-Method", "GET")
	const sent = "authorization,content-type,if-match,traceparent,baggage,sentry-trace"
	r.Header.Set("Access-Control-Request-Headers", sent)
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	methods := []string{"HEAD"}
	for _, op := range routed() {
		methods = append(methods, op.Method)
	}
	slices.Sort(methods)
	allowed := strings.Split(w.Header().Get("Access-Control-Allow-Methods"), ", ")
	slices.Sort(allowed)
	if d := cmp.Diff(slices.Compact(methods), allowed); d != "" {
		t.Errorf("methods: %s", d)
	}
	if headers := w.Header().Get("Access-Control-Allow-Headers"); headers != sent {
		t.Errorf("the headers %s are allowed", headers)
	}
	if got := w.Header().Get("Access-Control-Allow-Credentials"); got != "" {
		t.Errorf("credentials are allowed: %s", got)
	}
}
