package refdata

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// maxNear is how many codes are suggested for a wrong one.
const maxNear = 3

// spelling is one way to write a code: itself, its label or an alias.
type spelling struct {
	code    int // index in the list's Codes
	letters []rune
}

// Near returns up to three active codes similar to an unknown value, the most
// similar first: those whose code, label or alias differs in at most a third of
// the letters. It returns none for a value longer than 64 bytes. It takes well
// under a millisecond for the longest list, so that nobody can keep the server
// busy with unknown values.
func (l *List) Near(value string) []string {
	if len(value) > maxLength {
		return nil
	}
	letters := fold(value)
	nearest := make(map[int]int) // index in Codes → distance
	for _, s := range l.spellings {
		limit := max(len(letters), len(s.letters)) / 3
		if d := distance(letters, s.letters, limit); d <= limit {
			if known, ok := nearest[s.code]; !ok || d < known {
				nearest[s.code] = d
			}
		}
	}
	found := make([]int, 0, len(nearest))
	for i := range nearest {
		found = append(found, i)
	}
	slices.SortFunc(found, func(a, b int) int {
		return cmp.Or(cmp.Compare(nearest[a], nearest[b]), cmp.Compare(a, b))
	})
	var codes []string
	for _, i := range found[:min(maxNear, len(found))] {
		codes = append(codes, l.Codes[i].Code)
	}
	return codes
}

// fold keeps only letters and digits, in lower case, so that "White British",
// "white-british" and "whiteBritish" are equal.
func fold(s string) []rune {
	var letters []rune
	for _, r := range strings.ToLower(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			letters = append(letters, r)
		}
	}
	return letters
}

// distance is the Levenshtein distance of a and b if that is at most limit,
// otherwise a number above limit. It leaves out cells further than limit from
// the diagonal, which cannot matter, to save time.
func distance(a, b []rune, limit int) int {
	tooFar := limit + 1
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return tooFar
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = min(j, tooFar)
	}
	for i := 1; i <= len(a); i++ {
		from, to := max(1, i-limit), min(len(b), i+limit)
		diagonal := row[from-1]
		row[from-1] = tooFar
		if from == 1 {
			row[0] = min(i, tooFar)
		}
		best := row[from-1]
		for j := from; j <= to; j++ {
			above := row[j]
			if j == i+limit {
				above = tooFar // outside the previous row's band
			}
			change := diagonal
			if a[i-1] != b[j-1] {
				change++
			}
			diagonal = row[j]
			row[j] = min(change, above+1, row[j-1]+1, tooFar)
			best = min(best, row[j])
		}
		if best > limit {
			return tooFar
		}
	}
	return row[len(b)]
}
