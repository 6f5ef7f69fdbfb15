package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"equality-information-api/internal/store"
)

// queryNames are the names of all query files.
func queryNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"queries/*.sql", "queries/postgres/*.sql", "queries/sqlite/*.sql"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(file, "queries/"), ".sql"))
		}
	}
	return names
}

// namedQueries are the names that the engines' source, and what they share, give to what runs a query.
func namedQueries(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	literal := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			name, _ := strconv.Unquote(lit.Value)
			names[name] = true
		}
	}
	var files []string
	for _, folder := range []string{".", "sqlite", "postgres"} {
		found, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				name := ""
				switch called := n.Fun.(type) {
				case *ast.SelectorExpr:
					name = called.Sel.Name
				case *ast.Ident:
					name = called.Name
				}
				if call, ok := n.Fun.(*ast.CallExpr); ok { // queryRow(ctx)(name, …)
					if called, ok := call.Fun.(*ast.SelectorExpr); ok {
						name = called.Sel.Name
					}
				}
				if slices.Contains([]string{"exec", "queryRow", "query", "Query"}, name) && len(n.Args) > 0 {
					literal(n.Args[0])
				}
				if name == "owned" && len(n.Args) > 2 { // a statement of a job's own
					literal(n.Args[2])
				}
				if name == "insertAll" || name == "appendAll" {
					literal(n.Args[1])
				}
			case *ast.IndexExpr:
				literal(n.Index)
			case *ast.FuncDecl:
				if n.Name.Name == "Keys" { // which gives a name
					ast.Inspect(n, func(n ast.Node) bool {
						if returned, ok := n.(*ast.ReturnStmt); ok {
							literal(returned.Results[0])
						}
						return true
					})
				}
			case *ast.AssignStmt: // a name that is chosen first
				for i, left := range n.Lhs {
					if ident, ok := left.(*ast.Ident); ok && ident.Name == "name" && i < len(n.Rhs) {
						literal(n.Rhs[i])
					}
				}
			}
			return true
		})
	}
	return names
}

func TestEveryQueryIsUsedAndEveryNameHasAQuery(t *testing.T) {
	t.Parallel()
	used := namedQueries(t)
	for _, name := range []string{"begin", "commit", "rollback", "options"} { // SQLite's, without a file; a parameter
		delete(used, name)
	}
	names := queryNames(t)
	for _, name := range names {
		if !used[name] {
			t.Errorf("%s.sql is not used", name)
		}
		delete(used, name)
		text, err := os.ReadFile(filepath.Join("queries", name+".sql"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "-- ") {
			t.Errorf("%s.sql does not begin by saying what it is for", name)
		}
		if query := store.Query(name); query == "" || strings.Contains(query, "--") {
			t.Errorf("%s: the query is %q", name, query)
		}
	}
	for name := range used {
		t.Errorf("%q is used and has no file", name)
	}
}
