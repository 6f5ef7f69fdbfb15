// Package queries holds every SQL statement that works on what is stored, each
// in a file of its own. It owns their texts and their names in Go; when they
// run, and what their rows mean, is for those who run them.
//
// A statement that both engines run stands in this folder. One that is only for
// SQLite or PostgreSQL stands in the folder of that name, and its name in Go
// begins with it.
package queries

import (
	"embed"
	"strings"
)

//go:generate go test -run TestGenerated -update .

//go:embed *.sql */*.sql
var files embed.FS

// Query is one statement.
type Query struct {
	Name string // its file, without the ending, as in "postgres/create"
	SQL  string // its text, without comments
	For  string // what it is for, in a sentence
}

// all are the queries, in the order of names.go.
var all []*Query

// Of gives the queries of an engine, "sqlite" or "postgres": its own, and those
// that both run.
func Of(engine string) (queries []*Query) {
	for _, q := range all {
		if folder, _, own := strings.Cut(q.Name, "/"); !own || folder == engine {
			queries = append(queries, q)
		}
	}
	return queries
}

// load reads a query of names.go. Where the file has gone, names.go is out of
// date, which a test tells.
func load(name string) *Query {
	file, _ := files.ReadFile(name + ".sql")
	q := parse(name, string(file))
	all = append(all, q)
	return q
}

// parse reads a query's file.
func parse(name, file string) *Query {
	var comment, sql []string
	for line := range strings.Lines(file) {
		if text, ok := strings.CutPrefix(line, "--"); ok {
			comment = append(comment, strings.TrimSpace(text))
		} else {
			sql = append(sql, line)
		}
	}
	return &Query{Name: name, SQL: strings.TrimSpace(strings.Join(sql, "")), For: strings.Join(comment, " ")}
}
