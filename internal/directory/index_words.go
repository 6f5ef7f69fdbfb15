package directory

import (
	_ "embed"
	"slices"
	"strings"
	"unicode/utf8"
)

// words are all words of names, each once.
type words struct {
	list   []word
	byText map[string]uint32
	// begin has the words by how they begin, in the order of their texts, so that those with
	// a prefix are side by side.
	begin map[string][]uint32
	alike map[uint32][]uint32 // words by sound
	free  []uint32            // numbers in list that are not used
}

// word is a word of names.
type word struct {
	text   string
	sound  uint32
	people []uint32 // who has it, in ascending order
}

func newWords() words {
	return words{byText: make(map[string]uint32), begin: make(map[string][]uint32), alike: make(map[uint32][]uint32)}
}

func (w *words) of(of wordOf) *word { return &w.list[of.number()] }

// number gives the number of a word, a new one for a new word.
func (w *words) number(text []byte) uint32 {
	if n, ok := w.byText[string(text)]; ok {
		return n
	}
	added := word{text: string(text), sound: sound(text)}
	n := uint32(len(w.list))
	if last := len(w.free) - 1; last >= 0 {
		n, w.free = w.free[last], w.free[:last]
		w.list[n] = added
	} else {
		w.list = append(w.list, added)
	}
	w.byText[added.text] = n
	begin := beginning(added.text)
	i, _ := w.search(w.begin[begin], added.text)
	w.begin[begin] = slices.Insert(w.begin[begin], i, n)
	if added.sound != 0 {
		w.alike[added.sound] = append(w.alike[added.sound], n)
	}
	return n
}

// forget removes a word that nobody has any more: the name of somebody who was erased does not
// stay, and memory does not grow with every change.
func (w *words) forget(n uint32) {
	gone, begin := w.list[n], beginning(w.list[n].text)
	delete(w.byText, gone.text)
	i, _ := w.search(w.begin[begin], gone.text)
	if w.begin[begin] = slices.Delete(w.begin[begin], i, i+1); len(w.begin[begin]) == 0 {
		delete(w.begin, begin)
	}
	if gone.sound != 0 {
		like := w.alike[gone.sound]
		i := slices.Index(like, n)
		if w.alike[gone.sound] = slices.Delete(like, i, i+1); len(like) == 1 {
			delete(w.alike, gone.sound)
		}
	}
	w.list[n] = word{}
	w.free = append(w.free, n)
}

// knows reports whether a word, or one that sounds like it, is in a name.
func (w *words) knows(text string) bool {
	_, known := w.byText[text]
	return known || len(w.alike[sound([]byte(text))]) > 0
}

func (w *words) search(sorted []uint32, text string) (int, bool) {
	return slices.BinarySearchFunc(sorted, text, func(n uint32, text string) int { return strings.Compare(w.list[n].text, text) })
}

// beginning is the first two characters of a word.
func beginning(text string) string {
	_, first := utf8.DecodeRuneInString(text)
	_, second := utf8.DecodeRuneInString(text[first:])
	return text[:first+second]
}

// withPrefix gives the words that begin with a prefix of two characters or more, the prefix
// itself first.
func (w *words) withPrefix(prefix string) []uint32 {
	sorted := w.begin[beginning(prefix)]
	from, _ := w.search(sorted, prefix)
	sorted = sorted[from:]
	to, _ := slices.BinarySearchFunc(sorted, prefix, func(n uint32, prefix string) int {
		if strings.HasPrefix(w.list[n].text, prefix) {
			return -1
		}
		return 1
	})
	return sorted[:to]
}

//go:embed index_variants.txt
var variantsText string

// variants has the groups of names that are one name, and the groups of each name.
var variants = func() (v struct {
	groups [][]string
	of     map[string][]int
}) {
	v.of = make(map[string][]int)
	for line := range strings.Lines(variantsText) {
		if group := strings.Fields(line); len(group) > 0 && group[0] != "#" {
			for _, name := range group {
				v.of[name] = append(v.of[name], len(v.groups))
			}
			v.groups = append(v.groups, group)
		}
	}
	return v
}()
