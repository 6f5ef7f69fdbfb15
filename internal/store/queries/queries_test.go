package queries

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	header    = regexp.MustCompile(`^-- For: .+\n(--   .+\n)*-- Runs: .+\n(--   .+\n)*(-- Sample: .+\n(--   .+\n)*)?(-- Note: .+\n(--   .+\n)*)?[A-Z]`)
	parameter = regexp.MustCompile(`\$\d+`)
)

func TestEveryQueryHasItsHeader(t *testing.T) {
	t.Parallel()
	for _, q := range onDisk(t) {
		file, err := os.ReadFile(q.Name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		if !header.Match(file) || strings.Contains(q.SQL, "--") || !strings.HasSuffix(q.For, ".") || strings.Contains(q.For, ". ") {
			t.Errorf("%s.sql does not begin with a header like the one in the package comment", q.Name)
		}
		for _, runs := range q.Runs {
			if o, _ := occasion(runs); !slices.Contains(occasions, o) {
				t.Errorf("%s.sql: %q is not one of the occasions in generate_test.go", q.Name, o)
			}
		}
		parameters := parameter.FindAllString(q.SQL, -1)
		slices.Sort(parameters)
		if n := len(slices.Compact(parameters)); n != len(q.Sample) {
			t.Errorf("%s.sql has %d parameters, and a sample of %d", q.Name, n, len(q.Sample))
		}
	}
}

var use = regexp.MustCompile(`\bqueries\.(\w+)\b`)

// used returns the Go names of the queries that a folder beside this one uses.
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

// A query for one engine only is in that engine's folder.
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
