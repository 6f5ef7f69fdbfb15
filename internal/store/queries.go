package store

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed queries
var queryFiles embed.FS

// Query returns the text of a named query, queries/NAME.sql, without its
// comment. Both engines run the same text; what only PostgreSQL can say stands
// in queries/postgres, under names like postgres/create. It panics on a name that has no
// file: names are constants of the program.
func Query(name string) string {
	text, err := queryFiles.ReadFile("queries/" + name + ".sql")
	if err != nil {
		panic(fmt.Sprintf("store: no query %q", name))
	}
	var sql []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "--") {
			sql = append(sql, line)
		}
	}
	return strings.TrimSpace(strings.Join(sql, ""))
}
