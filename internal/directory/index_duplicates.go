package directory

import (
	"bytes"
	"cmp"
	"hash/fnv"
	"slices"

	"equality-information-api/internal/equality"

	"github.com/google/uuid"
)

// Pair is two entries that may be of one person.
type Pair struct{ A, B uuid.UUID }

// Place is how far a walk over pairs has come; the zero Place is its beginning.
type Place struct {
	Born equality.Date
	Key  nameKey
	Pair Pair
}

const (
	// maxBorn is how many people can have one date of birth. More have it because theirs is
	// not known, and it says nothing.
	maxBorn = 10_000
	// maxKeys is how many keys a person's names have at most.
	maxKeys = 32
	// compared is how many people and pairs one call looks at, about.
	compared = 50_000
)

// Alike gives up to so many pairs of people behind a place who have one date of birth, and a
// first name and a surname that sound alike or are forms of one name, in either order. It does
// so much work and no more: there may be none, although there are more. next is where to go
// on; more is false at the end.
func (x *Index) Alike(after Place, limit int) (pairs []Pair, next Place, more bool) {
	budget := compared
	for _, born := range x.datesFrom(after.Born) {
		if born != after.Born {
			after = Place{Born: born}
		}
		if budget <= 0 {
			return pairs, after, true
		}
		groups, looked := x.groups(born)
		budget -= looked
		for _, g := range groups {
			if after.Key != g.key {
				if compareKeys(g.key, after.Key) < 0 {
					continue
				}
				after = Place{Born: born, Key: g.key}
			}
			from, _ := slices.BinarySearchFunc(g.members, after.Pair.A, func(m likely, id uuid.UUID) int { return compareIDs(m.id, id) })
			for i, a := range g.members[from:] {
				for _, b := range g.members[from+i+1:] {
					pair := Pair{a.id, b.id}
					if pair.compare(after.Pair) <= 0 {
						continue
					}
					if len(pairs) == limit || budget <= 0 {
						return pairs, after, true
					}
					after.Pair = pair
					if budget--; leastCommon(a.keys, b.keys) == g.key { // otherwise it is in another group too
						pairs = append(pairs, pair)
					}
				}
			}
		}
	}
	return pairs, after, false
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

func (p Pair) compare(q Pair) int { return cmp.Or(compareIDs(p.A, q.A), compareIDs(p.B, q.B)) }

// datesFrom are the dates of birth from one on, in order.
func (x *Index) datesFrom(first equality.Date) (dates []equality.Date) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for born, people := range x.born {
		if born.Compare(first) >= 0 && len(people) > 1 && len(people) <= maxBorn {
			dates = append(dates, born)
		}
	}
	slices.SortFunc(dates, equality.Date.Compare)
	return dates
}

// nameKey stands for a first name and a surname, in either order, as they sound.
type nameKey [2]uint32

func compareKeys(a, b nameKey) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }

// likely is a person in a group.
type likely struct {
	id   uuid.UUID
	keys []nameKey // in ascending order
}

// group is people with names that sound alike, by id.
type group struct {
	key     nameKey
	members []likely
}

// groups are the people of one date of birth who have a key in common, by key.
func (x *Index) groups(born equality.Date) (groups []group, looked int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	byKey := make(map[nameKey][]likely)
	for _, number := range x.born[born] {
		m := likely{x.people[number].id, x.keys(x.people[number])}
		for _, key := range m.keys {
			byKey[key] = append(byKey[key], m)
		}
	}
	for key, members := range byKey {
		if len(members) > 1 {
			slices.SortFunc(members, func(a, b likely) int { return compareIDs(a.id, b.id) })
			groups = append(groups, group{key, members})
		}
	}
	slices.SortFunc(groups, func(a, b group) int { return compareKeys(a.key, b.key) })
	return groups, len(x.born[born])
}

// keys are the keys of a person's names. They are the same in every process.
func (x *Index) keys(e entry) (keys []nameKey) {
	var first, last []uint32
	for _, w := range x.wordsOf(e) {
		if w&inFirst != 0 {
			first = append(first, x.words.of(w).likenesses()...)
		}
		if w&inSurname != 0 {
			last = append(last, x.words.of(w).likenesses()...)
		}
	}
	for _, f := range first {
		for _, l := range last {
			if len(keys) < maxKeys {
				keys = append(keys, nameKey{min(f, l), max(f, l)})
			}
		}
	}
	slices.SortFunc(keys, compareKeys)
	return slices.Compact(keys)
}

// likenesses stand for how a word sounds, and for the name that it is a form of.
func (w *word) likenesses() []uint32 {
	like := []uint32{w.sound}
	if w.sound == 0 { // in another script: as it is written
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(w.text)) // never fails
		like[0] = hash.Sum32()
	}
	for _, group := range variants.of[w.text] {
		like = append(like, uint32(group)+1) // 0 is no likeness
	}
	return like
}

// AreAlike reports whether two people are such a pair.
func (x *Index) AreAlike(a, b uuid.UUID) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	i, knownA := x.byID.find(x.people, a)
	j, knownB := x.byID.find(x.people, b)
	if !knownA || !knownB {
		return false
	}
	one, other := x.people[i], x.people[j]
	return !one.born.IsZero() && one.born == other.born && leastCommon(x.keys(one), x.keys(other)) != nameKey{}
}

// leastCommon is the least key that two people have in common.
func leastCommon(a, b []nameKey) (least nameKey) {
	for _, key := range a {
		if _, ok := slices.BinarySearchFunc(b, key, compareKeys); ok {
			return key
		}
	}
	return least
}
