package sqlite

import (
	"fmt"
	"regexp"
	"strings"

	"equality-information-api/internal/store/queries"
)

// rowsTogether are numbers of rows for one statement, in falling order: any number of rows
// is a sum of a few of them.
var rowsTogether = []int{32, 8, 4, 2, 1}

// insertAll inserts rows with a query, many rows per statement if possible.
func insertAll[T any](t *tx, q *queries.Query, rows []T, appendRow func([]any, *T) []any) error {
	for _, n := range rowsTogether {
		for len(rows) >= n {
			var args []any
			for i := range n {
				args = appendRow(args, &rows[i])
			}
			if _, err := t.execRows(q, n, args...); err != nil {
				return err
			}
			rows = rows[n:]
		}
	}
	return nil
}

// withRows turns an INSERT of one row of parameters into one of n rows.
func withRows(query string, n int) string {
	const values = "VALUES ("
	head, row, found := strings.Cut(query, values)
	if !found {
		panic("sqlite: an INSERT without VALUES cannot have many rows")
	}
	row = "(" + strings.Repeat("?, ", strings.Count(row, "$")-1) + "?)"
	return head + "VALUES " + row + strings.Repeat(", "+row, n-1)
}

var parameter = regexp.MustCompile(`\$[0-9]+`)

// byPosition is a query with ? for its parameters, if they stand in the order of
// their numbers, each once. Whenever one with a name is bound, SQLite's driver
// looks for its name among all names.
func byPosition(query string) string {
	for i, name := range parameter.FindAllString(query, -1) {
		if name != fmt.Sprintf("$%d", i+1) {
			return query
		}
	}
	return parameter.ReplaceAllString(query, "?")
}
