package sqlite

import (
	"database/sql"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"equality-information-api/internal/store"
)

// queryNames are the names of all query files.
func queryNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../queries/*.sql")
	ok(t, err)
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".sql"))
	}
	return names
}

// namedQueries are the names this package's source gives to what runs a query.
func namedQueries(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	literal := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			name, _ := strconv.Unquote(lit.Value)
			names[name] = true
		}
	}
	files, err := filepath.Glob("*.go")
	ok(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		ok(t, err)
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
				if ident, ok := n.Fun.(*ast.Ident); ok && ident.Name == "insertAll" {
					literal(n.Args[1])
				}
			case *ast.IndexExpr:
				literal(n.Index)
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
	for name := range control {
		delete(used, name)
	}
	names := queryNames(t)
	for _, name := range names {
		if !used[name] {
			t.Errorf("%s.sql is not used", name)
		}
		delete(used, name)
		text, err := os.ReadFile(filepath.Join("..", "queries", name+".sql"))
		ok(t, err)
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
	for _, name := range slices.Concat(readQueries, writeQueries) {
		if !slices.Contains(names, name) {
			t.Errorf("%q is prepared and has no file", name)
		}
	}
	used = namedQueries(t)
	for _, name := range slices.Concat(readQueries, writeQueries) {
		if !used[name] {
			t.Errorf("%q is prepared and not used", name)
		}
	}
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// plan is what SQLite would do for a query.
func (d database) plan(t *testing.T, query string) (steps []string) {
	t.Helper()
	parameters := make(map[string]bool)
	for _, p := range parameter.FindAllString(query, -1) {
		parameters[p] = true
	}
	d.query(t, func(db *sql.DB) error {
		rows, err := db.Query("EXPLAIN QUERY PLAN "+query, make([]any, len(parameters))...)
		if err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				return err
			}
			steps = append(steps, detail)
		}
		return rows.Err()
	})
	return steps
}

func TestNoQueryReadsAWholeTable(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for range 30 {
		f.written(2)
	}
	f.db.exec(t, statement{"ANALYZE", nil})
	// What is meant to: verification, and the oldest batch of a table, which is bounded.
	meant := map[string][]string{
		"audit-walk":        {"SCAN audit"},
		"audit-target-walk": {"SCAN audit_target"},
		"verify-documents":  {"SCAN a"},
		"verify-count":      {"SCAN record", "SCAN history", "SCAN CONSTANT ROW"},
		"verify-records":    {"SCAN r"}, "verify-identifiers": {"SCAN i"},
		"outbox-trim-until": {"SCAN outbox", "SCAN oldest"},
	}
	// In its plan for foreign keys; it is done only while one is violated, which none is here.
	meant["record-insert"] = []string{"SCAN nino_index", "SCAN identifier"}
	bounded := map[string]string{"outbox-trim-until": "LIMIT"}
	plain := []string{"SCAN CONSTANT ROW"} // rows of VALUES and of a SELECT without FROM
	for _, name := range queryNames(t) {
		query := store.Query(name)
		steps := f.db.plan(t, query)
		for _, step := range steps {
			if strings.HasPrefix(step, "USE TEMP B-TREE") {
				t.Errorf("%s sorts: %q", name, steps)
			}
			if !strings.HasPrefix(step, "SCAN") || slices.Contains(plain, step) || strings.HasPrefix(step, "SCAN 2-ROW VALUES") ||
				slices.ContainsFunc(meant[name], func(s string) bool { return step == s || strings.HasPrefix(step, s+" ") }) {
				continue
			}
			t.Errorf("%s reads a whole table: %q", name, steps)
		}
		if word := bounded[name]; !strings.Contains(query, word) {
			t.Errorf("%s has no %s", name, word)
		}
	}
	for _, name := range slices.Collect(maps.Keys(meant)) {
		if !slices.Contains(queryNames(t), name) {
			t.Errorf("there is no query %s", name)
		}
	}
}
