package directory

import "unicode/utf8"

// maxCompared is how many letters of two words are compared.
const maxCompared = 24

// The parts of a distance.
const (
	soft = 1 // a vowel, or a letter that is often not heard
	hard = 2 // a consonant
)

// distance is how far two spellings are apart: the least that it costs to add, remove or
// change letters, or swap two neighbours, to get from one to the other.
func distance(a, b string) int {
	var s, t [maxCompared]rune
	n, m := letterList(s[:], a), letterList(t[:], b)
	var rows [3][maxCompared + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range m {
		last[j+1] = last[j] + weight(t[:], j)
	}
	for i := range n {
		row[0] = last[0] + weight(s[:], i)
		for j := range m {
			change := last[j]
			if s[i] != t[j] {
				change += max(weight(s[:], i), weight(t[:], j))
			}
			least := min(change, last[j+1]+weight(s[:], i), row[j]+weight(t[:], j))
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				least = min(least, before[j-1]+hard)
			}
			row[j+1] = least
		}
		before, last, row = last, row, before
	}
	return last[m]
}

func letterList(dst []rune, word string) (n int) {
	for _, r := range word {
		if n == len(dst) {
			break
		}
		dst[n] = r
		n++
	}
	return n
}

// weight is what a letter costs: little for one that is often heard wrongly or not at all,
// and for the second of two.
func weight(word []rune, i int) int {
	switch r := word[i]; {
	case r < utf8.RuneSelf && isVowel(byte(r)), r == 'h', r == 'w', i > 0 && word[i-1] == r:
		return soft
	}
	return hard
}

// nearEnough is how far a spelling may be from a word to be taken for it.
func nearEnough(word string) int {
	n := utf8.RuneCountInString(word)
	if n < 4 {
		return 0
	}
	return min(n/2, 2*hard)
}
