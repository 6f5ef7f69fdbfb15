package directory

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// search is a query while it is answered.
type search struct {
	*Index
	Query
	readings []reading
	loose    bool // words nearly right fit too
	terms    map[string]*term
	sets     []*numberSet // to be released
}

// reading is the words of a query in one of the ways that it can be read: "o brien" may be one
// word or two.
type reading struct {
	terms   []*term
	longest []int // places in terms, the longest word first
}

// term is a word of a query, and the words of names that fit it.
type term struct {
	text  string
	equal uint32 // number of the same word, or none
	fits  *numberSet
	// alike has those of fits that are neither the same nor begin so, with what they cost; if
	// the search is loose, also words looked at that are not in fits.
	alike map[uint32]uint8
	// people have a word that fits; nil if they are too many to help.
	people *numberSet
}

const (
	none = ^uint32(0)

	fitPrefix  = uint8(1)
	fitVariant = uint8(8) // and for a sound-alike also the distance
	fitNear    = uint8(30)
	noFit      = uint8(255)

	// tooMany is how many mentions of a word make a list of them useless for the search.
	tooMany = 150_000
)

// courtesies may stand before a name.
var courtesies = wordSet("mr mrs ms miss mx dr")

// MaxWords is how many words the name of a query can have.
const MaxWords = 10

// queryWords are the words of a query's name, none twice.
func queryWords(name string) []string {
	var list []string
	for _, part := range split(nil, fold(nil, name)) {
		if text := string(part.text); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	if len(list) > 1 && courtesies[list[0]] {
		list = list[1:]
	}
	return list
}

func (x *Index) newSearch(q Query) *search {
	s := &search{Index: x, Query: q, terms: make(map[string]*term)}
	words := queryWords(q.Name)
	words = words[:min(len(words), MaxWords)]
	if len(words) == 0 {
		return s
	}
	s.read(words)
	for i, word := range words {
		if i > 0 {
			if one := words[i-1] + word; particles[words[i-1]] || x.words.knows(one) {
				s.read(slices.Concat(words[:i-1], []string{one}, words[i+1:]))
			}
		}
		for size := leastParticle; size < len(word); size++ {
			if begin, rest := word[:size], word[size:]; particles[begin] && x.words.knows(rest) {
				s.read(slices.Concat(words[:i], []string{begin, rest}, words[i+1:]))
			}
		}
	}
	if all := strings.Join(words, ""); len(words) > 2 && len(words) <= maxJoined && x.words.knows(all) {
		s.read([]string{all})
	}
	return s
}

// leastParticle is the length of the shortest particle that a word is split behind.
const leastParticle = 3

// read adds a reading.
func (s *search) read(words []string) {
	var r reading
	for i, word := range words {
		t, ok := s.terms[word]
		if !ok {
			t = s.newTerm(word)
			s.terms[word] = t
		}
		r.terms, r.longest = append(r.terms, t), append(r.longest, i)
	}
	slices.SortStableFunc(r.longest, func(i, j int) int { return len(words[j]) - len(words[i]) })
	s.readings = append(s.readings, r)
}

// newTerm finds the words that fit a word.
func (s *search) newTerm(text string) *term {
	words := &s.Index.words
	t := &term{text: text, equal: none, fits: s.set(len(words.list)), alike: make(map[uint32]uint8)}
	if n, ok := words.byText[text]; ok {
		t.equal = n
		t.fits.add(n)
	}
	if isInitial(text) {
		for begin, list := range words.begin {
			if strings.HasPrefix(begin, text) {
				t.fits.add(list...)
			}
		}
		return t
	}
	var list []uint32
	if syllable([]byte(text)) {
		if t.equal != none {
			list = append(list, t.equal)
		}
	} else {
		list = slices.Clone(words.withPrefix(text))
	}
	t.fits.add(list...)
	like := func(n uint32, cost uint8) {
		if !t.fits.has(n) {
			t.fits.add(n)
			t.alike[n] = cost
			list = append(list, n)
		}
	}
	for _, group := range variants.of[text] {
		for _, name := range variants.groups[group] {
			if n, ok := words.byText[name]; ok {
				like(n, fitVariant)
			}
		}
	}
	if sound := sound([]byte(text)); sound != 0 {
		for _, n := range words.alike[sound] {
			like(n, fitVariant+uint8(distance(text, words.list[n].text)))
		}
	}
	mentions := 0
	for _, n := range list {
		mentions += len(words.list[n].people)
	}
	if mentions > tooMany {
		return t
	}
	t.people = s.set(len(s.people))
	for _, n := range list {
		t.people.add(words.list[n].people...)
	}
	return t
}

// isInitial reports whether a word is a letter that only says how a name begins.
func isInitial(word string) bool { return utf8.RuneCountInString(word) == 1 && !syllable([]byte(word)) }

// fit is what it costs to take a word of a name for a word of the query.
func (s *search) fit(t *term, n uint32) uint8 {
	switch {
	case n == t.equal:
		return 0
	case t.fits.has(n):
		if cost, ok := t.alike[n]; ok {
			return cost
		}
		return fitPrefix
	case !s.loose:
		return noFit
	}
	cost, ok := t.alike[n]
	if !ok {
		cost = noFit
		if d := distance(t.text, s.words.list[n].text); d <= nearEnough(t.text) {
			cost = fitNear + uint8(d)
		}
		t.alike[n] = cost
	}
	return cost
}

// selective reports whether a name says enough to look for it.
func (s *search) selective() bool {
	return len(s.readings) > 0 && slices.ContainsFunc(s.readings[0].terms, func(t *term) bool { return t.people != nil })
}

// numbersOf gives the numbers of those who are in the index.
func (s *search) numbersOf(ids []uuid.UUID) (numbers []uint32) {
	for _, id := range ids {
		if n, known := s.byID.find(s.people, id); known {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// candidates are all who may match; ok is false if they are too many to compare.
func (s *search) candidates() (among *numberSet, ok bool) {
	var others []*numberSet // what is asked for besides the name
	only := func(numbers ...uint32) {
		set := s.set(len(s.people))
		set.add(numbers...)
		others = append(others, set)
	}
	if s.Only != nil {
		only(s.numbersOf(s.Only)...)
	}
	if s.ID != uuid.Nil {
		only(s.numbersOf([]uuid.UUID{s.ID})...)
	}
	if !s.DateOfBirth.IsZero() {
		only(s.born[s.DateOfBirth]...)
	}
	among = s.set(len(s.people))
	if len(s.readings) == 0 || s.loose && len(others) > 0 {
		among.addCommon(others)
		return among, among.len() <= maxRanked
	}
	for _, r := range s.readings {
		sets := slices.Clone(others)
		for _, t := range r.terms {
			if t.people != nil {
				sets = append(sets, t.people)
			}
		}
		if !s.loose {
			among.addCommon(sets)
			continue
		}
		for i := range sets { // one word may be nearly right
			among.addCommon(slices.Delete(slices.Clone(sets), i, i+1))
		}
	}
	return among, among.len() <= maxRanked
}
