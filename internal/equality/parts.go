package equality

// Part is a part of a document that is taken whole from one of two documents when they become
// one.
type Part[T any] struct {
	Name string
	// Present says whether a document has the part, and Same whether two have the same.
	Present func(*T) bool
	Same    func(a, b *T) bool
	// Copy copies the part, with what depends on it.
	Copy func(to, from *T)
	// Counts says whether the part counts by itself in two documents: one that depends on
	// another part does so only where the other is the same in both. Nil if it always counts.
	Counts func(a, b *T) bool
	// Whole says whether two documents have the same part and the same of what depends on it,
	// or what it depends on. Nil means Same.
	Whole func(a, b *T) bool
}

// NewPart returns a part that is one comparable member, absent if it is zero.
func NewPart[T any, M comparable](name string, of func(*T) *M) Part[T] {
	var zero M
	return Part[T]{
		Name:    name,
		Present: func(d *T) bool { return *of(d) != zero },
		Same:    func(a, b *T) bool { return *of(a) == *of(b) },
		Copy:    func(to, from *T) { *of(to) = *of(from) },
	}
}

func (p Part[T]) counts(a, b *T) bool { return p.Counts == nil || p.Counts(a, b) }

func (p Part[T]) whole(a, b *T) bool {
	if p.Whole == nil {
		return p.Same(a, b)
	}
	return p.Whole(a, b)
}

// Parts are all parts of a document, in its order.
type Parts[T any] []Part[T]

// Differing returns the names of the parts that both documents have and that differ.
func (parts Parts[T]) Differing(a, b T) (names []string) {
	for _, p := range parts {
		if p.counts(&a, &b) && p.Present(&a) && p.Present(&b) && !p.Same(&a, &b) {
			names = append(names, p.Name)
		}
	}
	return names
}

// Merge returns a document that also has what only the other has. Of the parts that differ,
// take says whether to take the other's.
func (parts Parts[T]) Merge(into, from T, take func(name string) bool) T {
	merged := into
	for _, p := range parts {
		if p.counts(&into, &from) && p.Present(&from) && !p.Same(&into, &from) && (!p.Present(&into) || take(p.Name)) {
			p.Copy(&merged, &from)
		}
	}
	return merged
}

// Unmerge undoes what a merge made of a document: each part that it changed becomes what
// it was before, unless it has changed since; kept names those.
func (parts Parts[T]) Unmerge(now, before, merged T) (next T, kept []string) {
	next = now
	for _, p := range parts {
		switch {
		case !p.counts(&before, &merged) || p.Same(&before, &merged):
		case p.whole(&now, &merged):
			p.Copy(&next, &before)
		default:
			kept = append(kept, p.Name)
		}
	}
	return next, kept
}
