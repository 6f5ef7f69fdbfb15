package directory

import (
	"hash/maphash"
	"math"
	"slices"
	"sync"

	"equality-information-api/internal/equality"

	"github.com/google/uuid"
)

// Index finds people by what they say of themselves. It is in memory alone. It keeps every
// word of a name once, with the people who have it, and for each person the words: some 90
// bytes a person among a million. Any number of goroutines may use it.
type Index struct {
	mu     sync.RWMutex
	words  words
	people []entry
	free   []uint32 // numbers in people that are not used
	byID   numbers
	born   map[equality.Date][]uint32 // in ascending order
	// lists has the words of all people, one after another; gaps are the places that are not
	// used, by length.
	lists []wordOf
	gaps  map[uint16][]uint32
	// scratch is for the words of the person being put.
	scratch struct {
		folded, joined []byte
		parts          []part
		list           []wordOf
	}
}

// entry is a person in the index.
type entry struct {
	id   uuid.UUID
	born equality.Date
	at   uint32 // of the words in lists
	n    uint16
}

// wordOf is a word of a person's name: its number, and what it is.
type wordOf uint32

const (
	inFirst wordOf = 1 << iota
	inSurname
	hidden // a given name that a preferred one replaces
	joined // several words of a name as one
)

const flags = 4 // bits of a wordOf that say what it is

func (w wordOf) number() uint32 { return uint32(w >> flags) }

// NewIndex returns an index without people.
func NewIndex() *Index {
	return &Index{
		words: newWords(), byID: numbers{seed: maphash.MakeSeed()},
		born: make(map[equality.Date][]uint32), gaps: make(map[uint16][]uint32),
	}
}

// Len returns how many people are in the index.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.len()
}

func (x *Index) len() int { return len(x.people) - len(x.free) }

// Put makes a person's entry found, in place of any before.
func (x *Index) Put(p Person) {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := x.listOf(p)
	number, known := x.byID.find(x.people, p.ID)
	switch {
	case known:
		if e := x.people[number]; e.born == p.DateOfBirth && slices.Equal(x.wordsOf(e), list) {
			return
		}
		x.unlink(number)
		list = x.listOf(p) // words that only the person had have new numbers
	case len(x.free) > 0:
		number, x.free = x.free[len(x.free)-1], x.free[:len(x.free)-1]
	default:
		number = uint32(len(x.people))
		x.people = append(x.people, entry{})
	}
	x.people[number] = entry{id: p.ID, born: p.DateOfBirth, at: x.place(list), n: uint16(len(list))}
	if !known {
		x.byID.add(x.people, number)
	}
	x.link(number)
}

// Remove makes a person not found any more.
func (x *Index) Remove(id uuid.UUID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	number, known := x.byID.find(x.people, id)
	if !known {
		return
	}
	x.unlink(number)
	x.byID.remove(x.people, number)
	x.people[number] = entry{}
	x.free = append(x.free, number)
}

// link puts a person on all lists.
func (x *Index) link(number uint32) {
	e := x.people[number]
	for _, w := range x.wordsOf(e) {
		word := x.words.of(w)
		word.people = insert(word.people, number)
	}
	if !e.born.IsZero() {
		x.born[e.born] = insert(x.born[e.born], number)
	}
}

// unlink takes a person off all lists.
func (x *Index) unlink(number uint32) {
	e := x.people[number]
	for _, w := range x.wordsOf(e) {
		word := x.words.of(w)
		if word.people = without(word.people, number); len(word.people) == 0 {
			x.words.forget(w.number())
		}
	}
	if e.n > 0 {
		x.gaps[e.n] = append(x.gaps[e.n], e.at)
	}
	if e.born.IsZero() {
		return
	}
	if x.born[e.born] = without(x.born[e.born], number); len(x.born[e.born]) == 0 {
		delete(x.born, e.born)
	}
}

func (x *Index) wordsOf(e entry) []wordOf { return x.lists[e.at : e.at+uint32(e.n)] }

// place keeps the words of a person.
func (x *Index) place(list []wordOf) (at uint32) {
	n := uint16(len(list))
	if gaps := x.gaps[n]; n > 0 && len(gaps) > 0 {
		at, x.gaps[n] = gaps[len(gaps)-1], gaps[:len(gaps)-1]
		copy(x.lists[at:], list)
		return at
	}
	x.lists = append(x.lists, list...)
	return uint32(len(x.lists) - len(list))
}

// listOf gives the words of a person's names, valid until the next call: those that are shown
// first, and none twice.
func (x *Index) listOf(p Person) []wordOf {
	s := &x.scratch
	s.list = s.list[:0]
	renamed := p.PreferredFirstName != ""
	for _, name := range [...]struct {
		text   string
		is     wordOf
		spaced bool // it is one name, though it may have blanks
	}{
		{p.PreferredFirstName, inFirst, true},
		{p.FirstName, inFirst | hiddenIf(renamed), true},
		{p.PreferredMiddleName, 0, false},
		{p.MiddleName, hiddenIf(renamed || p.PreferredMiddleName != ""), false},
		{p.PreferredSurname, inSurname, true},
		{p.Surname, inSurname | hiddenIf(p.PreferredSurname != ""), true},
	} {
		if name.text == "" {
			continue
		}
		s.folded = fold(s.folded[:0], name.text)
		s.parts = split(s.parts[:0], s.folded)
		for _, part := range s.parts {
			x.note(part.text, name.is)
		}
		s.joined = joins(s.joined, s.parts, name.spaced, func(word []byte) { x.note(word, name.is|joined) })
	}
	return s.list
}

func hiddenIf(is bool) wordOf {
	if is {
		return hidden
	}
	return 0
}

// note adds a word to the list, unless it is there; one that is shown anywhere is shown.
func (x *Index) note(text []byte, is wordOf) {
	w := wordOf(x.words.number(text))<<flags | is
	for i, other := range x.scratch.list {
		if other.number() == w.number() {
			x.scratch.list[i] = (other|w)&^(hidden|joined) | other&w&(hidden|joined)
			return
		}
	}
	if len(x.scratch.list) < math.MaxUint16 {
		x.scratch.list = append(x.scratch.list, w)
	}
}

// insert adds a number to an ascending list. Most are the highest so far.
func insert(list []uint32, number uint32) []uint32 {
	if n := len(list); n == 0 || list[n-1] < number {
		return append(list, number)
	}
	i, _ := slices.BinarySearch(list, number)
	return slices.Insert(list, i, number)
}

func without(list []uint32, number uint32) []uint32 {
	i, found := slices.BinarySearch(list, number)
	if !found {
		return list
	}
	return slices.Delete(list, i, i+1)
}
