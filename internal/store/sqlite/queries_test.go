package sqlite

import (
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/store"
)

// queryNames are the names of the query files that SQLite runs.
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
		"record-count":      {"SCAN record"},
		"restore-lost":      {"SCAN r"},
		"verify-count":      {"SCAN record", "SCAN history", "SCAN CONSTANT ROW"},
		"verify-records":    {"SCAN r"}, "verify-identifiers": {"SCAN i"},
		"outbox-trim-until": {"SCAN outbox", "SCAN oldest"},
		"outbox-read":       {"SCAN feed", "SCAN page"}, // the one row of the one, and a page
	}
	// In its plan for foreign keys; it is done only while one is violated, which none is here.
	meant["record-insert"] = []string{"SCAN nino_index", "SCAN identifier"}
	bounded := map[string]string{"outbox-trim-until": "LIMIT", "outbox-read": "LIMIT"}
	plain := []string{"SCAN CONSTANT ROW"} // rows of VALUES and of a SELECT without FROM
	for _, name := range queryNames(t) {
		query := store.Query(name)
		steps := f.db.plan(t, query)
		for _, step := range steps {
			if strings.HasPrefix(step, "USE TEMP B-TREE") && name != "outbox-read" { // which sorts a page
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
