package queries

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var use = regexp.MustCompile(`\bqueries\.(\w+)\b`)

// used are the names in Go of the queries that a folder beside this one uses.
func used(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range use.FindAllStringSubmatch(string(code), -1) {
			names = append(names, found[1])
		}
	}
	return names
}

// A query that one engine alone runs stands in its folder.
func TestEveryQueryIsRunByTheEnginesOfItsFolder(t *testing.T) {
	t.Parallel()
	both := used(t, ".")
	engines := map[string][]string{"sqlite": append(used(t, "sqlite"), both...), "postgres": append(used(t, "postgres"), both...)}
	for engine, names := range engines {
		for _, q := range Of(engine) {
			if !slices.Contains(names, goName(q.Name)) {
				t.Errorf("%s.sql: nothing of internal/store/%s uses queries.%s", q.Name, engine, goName(q.Name))
			}
		}
	}
}
