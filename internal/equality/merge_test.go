package equality_test

import (
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/equality"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func stays(string) bool { return false }

// said is a document without empty texts, which make no difference between two records.
func said(document tree) tree {
	left := make(tree)
	for name, value := range document {
		if inner, ok := value.(tree); ok {
			value = said(inner)
		}
		if value != "" {
			left[name] = value
		}
	}
	return prune(left)
}

// TestMergedMembersAreOfOneSide checks what becomes of two records: each member, and each
// code with its text, is as one of them has it, and as was chosen where both have one.
func TestMergedMembersAreOfOneSide(t *testing.T) {
	t.Parallel()
	memberNames := names(t, []byte(document(full)))[2:] // without the identifiers
	rapid.Check(t, func(t *rapid.T) {
		into, intoTree := drawRecord(t)
		from, fromTree := drawRecord(t)
		differing := equality.Differing(from, into)
		if d := cmp.Diff(differing, equality.Differing(into, from)); d != "" {
			t.Errorf("not the same from both sides: %s", d)
		}
		taken := make(map[string]bool)
		for _, name := range differing {
			taken[name] = rapid.Bool().Draw(t, "take "+name)
		}
		merged := into.Merge(from, func(name string) bool {
			if !slices.Contains(differing, name) {
				t.Errorf("asked for %s, which does not differ", name)
			}
			return taken[name]
		})
		got, of := said(asTree(t, merged)), map[bool]tree{false: said(intoTree), true: said(fromTree)}
		for _, name := range memberNames {
			code := strings.TrimSuffix(name, "IfOther")
			a, inFrom := of[true][name]
			b, inInto := of[false][name]
			differ := inFrom && inInto && !cmp.Equal(a, b) && (code == name || cmp.Equal(of[true][code], of[false][code]))
			if differ != slices.Contains(differing, name) {
				t.Errorf("%s differs: %v", name, differ)
			}
			side, known := taken[name], differ
			if !known && code != name && !cmp.Equal(of[true][code], of[false][code]) { // the text goes with its code
				_, codeInto := of[false][code]
				side, known = taken[code] || !codeInto, true
			}
			if !known {
				side = !inInto
			}
			if !cmp.Equal(got[name], of[side][name]) {
				t.Errorf("%s is not that of side %v", name, side)
			}
		}
		if merged.ID != into.ID || merged.TargetID != into.TargetID {
			t.Error("the merged record has other ids")
		}
		if d := equality.Diff(into, into.Merge(into, stays)); d != nil || equality.Differing(into, into) != nil {
			t.Errorf("a record merged with itself differs in %v", d)
		}
	})
}

// TestUnmergeUndoesMerge checks that members go back, but for those changed since, and that
// those are named.
func TestUnmergeUndoesMerge(t *testing.T) {
	t.Parallel()
	rules := newRules(t)
	rapid.Check(t, func(t *rapid.T) {
		before, _ := drawRecord(t)
		from, _ := drawRecord(t)
		merged := before.Merge(from, func(string) bool { return rapid.Bool().Draw(t, "take") })
		back, kept := merged.Unmerge(before, merged)
		if d := diff(before, back); d != "" || kept != nil {
			t.Fatalf("not as it was; kept %v: %s", kept, d)
		}

		p, err := rules.DecodePatch(encode(t, drawPatch(t)), today)
		if err != nil {
			t.Fatal(err.(*equality.InvalidError).Failures)
		}
		now := p.Apply(merged)
		next, kept := now.Unmerge(before, merged)
		brought, since := equality.Diff(before, merged), equality.Diff(merged, now)
		for _, name := range equality.Diff(equality.Record{}, now) {
			code := strings.TrimSuffix(name, "IfOther")
			changed := slices.Contains(since, name) || slices.Contains(since, code) || slices.Contains(since, name+"IfOther")
			want := before
			if changed || !slices.Contains(brought, name) && !slices.Contains(brought, code) {
				want = now
			}
			if slices.Contains(equality.Diff(want, next), name) {
				t.Errorf("%s, changed since: %v, is neither kept nor as it was", name, changed)
			}
		}
		for _, name := range kept {
			if !slices.Contains(brought, name) {
				t.Errorf("%s is kept, and was not merged in", name)
			}
		}
	})
}

// A number that two front ends spelled differently is one number.
func TestSpellingOfANumberIsNoDifference(t *testing.T) {
	t.Parallel()
	a, b := stored(t, `"nationalInsuranceNumber":"QQ123456C"`), stored(t, `"nationalInsuranceNumber":"QQ123456C"`)
	a.NINOAsSent, b.NINOAsSent = "qq 12 34 56 c", "QQ 123456C"
	if d := equality.Differing(a, b); d != nil {
		t.Errorf("%v differ", d)
	}
	if merged := b.Merge(a, stays); merged.NINOAsSent != b.NINOAsSent {
		t.Error("the spelling does not stay")
	}
	if merged := stored(t, "").Merge(a, stays); merged.NINOAsSent != a.NINOAsSent || merged.NationalInsuranceNumber == "" {
		t.Error("the spelling does not go with the number")
	}
}
