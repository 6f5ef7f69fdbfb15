package httpapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"net/http/httptest"
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
)

// parsePackage parses a folder's files, but not its tests.
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

func TestRoutesAreTheContractsPaths(t *testing.T) {
	t.Parallel()
	var contract struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(api.YAML, &contract); err != nil {
		t.Fatal(err)
	}
	var want []string
	for path, item := range contract.Paths {
		for method := range item {
			if m := strings.ToUpper(method); slices.Contains([]string{"GET", "PUT", "POST", "PATCH", "DELETE"}, m) {
				want = append(want, m+" "+path)
			}
		}
	}
	got := Routes()
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the contract (-) and the routes (+) differ: %s", d)
	}
}

func TestEndpointsAreConsistent(t *testing.T) {
	t.Parallel()
	routes := Routes()
	if len(slices.Compact(slices.Sorted(slices.Values(routes)))) != len(endpoints) {
		t.Error("a method and path is there twice")
	}
	for i, e := range endpoints {
		route := routes[i]
		if route != e.method+" "+e.path || e.handler == nil || !strings.HasPrefix(e.path, "/") || strings.HasSuffix(e.path, "/") {
			t.Errorf("%s: %+v", route, e)
		}
		if strings.HasPrefix(e.path, Prefix) {
			t.Errorf("%s has the prefix, which every path has", route)
		}
		if e.open && e.action != nil {
			t.Errorf("%s asks for a permission and for no token", route)
		}
		if (e.method == "POST" || e.method == "PATCH" || e.method == "PUT") != (e.bodies != nil) {
			t.Errorf("%s takes the bodies %v", route, e.bodies)
		}
		if strings.HasPrefix(e.path, "/equality-information") && e.action == nil {
			t.Errorf("%s asks for no permission", route)
		}
	}
}

// fake is an API whose one path says where it was led to.
func fake() *API {
	a := &API{Options: Options{Gate: &gate.Gate{}}, mux: http.NewServeMux()}
	for _, pattern := range []string{"/thing", "/thing/{id}"} {
		a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Led-To", pattern+" "+r.PathValue("id"))
		})
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { newCall(w, r).problem(problem{Code: api.NotFound}) })
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
		"/thing/%2e%2e/thing": "", "/thing/%2E": "", "/thing/a%2Fb": "", "/%74hing": "", "/thing/1/2": "", "http://host.example": "",
		"/thing/\xff": "",
	} {
		r, err := http.NewRequest(http.MethodGet, target, nil)
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

// The server's own request is answered as a problem, too: net/http's mux would answer it without a body.
func TestOptionsOfTheServer(t *testing.T) {
	t.Parallel()
	for _, a := range []*API{fake(), New(Options{Gate: &gate.Gate{}})} {
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
	a := New(Options{Gate: &gate.Gate{}})
	want := make(map[string][]string)
	for _, e := range endpoints {
		want[e.path] = append(want[e.path], e.method)
		if e.method == "GET" {
			want[e.path] = append(want[e.path], "HEAD")
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
