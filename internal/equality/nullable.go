package equality

// Nullable is what a merge patch says about one member. The member is absent (the
// zero Nullable), null, which removes it, or has a new value.
type Nullable[T any] struct {
	state state
	value T
}

type state uint8

const (
	absent state = iota
	null
	set
	unusable // sent but not valid: it changes nothing, and no rule checks it
	clearing // of a text: remove it unless it is ""
)

// Set returns a new value.
func Set[T any](value T) Nullable[T] { return Nullable[T]{set, value} }

// Null removes the member.
func Null[T any]() Nullable[T] { return Nullable[T]{state: null} }

// IsZero says whether the member is absent.
func (n Nullable[T]) IsZero() bool { return n.state == absent }

// IsNull says whether the patch removes the member.
func (n Nullable[T]) IsNull() bool { return n.state == null }

// Value returns the new value, and whether there is one.
func (n Nullable[T]) Value() (T, bool) { return n.value, n.state == set }

// Apply changes member.
func (n Nullable[T]) Apply(member *T) {
	if n.state == set || n.state == null {
		*member = n.value
	}
}
