package equality

import "strings"

// parts are the parts of a record when two records of one person become one: its members. A
// text goes with its code, and counts by itself only where the codes are the same.
var parts = func() (parts Parts[Record]) {
	byName := make(map[string]Part[Record], len(members))
	for _, m := range members {
		byName[m.Name] = m
	}
	for _, p := range members {
		text, coded := byName[p.Name+ifOther]
		code, isText := byName[strings.TrimSuffix(p.Name, ifOther)]
		same, copy := p.Same, p.Copy
		switch {
		case coded:
			p.Copy = func(to, from *Record) { copy(to, from); text.Copy(to, from) }
			p.Whole = func(a, b *Record) bool { return same(a, b) && text.Same(a, b) }
		case isText && code.Name != p.Name:
			p.Counts = code.Same
			p.Whole = func(a, b *Record) bool { return same(a, b) && code.Same(a, b) }
		}
		parts = append(parts, p)
	}
	return parts
}()

// bare returns the record without what makes no difference when records become one: empty
// texts, and the spelling of the National Insurance number.
func (r Record) bare() Record {
	for _, text := range r.texts() {
		if text.String() == "" {
			*text = Text{}
		}
	}
	r.NINOAsSent = ""
	return r
}

// Differing returns the names of the members that two records of one person both have and
// that differ, in document order: somebody has to choose between them. A text stands there
// only where both have the same code.
func Differing(a, b Record) []string { return parts.Differing(a.bare(), b.bare()) }

// Merge returns the record with what it lacks of another. Of the members that differ, take
// says whether to take the other's.
func (r Record) Merge(from Record, take func(member string) bool) Record {
	bare := r.bare()
	merged, _ := r.with(from, Diff(bare, parts.Merge(bare, from.bare(), take)))
	return merged
}

// Unmerge undoes what a merge made of the record, which had been before and then merged:
// each member that the merge changed becomes what it was before, unless it has changed since.
// kept names those.
func (r Record) Unmerge(before, merged Record) (next Record, kept []string) {
	return parts.Unmerge(r, before, merged)
}
