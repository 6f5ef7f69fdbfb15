package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "equality-information-api"
	wiring = "cmd/equality-api" // which alone imports everything
)

// arrows says which packages of the module a package may import. Data flows
// one way: no surface knows another, only cmd knows the engines, and the
// subject is pure. Surfaces have no row.
var arrows = map[string][]string{
	"api":                    {},
	"internal/refdata":       {},
	"internal/equality":      {"internal/refdata"},
	"internal/directory":     {"internal/equality"},
	"internal/personapi":     {"internal/directory", "internal/equality"},
	"internal/sealing":       {},
	"internal/audit":         {"internal/sealing"},
	"internal/identity":      {},
	"internal/config":        {},
	"internal/server":        {},
	"internal/events":        {},
	"internal/store":         {"internal/audit", "internal/equality", "internal/events", "internal/sealing", "internal/store/queries"},
	"internal/store/queries": {},
	"internal/store/sqlite":  {"internal/audit", "internal/events", "internal/sealing", "internal/store", "internal/store/queries"},
	"internal/store/postgres": {
		"internal/audit", "internal/events", "internal/sealing", "internal/store", "internal/store/queries",
	},
	"internal/service": {
		"internal/audit", "internal/directory", "internal/equality", "internal/etag", "internal/events", "internal/identity", "internal/sealing",
		"internal/store",
	},
	"internal/bulk":  {"internal/directory", "internal/equality", "internal/refdata", "internal/store"},
	"internal/etag":  {},
	"internal/gate":  {"api", "internal/equality", "internal/identity", "internal/server", "internal/service"},
	"internal/relay": {"internal/events", "internal/service"},
	wiring: { // and surfaces
		"api", "internal/audit", "internal/bulk", "internal/config", "internal/directory", "internal/equality", "internal/etag", "internal/events",
		"internal/gate", "internal/identity", "internal/personapi", "internal/refdata", "internal/relay", "internal/sealing", "internal/server",
		"internal/service", "internal/store",
		"internal/store/postgres", "internal/store/sqlite",
	},
}

// aSurface is what a package may import that speaks HTTP: one that imports gate.
var aSurface = []string{
	"api", "internal/equality", "internal/etag", "internal/events", "internal/gate", "internal/refdata", "internal/server",
	"internal/service", "internal/store",
}

func surfaces(found map[string]goPackage) (names []string) {
	for name, p := range found {
		if p.imports[module+"/internal/gate"] && name != wiring {
			names = append(names, name)
		}
	}
	return names
}

// testPackages are for tests alone, and may import anything.
var testPackages = []string{"internal/store/pgtest", "internal/store/storetest"}

// keepers says which packages alone may import something from outside; a name
// that ends in a slash is a prefix.
var keepers = map[string][]string{
	"net/http":                             {"api", "internal/gate", "internal/personapi", "internal/relay", "internal/server"}, // and surfaces
	"os":                                   {"cmd/equality-api", "internal/config", "internal/sealing", "internal/store/sqlite"},
	"os/exec":                              {},
	"log":                                  {"internal/server"},
	"log/slog":                             {"cmd/equality-api", "internal/config", "internal/sealing", "internal/server"},
	"database/sql":                         {"internal/store", "internal/store/postgres", "internal/store/sqlite"},
	"math/rand":                            {},
	"math/rand/v2":                         {"cmd/equality-api", "internal/store/postgres"}, // the demo people; a lane where all are leased
	"crypto/aes":                           {"internal/sealing"},
	"crypto/hmac":                          {},
	"html/template":                        {}, // surfaces alone
	"text/template":                        {},
	"unsafe":                               {},
	"reflect":                              {"internal/config"},
	"github.com/golang-jwt/":               {"internal/identity"},
	"github.com/tink-crypto/":              {"internal/sealing"},
	"filippo.io/age":                       {"cmd/equality-api", "internal/sealing"},
	"modernc.org/":                         {"internal/store/sqlite"},
	"github.com/pressly/goose/v3":          {"internal/store/postgres", "internal/store/sqlite"},
	"github.com/jackc/pgx/":                {"internal/store/postgres"},
	"github.com/schollz/progressbar/v3":    {"cmd/equality-api"},
	"github.com/alecthomas/kong":           {"cmd/equality-api", "internal/config"},
	"github.com/aws/":                      {"internal/relay"},
	"github.com/prometheus/client_golang/": {"cmd/equality-api", "internal/server"},
}

// pure packages reach neither disk, nor network, nor log, nor clock.
var pure = []string{"internal/refdata", "internal/equality", "internal/directory"}

var impure = []string{"net", "net/", "os", "os/", "database/", "log", "log/", "syscall", "math/rand", "math/rand/", "crypto/rand"}

// takesItsClock are packages that may not ask for the time themselves.
var takesItsClock = append(pure, "internal/audit", "internal/identity", "internal/store", "internal/store/postgres", "internal/store/sqlite", "internal/service", "internal/bulk", "internal/gate", "internal/personapi", "internal/relay")

// goPackage is one folder of the module.
type goPackage struct {
	imports map[string]bool // of files that are no tests
	now     bool            // calls time.Now
	named   []string        // texts of errors that begin with the package's name
}

func packages(t *testing.T) map[string]goPackage {
	t.Helper()
	const root = "../.."
	found := make(map[string]goPackage)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			_, notThere := os.Stat(filepath.Join(path, "go.mod"))
			if path != root && (notThere == nil || strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" || e.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		name, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		p := found[name]
		if p.imports == nil {
			p.imports = make(map[string]bool)
		}
		p.add(file)
		found[name] = p
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (p *goPackage) add(file *ast.File) {
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value) // it has been parsed
		p.imports[path] = true
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Now" {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
				p.now = true
			}
		}
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 0 {
			text, isText := call.Args[0].(*ast.BasicLit)
			made, isError := call.Fun.(*ast.SelectorExpr)
			if isText && isError && (made.Sel.Name == "Errorf" || made.Sel.Name == "New") && strings.HasPrefix(text.Value, `"`+file.Name.Name+":") {
				p.named = append(p.named, text.Value)
			}
		}
		return true
	})
}

// An operator reads errors, and does not know packages.
func TestErrorsNameNoPackage(t *testing.T) {
	t.Parallel()
	for name, p := range packages(t) {
		for _, text := range p.named {
			t.Errorf("%s has the error %s", name, text)
		}
	}
}

// within says whether an import is in a list of names and prefixes.
func within(list []string, path string) bool {
	return slices.ContainsFunc(list, func(name string) bool {
		return path == name || strings.HasSuffix(name, "/") && strings.HasPrefix(path, name)
	})
}

func TestArrowsAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	found := packages(t)
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if slices.Contains(testPackages, name) {
			continue
		}
		row, ok := arrows[name]
		surface := slices.Contains(surfaces(found), name)
		if surface {
			row = aSurface
		} else if !ok {
			t.Errorf("%s has no row in the table arrows of imports_test.go", name)
			continue
		}
		for path := range found[name].imports {
			if to, ours := strings.CutPrefix(path, module+"/"); ours && !slices.Contains(row, to) && !(name == wiring && slices.Contains(surfaces(found), to)) {
				t.Errorf("%s imports %s, an arrow that the table in imports_test.go does not allow", name, to)
			}
		}
		for _, to := range row {
			if !surface && !found[name].imports[module+"/"+to] {
				t.Errorf("the table in imports_test.go allows %s to import %s, which it does not: take it out", name, to)
			}
		}
	}
	for _, name := range append(slices.Collect(maps.Keys(arrows)), testPackages...) {
		if _, ok := found[name]; !ok {
			t.Errorf("the table in imports_test.go has a row for %s, which does not exist", name)
		}
	}
}

func TestTestingIsForTests(t *testing.T) {
	t.Parallel()
	for name, p := range packages(t) {
		for path := range p.imports {
			if within([]string{"testing", "testing/", "net/http/httptest", "pgregory.net/rapid", "github.com/google/go-cmp/"}, path) &&
				!slices.Contains(testPackages, name) {
				t.Errorf("%s imports %s outside a test", name, path)
			}
			if to, ours := strings.CutPrefix(path, module+"/"); ours && slices.Contains(testPackages, to) {
				t.Errorf("%s imports %s outside a test", name, to)
			}
		}
	}
}

func TestWhatIsKeptInItsPackages(t *testing.T) {
	t.Parallel()
	found := packages(t)
	for outside, names := range keepers {
		used := make(map[string]bool)
		for name, p := range found {
			for path := range p.imports {
				if within([]string{outside}, path) && !slices.Contains(testPackages, name) {
					used[name] = true
				}
			}
		}
		for name := range used {
			ofSurfaces := outside == "net/http" || outside == "html/template"
			if !slices.Contains(names, name) && !(ofSurfaces && slices.Contains(surfaces(found), name)) {
				t.Errorf("%s imports %s, which is for %v", name, outside, names)
			}
		}
		for _, name := range names {
			if !used[name] {
				t.Errorf("the table keeps %s for %s, which does not import it", outside, name)
			}
		}
	}
}

func TestTheSubjectIsPure(t *testing.T) {
	t.Parallel()
	found := packages(t)
	for _, name := range pure {
		for path := range found[name].imports {
			if within(impure, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
	for _, name := range append(surfaces(found), takesItsClock...) {
		if found[name].now {
			t.Errorf("%s asks for the time itself", name)
		}
	}
}
