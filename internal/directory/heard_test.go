package directory_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"

	"github.com/google/uuid"
)

// heard is what an officer types for a person.
type heard struct {
	kind, typed string
	person      directory.Person
}

// readHeard reads testdata/heard.txt.
func readHeard(t testing.TB) (cases []heard) {
	t.Helper()
	text, err := os.ReadFile("testdata/heard.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(strings.TrimSpace(line), " | ")
		if len(columns) != 3 {
			continue
		}
		names := append(strings.Split(columns[1], ";"), "")
		n := len(cases)
		cases = append(cases, heard{columns[0], columns[2], directory.Person{
			ID: uuid.UUID{0: 0xff, 14: byte(n >> 8), 15: byte(n)}, FirstName: names[0], MiddleName: names[1], Surname: names[2], PreferredFirstName: names[3],
			DateOfBirth: equality.NewDate(1940, 1, 1+n*131),
		}})
	}
	return cases
}

// mustFind is the share of people who have to be among the first three.
const mustFind = 0.95

// findHeard searches as an officer does, among people who include those of the cases: by name
// and date of birth, and by the name alone, to which the answer may be to add the date.
func findHeard(t testing.TB, x *directory.Index, cases []heard) {
	t.Helper()
	var missed []string
	found, alone, asked := 0, 0, 0
	for _, c := range cases {
		first := func(q directory.Query) (bool, error) {
			f, err := x.Search(q, 20)
			at := slices.IndexFunc(f.Hits, func(h directory.Hit) bool { return h.ID == c.person.ID })
			return 0 <= at && at < 3, err
		}
		ok, err := first(directory.Query{Name: c.typed, DateOfBirth: c.person.DateOfBirth})
		if ok {
			found++
		} else {
			missed = append(missed, fmt.Sprintf("%s: %s, %v", c.kind, c.typed, err))
		}
		switch ok, err := first(directory.Query{Name: c.typed}); {
		case err != nil:
			asked++
		case ok:
			alone++
		}
	}
	t.Logf("%d cases among %d people: %d found in the first three by name and date of birth; by name alone %d, and %d were asked for the date",
		len(cases), x.Len(), found, alone, asked)
	for _, m := range missed {
		t.Log("not found: ", m)
	}
	if len(cases) < 200 || float64(found) < mustFind*float64(len(cases)) {
		t.Errorf("found %d of %d", found, len(cases))
	}
}

func TestPeopleAreFoundAsHeard(t *testing.T) {
	t.Parallel()
	x, cases, p := directory.NewIndex(), readHeard(t), newPopulation(t, 2)
	for n := range 20_000 {
		x.Put(p.one(uint64(n)))
	}
	for _, c := range cases {
		x.Put(c.person)
	}
	findHeard(t, x, cases)
}
