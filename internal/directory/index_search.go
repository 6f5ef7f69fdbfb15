package directory

import (
	"maps"
	"slices"

	"github.com/google/uuid"
)

// Found are the people whom a search found, the best first, and how many match in all.
type Found struct {
	Hits  []Hit
	Total int
}

// Hit is a person found.
type Hit struct {
	ID uuid.UUID
	// Exact says that every word of the name is one of the person's, or begins one.
	Exact bool
}

// BroadError means that more people match, and as well, than can be shown.
type BroadError struct {
	Add string // the term to add, or to make longer
}

func (e *BroadError) Error() string { return "too many people match equally well" }

// maxRanked is how many people a search compares at most.
const maxRanked = 20_000

// mismatch is how far a person is from what was asked: a class, and a cost within it.
type mismatch uint32

const (
	equalNames mismatch = iota << 16 // every word of the query is one of the person's
	prefixes                         // every word is, or begins one
	similar
	noMatch
	classes = 16 // bits that a class is shifted
)

// candidate is a person who matches.
type candidate struct {
	mismatch mismatch
	number   uint32
}

// Search finds the people who match a query, at most so many. Error: a BroadError.
func (x *Index) Search(q Query, most int) (Found, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := x.newSearch(q)
	defer s.release()
	if q.Only == nil && q.ID == uuid.Nil && q.DateOfBirth.IsZero() && !s.selective() {
		return Found{}, s.broad()
	}
	best, counts, ok := s.run(most)
	if !ok {
		return Found{}, s.broad()
	}
	// Words nearly right are only looked for where few people are compared, or nobody was found.
	if counts[0]+counts[1] == 0 && (counts[2] == 0 || !q.DateOfBirth.IsZero()) {
		s.loose = true
		if near, more, ok := s.run(most); ok {
			best, counts = near, more
		}
	}
	for _, n := range counts {
		if n > most {
			return Found{}, s.broad()
		}
		if n > 0 {
			break
		}
	}
	found := Found{Total: counts[0] + counts[1] + counts[2]}
	for _, c := range best {
		found.Hits = append(found.Hits, Hit{x.people[c.number].id, c.mismatch < similar})
	}
	return found, nil
}

// broad says what would make the query narrower.
func (s *search) broad() error {
	if s.DateOfBirth.IsZero() && slices.ContainsFunc(slices.Collect(maps.Keys(s.terms)), func(word string) bool { return !isInitial(word) }) {
		return &BroadError{"dateOfBirth"}
	}
	return &BroadError{"name"}
}

// run compares all who may match: the best, and how many there are of each class. ok is false if they
// are too many to compare.
func (s *search) run(most int) (best []candidate, counts [3]int, ok bool) {
	among, ok := s.candidates()
	if !ok {
		return nil, counts, false
	}
	for number := range among.all() {
		c := candidate{s.mismatchOf(s.people[number]), number}
		if c.mismatch >= noMatch {
			continue
		}
		counts[c.mismatch>>classes]++
		if len(best) == most && c.mismatch >= best[most-1].mismatch {
			continue
		}
		i, _ := slices.BinarySearchFunc(best, c.mismatch, func(b candidate, m mismatch) int {
			if b.mismatch <= m {
				return -1
			}
			return 1
		})
		if best = slices.Insert(best, i, c); len(best) > most {
			best = best[:most]
		}
	}
	return best, counts, true
}

// mismatchOf is a person's, by the reading of the query's name that fits best.
func (s *search) mismatchOf(e entry) mismatch {
	if !s.DateOfBirth.IsZero() && e.born != s.DateOfBirth || s.Year != 0 && e.born.Year() != s.Year {
		return noMatch
	}
	if len(s.readings) == 0 {
		return equalNames
	}
	best := noMatch
	for _, r := range s.readings {
		best = min(best, s.mismatchIn(e, r))
	}
	return best
}

const (
	maxListed    = 64 // words of a person that are compared
	costOrder    = 1  // the surname is not the last word
	costHidden   = 6
	costMissing  = 100
	mayBeMissing = 3 // words that a name must have so that one may be missing, if nobody fits
)

// mismatchIn is a person's by one reading: each word takes the person's word that fits best, the
// longest first.
func (s *search) mismatchIn(e entry, r reading) mismatch {
	list := s.wordsOf(e)
	list = list[:min(len(list), maxListed)]
	var taken uint64
	class, cost := equalNames, mismatch(0)
	var inLast, inFirst bool
	missing := s.loose && len(r.terms) >= mayBeMissing
	for _, i := range r.longest {
		t, at, least := r.terms[i], -1, noFit
		for j, w := range list {
			if taken&(1<<j) != 0 {
				continue
			}
			fit := s.fit(t, w.number())
			if w&hidden != 0 && fit < noFit {
				fit += costHidden
			}
			if fit < least {
				at, least = j, fit
			}
		}
		if at < 0 {
			if !missing {
				return noMatch
			}
			missing, class, cost = false, similar, cost+costMissing
			continue
		}
		taken |= 1 << at
		cost += mismatch(least)
		switch {
		case least > fitPrefix:
			class = similar
		case least > 0:
			class = max(class, prefixes)
		}
		surname := list[at]&inSurname != 0
		inLast = inLast || surname && i == len(r.terms)-1
		inFirst = inFirst || surname && i == 0
	}
	if len(r.terms) > 1 && (!inLast || inFirst) {
		cost += costOrder
	}
	return class + cost
}
