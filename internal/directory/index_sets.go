package directory

import (
	"iter"
	"math/bits"
	"slices"
	"sync"
)

// numberSet is a set of small numbers.
type numberSet struct {
	bits []uint64
}

var numberSets = sync.Pool{New: func() any { return new(numberSet) }}

// set gives an empty set for numbers below a length, until the search is released.
func (s *search) set(length int) *numberSet {
	n := numberSets.Get().(*numberSet)
	n.bits = slices.Grow(n.bits[:0], (length+63)/64)[:(length+63)/64]
	clear(n.bits)
	s.sets = append(s.sets, n)
	return n
}

func (s *search) release() {
	for _, n := range s.sets {
		numberSets.Put(n)
	}
}

func (n *numberSet) add(numbers ...uint32) {
	for _, i := range numbers {
		n.bits[i/64] |= 1 << (i % 64)
	}
}

func (n *numberSet) has(i uint32) bool { return n.bits[i/64]&(1<<(i%64)) != 0 }

// addCommon adds the numbers that are in all of the sets, none if there are no sets.
func (n *numberSet) addCommon(sets []*numberSet) {
	if len(sets) == 0 {
		return
	}
	for i := range n.bits {
		common := sets[0].bits[i]
		for _, set := range sets[1:] {
			common &= set.bits[i]
		}
		n.bits[i] |= common
	}
}

func (n *numberSet) len() (count int) {
	for _, b := range n.bits {
		count += bits.OnesCount64(b)
	}
	return count
}

// all yields the numbers in ascending order.
func (n *numberSet) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, b := range n.bits {
			for ; b != 0; b &= b - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(b))) {
					return
				}
			}
		}
	}
}
