package directory

import (
	"hash/maphash"

	"github.com/google/uuid"
)

// numbers leads from a person's id to the person's number: a hash table with open addressing,
// because a map would take more memory than the names.
type numbers struct {
	seed  maphash.Seed
	slots []uint32 // a number and 1, or 0; its length is a power of 2, or 0
	used  int
}

const leastSlots = 64

func (n *numbers) home(id uuid.UUID) int {
	return int(maphash.Bytes(n.seed, id[:])) & (len(n.slots) - 1)
}

// find gives the number of an id.
func (n *numbers) find(people []entry, id uuid.UUID) (number uint32, known bool) {
	if len(n.slots) == 0 {
		return 0, false
	}
	at := n.slot(people, id)
	return n.slots[at] - 1, n.slots[at] != 0
}

// slot gives the place of an id, or the free one where it would be.
func (n *numbers) slot(people []entry, id uuid.UUID) int {
	at := n.home(id)
	for n.slots[at] != 0 && people[n.slots[at]-1].id != id {
		at = (at + 1) & (len(n.slots) - 1)
	}
	return at
}

// add adds a person who is not in the table. It grows by half at most three quarters full.
func (n *numbers) add(people []entry, number uint32) {
	if n.used*4 >= len(n.slots)*3 {
		old := n.slots
		n.slots = make([]uint32, max(leastSlots, 2*len(old)))
		for _, slot := range old {
			if slot != 0 {
				n.slots[n.slot(people, people[slot-1].id)] = slot
			}
		}
	}
	n.slots[n.slot(people, people[number].id)] = number + 1
	n.used++
}

// remove removes a person who is in the table, and moves those who are behind only because
// the place was taken.
func (n *numbers) remove(people []entry, number uint32) {
	mask := len(n.slots) - 1
	hole := n.slot(people, people[number].id)
	for at := (hole + 1) & mask; n.slots[at] != 0; at = (at + 1) & mask {
		home := n.home(people[n.slots[at]-1].id)
		if (at-home)&mask >= (at-hole)&mask {
			n.slots[hole], hole = n.slots[at], at
		}
	}
	n.slots[hole] = 0
	n.used--
}
