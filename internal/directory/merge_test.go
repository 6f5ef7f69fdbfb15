package directory_test

import (
	"slices"
	"testing"

	"equality-information-api/internal/directory"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"
)

func tree(t *rapid.T, p directory.Person) (members map[string]any) {
	if err := json.Unmarshal(p.Encode(), &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// TestTwoEntriesBecomeOneAndTwoAgain checks each member of the merged entry, and that
// unmerging takes back exactly what the merge brought and nobody has changed since.
func TestTwoEntriesBecomeOneAndTwoAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		into, from, other := drawPerson(t), drawPerson(t), drawPerson(t)
		differing := directory.Differing(from, into)
		takes := make(map[string]bool)
		merged := into.Merge(from, func(member string) bool {
			if !slices.Contains(differing, member) {
				t.Errorf("asked for %s", member)
			}
			takes[member] = rapid.Bool().Draw(t, "take "+member)
			return takes[member]
		})
		a, b, got := tree(t, from), tree(t, into), tree(t, merged)
		for _, name := range directory.MemberNames() {
			want := b[name]
			if want == nil || takes[name] {
				want = a[name]
			}
			differ := a[name] != nil && b[name] != nil && a[name] != b[name]
			if got[name] != want || differ != slices.Contains(differing, name) {
				t.Errorf("%s: differs %v, taken %v: wrong", name, differ, takes[name])
			}
		}
		if merged.ID != into.ID || len(takes) != len(differing) {
			t.Error("another id, or not every member that differs was asked for")
		}

		now := merged
		if rapid.Bool().Draw(t, "changed since") {
			now = other
		}
		next, kept := now.Unmerge(into, merged)
		m, n, was := tree(t, now), tree(t, next), tree(t, merged)
		for _, name := range directory.MemberNames() {
			brought, changed := was[name] != b[name], m[name] != was[name]
			want := m[name]
			if brought && !changed {
				want = b[name]
			}
			if n[name] != want || slices.Contains(kept, name) != (brought && changed) {
				t.Errorf("%s: merged in %v, changed since %v: wrong", name, brought, changed)
			}
		}
	})
}
