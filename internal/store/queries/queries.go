// Package queries holds every SQL statement on stored data, each in its own file. It owns
// their texts and their names in Go, and runs none.
//
// A statement that both engines run is in this folder. One for SQLite or PostgreSQL only is
// in the folder of that name, and its name in Go begins with it. A file begins with a
// header:
//
//	-- For: Reads a page of records by id, after one id.
//	-- Runs: list; export, page by page
//	-- Sample: '80000000-0000-4000-8000-000000000000', 101
//	-- Note: Why it is written this way, if that is not obvious.
//
// The names in Go, and the tables of queries in docs/support.md, are generated
// from the files.
package queries

import (
	"embed"
	"regexp"
	"strings"
)

//go:generate go test -run TestGenerated -update .

//go:embed *.sql */*.sql
var files embed.FS

// Query is one statement, and the header of its file.
type Query struct {
	Name   string   // its file without the extension, for example "postgres/create"
	SQL    string   // its text without comments
	For    string   // its purpose, in a sentence
	Runs   []string // when it runs: occasions, for example "import, for existing records"
	Sample []string // an invented value for each parameter, in PostgreSQL's notation
}

// all are the queries, in the order of names.go.
var all []*Query

// Of returns the queries of an engine, "sqlite" or "postgres": its own, and those that both
// run.
func Of(engine string) (queries []*Query) {
	for _, q := range all {
		if folder, _, own := strings.Cut(q.Name, "/"); !own || folder == engine {
			queries = append(queries, q)
		}
	}
	return queries
}

// load reads a query of names.go. If its file is missing, the query is empty, so that
// names.go can be generated again; until then a test fails.
func load(name string) *Query {
	file, _ := files.ReadFile(name + ".sql")
	q := parse(name, string(file))
	all = append(all, q)
	return q
}

// parse reads the file of a query: a header of fields, each a comment that may continue on
// the next lines, and the statement.
func parse(name, file string) *Query {
	var sql strings.Builder
	fields, field := make(map[string]string), ""
	for line := range strings.Lines(file) {
		comment, ok := strings.CutPrefix(line, "-- ")
		if !ok {
			sql.WriteString(line)
			continue
		}
		text := comment
		if !strings.HasPrefix(comment, " ") {
			field, text, _ = strings.Cut(comment, ": ")
		}
		fields[field] = strings.TrimSpace(fields[field] + " " + strings.TrimSpace(text))
	}
	return &Query{
		Name: name, SQL: strings.TrimSpace(sql.String()), For: fields["For"],
		Runs: strings.Split(fields["Runs"], "; "), Sample: value.FindAllString(fields["Sample"], -1),
	}
}

// value matches one value of a sample.
var value = regexp.MustCompile(`'[^']*'|[^,\s]+`)
