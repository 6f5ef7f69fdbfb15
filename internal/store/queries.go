package store

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed queries
var queryFiles embed.FS

// Query returns the text of a named query, queries/NAME.sql, without its
// comment. Both engines run the same text; what only PostgreSQL can say stands
// in queries/postgres, under names like postgres/create. It panics on a name
// that has no file: names are constants of the program.
func Query(name string) string {
	text, ok := queries[name]
	if !ok {
		panic(fmt.Sprintf("store: no query %q", name))
	}
	return text
}

// queries are the texts by name.
var queries = func() map[string]string {
	texts := make(map[string]string)
	err := fs.WalkDir(queryFiles, "queries", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := queryFiles.ReadFile(path)
		var sql strings.Builder
		for line := range strings.Lines(string(file)) {
			if !strings.HasPrefix(line, "--") {
				sql.WriteString(line)
			}
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "queries/"), ".sql")
		texts[name] = strings.TrimSpace(sql.String())
		return err
	})
	if err != nil {
		panic(err) // the files are in the program
	}
	return texts
}()
