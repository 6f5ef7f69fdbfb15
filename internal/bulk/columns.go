package bulk

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"equality-information-api/internal/refdata"
)

// listSeparator separates the elements of a cell that holds a list.
const listSeparator = ";"

// A column of CSV, and the cell it has of an item, empty if the member is absent.
type column[T any] struct {
	form
	get func(*T) string
}

// form says how the cells of a column are read and written.
type form struct {
	name string
	// also is another name that the column may have in a file.
	also string
	// codes names the reference list if the cell holds codes.
	codes  string
	answer bool // yes or no
	list   bool // can hold several values
	date   bool
	// lifetime says that its dates can lie a century back, so that two digits name no year.
	lifetime bool
	// apart says that the column is not a member of the item, or that another writes it.
	apart bool
	// pointer is where the value is in the item, if that does not follow from the name.
	pointer string
	// write appends the member, if its form is another than the cell's.
	write func(doc []byte, row row) []byte
}

// listName names the reference list of the values in the cell; "" if there is none.
func (f form) listName() string {
	if f.answer {
		return refdata.Answer
	}
	return f.codes
}

// place is the JSON pointer to the column's value in the item.
func (f form) place() string {
	if f.pointer != "" {
		return f.pointer
	}
	return "/" + strings.ReplaceAll(f.name, ".", "/")
}

// The columns that are not members of an item.
const (
	versionColumn  = "version"
	modifiedColumn = "modifiedAt" // written, and ignored when read
)

// layout is the columns of a kind of item.
type layout struct {
	forms  []form         // in the order of an export's header
	places map[string]int // where a name's column is in forms
	owner  string         // the column without which a row is about nobody
}

// Header returns the header of CSV, in the order of an export.
func (l *layout) Header() (names []string) {
	for _, f := range l.forms {
		names = append(names, f.name)
	}
	return names
}

// add adds a column.
func (l *layout) add(f form) {
	if l.places == nil {
		l.places = make(map[string]int)
	}
	for _, name := range []string{f.name, f.also} {
		if name != "" {
			l.places[name] = len(l.forms)
		}
	}
	l.forms = append(l.forms, f)
}

// read finds the column of each cell of a header; -1 is one to ignore. The error lists
// everything that is wrong. It does not repeat the line, which may be a row about a person.
func (l *layout) read(header []byte, m Mapping) (indexes []int, err error) {
	if !utf8.Valid(header) {
		return nil, errors.New("the header is not valid UTF-8")
	}
	var errs []string
	seen := make([]bool, len(l.forms))
	names := cells(header)
	for i, name := range names {
		index, ok := l.index(strings.TrimSpace(name), m)
		switch {
		case !ok:
			errs = append(errs, fmt.Sprintf("column %d is neither a known column nor in the mapping", i+1))
		case index >= 0 && seen[index]:
			errs = append(errs, fmt.Sprintf("column %d repeats the column %s", i+1, l.forms[index].name))
		}
		if ok && index >= 0 {
			seen[index] = true
		}
		indexes = append(indexes, index)
	}
	owned := seen[l.places[l.owner]]
	switch other := strings.IndexAny(names[0], ";\t"); {
	case len(names) == 1 && other >= 0:
		return nil, fmt.Errorf("the columns are separated by %s, not by commas: save the file as CSV with commas", map[byte]string{';': ";", '\t': "tabs"}[names[0][other]])
	case !owned && len(errs) == len(names):
		return nil, l.noHeader()
	case !owned:
		errs = append(errs, "there is no column "+l.owner)
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("the header: %s", strings.Join(errs, "; "))
	}
	return indexes, nil
}

// index finds the column with this name in a file.
func (l *layout) index(name string, m Mapping) (index int, ok bool) {
	if index, ok := m.columns[name]; ok {
		return index, true
	}
	if m.ignore[name] {
		return -1, true
	}
	index, ok = l.places[name]
	return index, ok
}

func (l *layout) noHeader() error {
	return fmt.Errorf("the first line is not a header: it must have %s and our other columns, or columns that --map names (docs/import.md)", l.owner)
}

// named says whether a file's line names the column that every file has.
func (l *layout) named(line []byte) bool {
	names := strings.FieldsFunc(string(line), func(r rune) bool { return strings.ContainsRune(",;\t", r) })
	return len(names) > 1 && slices.ContainsFunc(names, func(name string) bool {
		index, ok := l.places[strings.Trim(name, "\" \r")]
		return ok && index == l.places[l.owner]
	})
}

// written appends an item's cells, in the order of the header.
func written[T any](cells []string, columns []column[T], version int64, modified time.Time, item *T) []string {
	for _, c := range columns {
		switch c.name {
		case versionColumn:
			cells = append(cells, strconv.FormatInt(version, 10))
		case modifiedColumn:
			cells = append(cells, modified.Format(timeForm))
		default:
			text := c.get(item)
			switch { // an unknown code can be any text
			case c.list:
				text = guardList(text)
			case c.codes != "":
				text = guard(text)
			}
			cells = append(cells, text)
		}
	}
	return cells
}
