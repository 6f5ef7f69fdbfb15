package directory_test

import (
	"slices"
	"testing"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"

	"github.com/google/uuid"
)

// alike walks over all pairs, so many at a time.
func alike(t testing.TB, x *directory.Index, limit int) (pairs []string) {
	t.Helper()
	var place directory.Place
	for more := true; more; {
		var page []directory.Pair
		before := place
		page, place, more = x.Alike(place, limit)
		if more && place == before {
			t.Fatal("the walk does not go on")
		}
		if len(page) > limit {
			t.Errorf("%d pairs of %d", len(page), limit)
		}
		for _, p := range page {
			pairs = append(pairs, string([]byte{'A' + p.A[15], 'A' + p.B[15]}))
		}
	}
	return pairs
}

func TestWhoIsAlike(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		among []string
		want  []string
	}{
		{"spelt in another way", []string{"Mohammed;;Chowdhury", "Muhamad;;Choudhry"}, []string{"AB"}},
		{"short", []string{"Elizabeth;;Fenwick", "Liz;;Fenwick"}, []string{"AB"}},
		{"swapped", []string{"Thomas;;James", "James;;Thomas"}, []string{"AB"}},
		{"a new first name", []string{"Mark;;Hollis", "Mark;;Hollis;Maria"}, []string{"AB"}},
		{"two surnames, and one of them", []string{"Ruth;;Danvers-Lacey", "Ruth;;Lacey"}, []string{"AB"}},
		{"another first name", []string{"Mark;;Hollis", "Susan;;Hollis"}, nil},
		{"the middle name alone", []string{"Susan;Ann;Hollis", "Mary;Ann;Hollis"}, nil},
		{"another surname", []string{"Mark;;Hollis", "Mark;;Fenwick"}, nil},
		{"another script", []string{"Анна;;Семёнова", "АННА;;Семенова", "Анна;;Петрова"}, []string{"AB"}},
		{"each pair once, whatever names they share", []string{"Jo Ann;;Lee Smith", "Jo Ann;;Lee Smith", "Jo;;Lee"}, []string{"AB", "AC", "BC"}},
	} {
		x := indexOf(test.among...)
		for _, limit := range []int{1, 2, 100} {
			got := alike(t, x, limit)
			if slices.Sort(got); !slices.Equal(got, test.want) {
				t.Errorf("%s, %d at a time: %v, want %v", test.name, limit, got, test.want)
			}
		}
	}
}

// TestNobodyIsAlikeWithoutTheDay: nor is anybody who has died out of the index, or is born on
// another day.
func TestNobodyIsAlikeWithoutTheDay(t *testing.T) {
	t.Parallel()
	x := directory.NewIndex()
	for i, born := range []equality.Date{{}, {}, equality.NewDate(1980, 5, 3), equality.NewDate(1980, 5, 4), equality.NewDate(1980, 5, 5), equality.NewDate(1980, 5, 5)} {
		x.Put(directory.Person{ID: uuid.UUID{15: byte(i)}, FirstName: "Mark", Surname: "Hollis", DateOfBirth: born})
	}
	if got := alike(t, x, 10); !slices.Equal(got, []string{"EF"}) {
		t.Error(got)
	}
	x.Remove(uuid.UUID{15: 5})
	if got := alike(t, x, 10); got != nil {
		t.Error(got)
	}
}

// TestPairsAreFoundInPieces: a day that many people share needs no more work or memory for a
// page than others, and one that stands for an unknown day says nothing.
func TestPairsAreFoundInPieces(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ people, pairs int }{{400, 400 * 399 / 2}, {10_001, 0}} {
		x := directory.NewIndex()
		for i := range test.people {
			x.Put(directory.Person{ID: uuid.UUID{14: byte(i >> 8), 15: byte(i)}, FirstName: "Mark", Surname: "Hollis", DateOfBirth: equality.NewDate(1980, 1, 1)})
		}
		seen := make(map[directory.Pair]bool)
		var place directory.Place
		for more := true; more; {
			var page []directory.Pair
			page, place, more = x.Alike(place, 1000)
			for _, p := range page {
				seen[p] = true
			}
		}
		if len(seen) != test.pairs {
			t.Errorf("of %d people %d pairs, want %d", test.people, len(seen), test.pairs)
		}
	}
}
