package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// ByHand is a database as somebody sees it who changes it directly.
type ByHand struct {
	*sql.DB
	Tables []string // all, with those of the engine and of the migrations
	Log    func(*sealing.Keyset) (*store.Log, error)
}

// covered is what docs/threat-model.md says of a table: what covers each column, and whether a
// row that is removed or added is found.
type covered struct {
	strictly, sensibly, not []string
	removed, added          bool
}

var quotedNames = regexp.MustCompile("`([a-z_]+)`")

// coverage reads the table of docs/threat-model.md.
func coverage(t *testing.T) map[string]covered {
	t.Helper()
	page, err := os.ReadFile("../../../docs/threat-model.md")
	ok(t, "read docs/threat-model.md", err)
	_, table, found := strings.Cut(string(page), "\n| table | sealed or with a MAC | in the log | checked for sense | not covered | row removed | row added |\n")
	if !found {
		t.Fatal("docs/threat-model.md does not say what covers which column")
	}
	all := make(map[string]covered)
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "|\n "), "|")
		if !strings.HasPrefix(line, "| `") {
			if strings.HasPrefix(line, "| ---") {
				continue
			}
			break
		}
		names := func(cell string) (names []string) {
			for _, match := range quotedNames.FindAllStringSubmatch(cell, -1) {
				names = append(names, match[1])
			}
			return names
		}
		all[names(cells[0])[0]] = covered{append(names(cells[1]), names(cells[2])...), names(cells[3]), names(cells[4]),
			strings.HasPrefix(cells[5], " found"), strings.HasPrefix(cells[6], " found")}
	}
	return all
}

// populate writes something of everything.
func populate(f *fixture) {
	f.t.Helper()
	for range 2 {
		r := everything()
		r.ID, r.TargetID = uuid.New(), uuid.New()
		r.NationalInsuranceNumber = fmt.Sprintf("QQ12345%dC", r.ID[0]%10)
		f.create(r)
		f.change(r.ID, ageGroup("65-74"))
		f.change(r.ID, ageGroup("25-34"))
		gone := person()
		f.create(gone)
		f.change(gone.ID, ageGroup("65-74"))
		f.erase(gone.ID)
		imported := person()
		f.load(f.loading(f.arrival(imported, 3), f.arrival(person(), 0)))
		f.change(imported.ID, ageGroup("65-74"))
		f.read(r.ID)
		for _, kind := range sealing.Kinds() {
			if kind != sealing.KindRecord {
				id := f.documentID(kind)
				for i := range 3 {
					f.put(id, fmt.Sprintf(`{"n":%d}`, i))
				}
			}
		}
		f.putPerson(r.TargetID, `{}`)
		again := f.erasedPerson()
		f.putPerson(again, `"again"`)
		f.putPerson(again, `"and again"`)
		f.erasedPerson()
		f.load(f.loadingPeople(f.entryArrival(uuid.New(), 3, `{}`), f.entryArrival(uuid.New(), 0, `{}`)))
		key := r.ID[0]
		_, err := f.Write(f.t.Context(), keyed(changeOf(r.ID), key, 1), f.changes(ageGroup("45-54")))
		ok(f.t, "change", err)
		f.events() // which numbers them
	}
	l := f.loading(f.arrival(equality.Record{ID: uuid.New(), TargetID: uuid.New()}, 0))
	l.Mark, l.Position = "import:test", func([]store.Landing) ([]byte, error) { return []byte("1"), nil }
	f.load(l)
}

// hand changes one database by hand, and looks for what verification finds.
type hand struct {
	*fixture
	db    ByHand
	table string
	names []string
}

// findings verifies the database; one that cannot be verified is a finding too.
func (h hand) findings(t *testing.T) []string {
	t.Helper()
	log, err := h.db.Log(h.options.Keys)
	if err != nil {
		return []string{err.Error()}
	}
	defer func() { ok(t, "close the log", log.Close()) }()
	report, err := audit.Verify(t.Context(), h.options.Keys, log, nil)
	if err == nil {
		err = audit.VerifyRecords(t.Context(), log, report)
	}
	if err != nil {
		return []string{err.Error()}
	}
	return report.Findings
}

// rows reads rows of the table.
func (h hand) rows(t *testing.T) (rows [][]any) {
	t.Helper()
	found, err := h.db.QueryContext(t.Context(), "SELECT * FROM "+h.table)
	ok(t, "read "+h.table, err)
	defer found.Close()
	for found.Next() {
		row, targets := make([]any, len(h.names)), make([]any, len(h.names))
		for i := range row {
			targets[i] = &row[i]
		}
		ok(t, "read a row of "+h.table, found.Scan(targets...))
		for i := range row {
			if b, isBytes := row[i].([]byte); isBytes && b == nil {
				row[i] = []byte{} // not NULL
			}
		}
		rows = append(rows, row)
	}
	ok(t, "read "+h.table, found.Err())
	return rows
}

// where is a condition for one row, and its parameters from a number on.
func (h hand) where(row []any, from int) (condition string, args []any) {
	var parts []string
	for i, value := range row {
		if value == nil {
			parts = append(parts, h.names[i]+" IS NULL")
			continue
		}
		if _, isTime := value.(time.Time); isTime {
			continue // which a driver does not give as it is stored
		}
		args = append(args, value)
		parts = append(parts, fmt.Sprintf("%s = $%d", h.names[i], from+len(args)-1))
	}
	return strings.Join(parts, " AND "), args
}

// set changes a column of a row, if its constraints allow that, and returns the changed row.
func (h hand) set(row []any, column int, to any) ([]any, error) {
	condition, args := h.where(row, 2)
	result, err := h.db.ExecContext(context.Background(), fmt.Sprintf("UPDATE %s SET %s = $1 WHERE %s", h.table, h.names[column], condition),
		append([]any{to}, args...)...)
	if err != nil {
		return nil, err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return nil, fmt.Errorf("%d rows of %s changed: %w", n, h.table, err)
	}
	changed := slices.Clone(row)
	changed[column] = to
	return changed, nil
}

func (h hand) insert(row []any) error {
	var parameters []string
	for i := range row {
		parameters = append(parameters, fmt.Sprintf("$%d", i+1))
	}
	_, err := h.db.ExecContext(context.Background(), fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", h.table, strings.Join(h.names, ", "),
		strings.Join(parameters, ", ")), row...)
	return err
}

func (h hand) remove(row []any) error {
	condition, args := h.where(row, 1)
	result, err := h.db.ExecContext(context.Background(), fmt.Sprintf("DELETE FROM %s WHERE %s", h.table, condition), args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("%d rows of %s removed: %w", n, h.table, err)
	}
	return nil
}

// others are other values of the same type.
func others(value any) []any {
	flip := func(b []byte, at int) []byte {
		b = slices.Clone(b)
		b[at] ^= 1
		return b
	}
	switch v := value.(type) {
	case int64:
		return []any{v + 1, v + 1<<20, v ^ 1<<48, -v - 1}
	case int32:
		return []any{int64(v) + 1, int64(v) + 1<<20}
	case bool:
		return []any{!v}
	case time.Time:
		return []any{v.Add(time.Hour)}
	case []byte:
		if len(v) == 0 {
			return []any{[]byte{1}}
		}
		return []any{flip(v, 0), flip(v, len(v)-1), v[:len(v)-1], append(slices.Clone(v), 0)}
	case string:
		if id, err := uuid.Parse(v); err == nil {
			id[3] ^= 1
			return []any{id.String()}
		}
		return []any{v + "x", "x" + v}
	}
	return nil
}

// Whoever changes one value of the database by hand is found, unless docs/threat-model.md says
// that the column is not covered. A new column is in that table, or this test fails.
func testTampering(t *testing.T, create func(*testing.T) Database) {
	said := coverage(t)
	db := create(t)
	f := newFixture(t, db)
	populate(f)
	f.end()
	byHand := db.ByHand(t)
	clean := func(what string) {
		t.Helper()
		if found := (hand{fixture: f, db: byHand}).findings(t); len(found) > 0 {
			t.Fatalf("after %s: %q", what, found)
		}
	}
	clean("writing")
	for _, table := range byHand.Tables {
		says, isSaid := said[table]
		if !isSaid {
			t.Errorf("docs/threat-model.md does not say what covers the table %s", table)
			continue
		}
		found, err := byHand.QueryContext(t.Context(), "SELECT * FROM "+table+" LIMIT 0")
		ok(t, "read "+table, err)
		h := hand{fixture: f, db: byHand, table: table}
		h.names, err = found.Columns()
		ok(t, "read "+table, err)
		ok(t, "read "+table, found.Close())
		rows := h.rows(t)
		if len(rows) == 0 && table != "audit_target" { // which only older logs have
			t.Errorf("%s is empty, so the test shows nothing", table)
		}
		few := rows
		if os.Getenv("EQUALITY_LONG") == "" && len(rows) > 2 {
			few = [][]any{rows[0], rows[len(rows)/2]}
		}
		for i := range h.names {
			h.column(t, i, few, says)
		}
		h.rowsOf(t, rows, says)
		clean("undoing changes of " + table)
	}
	for table := range said {
		if !slices.Contains(byHand.Tables, table) && table != "sqlite_sequence" {
			t.Errorf("docs/threat-model.md tells of a table %s", table)
		}
	}
}

// column changes a column of each row, and exchanges it between two.
func (h hand) column(t *testing.T, i int, rows [][]any, says covered) {
	t.Helper()
	name := h.names[i]
	strictly, sensibly, not := slices.Contains(says.strictly, name), slices.Contains(says.sensibly, name), slices.Contains(says.not, name)
	if !strictly && !sensibly && !not {
		t.Errorf("docs/threat-model.md does not say what covers %s.%s", h.table, name)
		return
	}
	tried, seen := 0, 0
	for _, row := range rows {
		for _, to := range others(row[i]) {
			changed, err := h.set(row, i, to)
			if err != nil {
				continue // a constraint, or another type
			}
			tried++
			if len(h.findings(t)) > 0 {
				seen++
			} else if strictly {
				t.Errorf("%s.%s was %v and is %v: nothing was found", h.table, name, row[i], to)
			}
			_, err = h.set(changed, i, row[i])
			ok(t, "undo", err)
		}
	}
	if len(rows) > 0 && tried == 0 && !not {
		t.Errorf("%s.%s could not be changed, so the test shows nothing", h.table, name)
	}
	if sensibly && tried > 0 && seen == 0 {
		t.Errorf("no nonsense in %s.%s was found", h.table, name)
	}
	if strictly && len(rows) > 1 {
		h.exchange(t, i, rows[0], rows[1])
	}
}

// exchange exchanges a column of two rows.
func (h hand) exchange(t *testing.T, i int, a, b []any) {
	t.Helper()
	if fmt.Sprint(a[i]) == fmt.Sprint(b[i]) {
		return
	}
	// A unique column takes a value only once, so the first row gets another one meanwhile.
	var passing []any
	for _, to := range others(a[i]) {
		var err error
		if passing, err = h.set(a, i, to); err == nil {
			break
		}
	}
	if passing == nil {
		return
	}
	other, err := h.set(b, i, a[i])
	if err != nil {
		_, err = h.set(passing, i, a[i])
		ok(t, "undo", err)
		return
	}
	one, err := h.set(passing, i, b[i])
	ok(t, "exchange", err)
	if len(h.findings(t)) == 0 {
		t.Errorf("%s.%s was exchanged between two rows: nothing was found", h.table, h.names[i])
	}
	one, err = h.set(one, i, passing[i])
	ok(t, "undo", err)
	_, err = h.set(other, i, b[i])
	ok(t, "undo", err)
	_, err = h.set(one, i, a[i])
	ok(t, "undo", err)
}

// rowsOf removes a row, and adds one like another.
func (h hand) rowsOf(t *testing.T, rows [][]any, says covered) {
	t.Helper()
	if len(rows) == 0 {
		return
	}
	row := rows[0]
	ok(t, "remove a row", h.remove(row))
	if found := len(h.findings(t)) > 0; found != says.removed {
		t.Errorf("a row of %s was removed: found %v", h.table, found)
	}
	ok(t, "undo", h.insert(row))
	added := false
	for i := range row { // some of its columns are unique, alone or together
		for j := range i + 1 {
			for _, to := range others(row[i]) {
				filler := slices.Clone(row)
				if other := others(row[j]); j < i && len(other) > 0 {
					filler[j] = other[len(other)/2]
				}
				filler[i] = to
				if added && j < i || h.insert(filler) != nil {
					continue
				}
				added = true
				if found := len(h.findings(t)) > 0; says.added && !found {
					t.Errorf("a row like another, with another %s, was added to %s: nothing was found", h.names[i], h.table)
				}
				ok(t, "undo", h.remove(filler))
			}
		}
	}
	if !added {
		t.Errorf("no row could be added to %s, so the test shows nothing", h.table)
	}
}
