package sqlite

import (
	"fmt"
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
	columns := strings.Count(row, "$")
	var text strings.Builder
	text.WriteString(head + "VALUES ")
	for i := range n {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteByte('(')
		for column := range columns {
			if column > 0 {
				text.WriteString(", ")
			}
			fmt.Fprintf(&text, "$%d", i*columns+column+1)
		}
		text.WriteByte(')')
	}
	return text.String()
}
