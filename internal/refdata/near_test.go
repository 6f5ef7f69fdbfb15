package refdata

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestNearExamples(t *testing.T) {
	t.Parallel()
	lists := mustLoad(t)
	for _, w := range []struct {
		list, value string
		want        []string
	}{
		{Nationality, "brittish", []string{"british"}},
		{Nationality, "British", []string{"british"}},
		{ReligionOrBelief, "christan", []string{"christian"}},
		{ReligionOrBelief, "Any other religion or belief", []string{"other"}},
		{EthnicGroup, "White British", []string{"whiteBritish", "whiteIrish"}},
		{AgeGroup, "18 to 24", []string{"eighteenToTwentyFour"}},
		{Language, "Panjabi", []string{"punjabi"}},
		{Gender, "z", nil},
		{Gender, "", nil},
		{Gender, "\xff\xfe", nil},
		{Gender, "female" + strings.Repeat(" ", 60), nil},
	} {
		got := mustGet(t, lists, w.list).Near(w.value)
		if diff := cmp.Diff(w.want, got); diff != "" {
			t.Errorf("%s: Near(%q) (-want +got):\n%s", w.list, w.value, diff)
		}
	}
}

// checkNear checks what is true for any value.
func checkNear(t interface{ Errorf(string, ...any) }, list *List, value string) {
	near := list.Near(value)
	if len(near) > maxNear || len(value) > maxLength && near != nil {
		t.Errorf("%s: Near(%q) gives %v", list.Name, value, near)
	}
	for i, code := range near {
		if c, ok := list.Find(code); !ok || !c.Active || slices.Contains(near[:i], code) {
			t.Errorf("%s: Near(%q) gives %v", list.Name, value, near)
		}
	}
	if !slices.Equal(near, list.Near(value)) {
		t.Errorf("%s: Near(%q) is not the same twice", list.Name, value)
	}
}

func TestNearOfSlips(t *testing.T) {
	t.Parallel()
	lists := mustLoad(t)
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SampledFrom(lists.All()).Draw(t, "list")
		c := rapid.SampledFrom(list.Codes).Draw(t, "code")
		at := rapid.IntRange(0, len(c.Code)-1).Draw(t, "at")
		value := c.Code[:at] + rapid.StringMatching(`[a-z]?`).Draw(t, "letter") + c.Code[at+1:]
		checkNear(t, list, value)
		if c.Active && len(c.Code) > 3 && len(list.Near(value)) == 0 {
			t.Errorf("%s: nothing near %q", list.Name, value)
		}
	})
}

// TestDistance compares the banded distance with the textbook's.
func TestDistance(t *testing.T) {
	t.Parallel()
	word := rapid.SliceOfN(rapid.RuneFrom([]rune("abc")), 0, 12)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		limit := rapid.IntRange(0, 12).Draw(t, "limit")
		want, got := textbookDistance(a, b), distance(a, b, limit)
		if want <= limit && got != want || want > limit && got <= limit {
			t.Fatalf("distance(%q, %q, %d) = %d, want %d", string(a), string(b), limit, got, want)
		}
	})
}

func textbookDistance(a, b []rune) int {
	if len(a) == 0 || len(b) == 0 {
		return len(a) + len(b)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			change := diagonal
			if x != y {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func FuzzNearAndResolve(f *testing.F) {
	for _, value := range []string{"", "british", " YES ", "brittish", "\x00\xff", "İstanbul", strings.Repeat("é", 40)} {
		f.Add(value)
	}
	lists := mustLoad(f, WithLocalCodes())
	f.Fuzz(func(t *testing.T, value string) {
		for _, list := range lists.All() {
			checkNear(t, list, value)
			if c, ok := list.Resolve(value); ok {
				if found, _ := list.Find(c.Code); found.Code != c.Code {
					t.Errorf("%s: Resolve(%q) gives %q, which is not there", list.Name, value, c.Code)
				}
			}
		}
	})
}

func BenchmarkNear(b *testing.B) {
	lists := mustLoad(b, WithLocalCodes())
	for _, name := range []string{Nationality, Language, CommunicationRequirement} {
		list := mustGet(b, lists, name)
		for label, value := range map[string]string{"8": "brittish", "32": strings.Repeat("er", 16), "64": strings.Repeat("er", 32)} {
			b.Run(name+"/"+label, func(b *testing.B) {
				for b.Loop() {
					list.Near(value)
				}
			})
		}
	}
}
