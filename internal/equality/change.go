package equality

// Change is what a merge patch says of one member: nothing (the zero Change),
// that it is removed, or its new value.
type Change[T any] struct {
	action action
	value  T
}

type action uint8

const (
	keep action = iota
	remove
	set
	unusable // sent, but not valid: it changes nothing, and rules about it are moot
	clearing // of a text: it goes where it says something, and "" stays
)

// Set gives the change to value.
func Set[T any](value T) Change[T] { return Change[T]{set, value} }

// Remove gives the change that removes the member, which JSON writes as null.
func Remove[T any]() Change[T] { return Change[T]{action: remove} }

// IsZero says whether the patch says nothing of the member.
func (c Change[T]) IsZero() bool { return c.action == keep }

// Removes says whether the member is removed.
func (c Change[T]) Removes() bool { return c.action == remove }

// Value gives the new value, and whether there is one.
func (c Change[T]) Value() (T, bool) { return c.value, c.action == set }

// Apply makes the change to member.
func (c Change[T]) Apply(member *T) {
	if c.action == set || c.action == remove {
		*member = c.value
	}
}
