package directory

import "equality-information-api/internal/equality"

// parts are the parts of an entry when two entries of one person become one.
var parts = func() (parts equality.Parts[Person]) {
	for _, m := range members {
		parts = append(parts, m.Part)
	}
	return parts
}()

// MemberNames are the names of the members of an entry other than its ids, in the order of
// encoding.
func MemberNames() (names []string) {
	for _, m := range members {
		names = append(names, m.Name)
	}
	return names
}

// Differing returns the names of the members that two entries of one person both have and
// that differ, in the order of encoding: somebody has to choose between them.
func Differing(a, b Person) []string { return parts.Differing(a, b) }

// Merge returns the entry with what it lacks of another. Of the members that differ, take
// says whether to take the other's. The dates of both may not go together.
func (p Person) Merge(from Person, take func(member string) bool) Person {
	return parts.Merge(p, from, take)
}

// Unmerge undoes what a merge made of the entry, which had been before and then merged:
// each member that the merge changed becomes what it was before, unless it has changed since.
// kept names those.
func (p Person) Unmerge(before, merged Person) (next Person, kept []string) {
	return parts.Unmerge(p, before, merged)
}
