package equality_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/equality"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// drawRecord makes a record and its document.
func drawRecord(t *rapid.T) (equality.Record, tree) {
	document := drawDocument(t)
	r, err := equality.Decode(encode(t, document))
	if err != nil {
		t.Fatal(err)
	}
	return r, document
}

func asTree(t *rapid.T, r equality.Record) tree {
	var document tree
	if err := json.Unmarshal(r.Encode(), &document); err != nil {
		t.Fatal(err)
	}
	return document
}

// keepUnshown is the patch with the elements of lists that no list of codes has, and
// which its sender was therefore not shown. Here they are all "gone".
func keepUnshown(document, patch tree) tree {
	patch = maps.Clone(patch)
	code := func(element any) any {
		if language, ok := element.(tree); ok {
			return language["language"]
		}
		return element
	}
	is := func(wanted any) func(any) bool { return func(e any) bool { return code(e) == wanted } }
	for _, name := range []string{"languages", "communicationRequirements"} {
		sent, changes := patch[name].([]any)
		stored, _ := document[name].([]any)
		if !changes || !slices.ContainsFunc(stored, is("gone")) {
			continue
		}
		shown := slices.DeleteFunc(slices.Clone(stored), is("gone"))
		if cmp.Equal(sent, shown, cmpopts.EquateEmpty()) {
			delete(patch, name)
			continue
		}
		sent = slices.Clone(sent)
		for _, element := range stored {
			if !slices.ContainsFunc(append(shown, sent...), is(code(element))) {
				if name == "languages" {
					element = tree{"language": code(element), "isPrimary": len(sent) == 0}
				}
				sent = append(sent, element)
			}
		}
		patch[name] = sent
	}
	return patch
}

func TestApplyIsMergePatch(t *testing.T) {
	t.Parallel()
	rules := newRules(t)
	rapid.Check(t, func(t *rapid.T) {
		before, document := drawRecord(t)
		patch := drawPatch(t)
		p, err := rules.DecodePatch(encode(t, patch), today)
		if err != nil {
			t.Fatal(err.(*equality.InvalidError).Failures)
		}

		after := p.Apply(before)
		want := prune(mergePatch(document, keepUnshown(document, patch)).(tree))
		if d := cmp.Diff(want, asTree(t, after)); d != "" {
			t.Errorf("not the merge patch: %s", d)
		}
		if d := diff(after, p.Apply(after)); d != "" {
			t.Errorf("not idempotent: %s", d)
		}
		if d := diff(before, (equality.Patch{}).Apply(before)); d != "" {
			t.Errorf("the empty patch changes: %s", d)
		}
		if d := cmp.Diff(document, asTree(t, before)); d != "" {
			t.Errorf("changed in place: %s", d)
		}
	})
}

// TestApplyIsIdempotent also patches single members without their group, so that
// members that depend on them are cleared.
func TestApplyIsIdempotent(t *testing.T) {
	t.Parallel()
	rules := newRules(t)
	rapid.Check(t, func(t *rapid.T) {
		before, _ := drawRecord(t)
		patch := drawPatch(t)
		for name, value := range patch {
			if inner, ok := value.(tree); ok {
				thin(t, inner)
			}
			if rapid.Bool().Draw(t, "drop "+name) {
				delete(patch, name)
			}
		}
		p, err := rules.DecodePatch(encode(t, patch), today)
		if err != nil {
			t.Fatal(err.(*equality.InvalidError).Failures)
		}
		once := p.Apply(before)
		if d := diff(once, p.Apply(once)); d != "" {
			t.Error(d)
		}
		_ = rules.Validate(p, before, once)
	})
}

func thin(t *rapid.T, object tree) {
	for name := range object {
		if rapid.Bool().Draw(t, "drop "+name) {
			delete(object, name)
		}
	}
}

func TestEncodeAndDecode(t *testing.T) {
	t.Parallel()
	rules := newRules(t)
	rapid.Check(t, func(t *rapid.T) {
		r, document := drawRecord(t)
		if d := cmp.Diff(document, asTree(t, r)); d != "" {
			t.Errorf("not the document: %s", d)
		}
		back, err := equality.Decode(r.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if d := diff(r, back); d != "" {
			t.Error(d)
		}

		// Sending back the whole record changes nothing.
		p, err := rules.DecodePatch(r.Encode(), today)
		if err != nil {
			t.Fatal(err.(*equality.InvalidError).Failures)
		}
		next := p.Apply(r)
		if d := diff(r, next); d != "" {
			t.Error(d)
		}
		if err := rules.Validate(p, r, next); err != nil {
			t.Error(err.(*equality.InvalidError).Failures)
		}
	})
}

// TestWhatIsShownMayBeSentBack leaves out values that are in no list, and sends
// back the rest.
func TestWhatIsShownMayBeSentBack(t *testing.T) {
	t.Parallel()
	rules := newRules(t)
	rapid.Check(t, func(t *rapid.T) {
		r, _ := drawRecord(t)
		if !slices.Contains(r.CommunicationRequirements, "other") {
			r.CommunicationRequirementsIfOther = equality.Text{} // it would not stand here
		}
		shown := rules.Encode(r)
		if strings.Contains(string(shown), "gone") {
			t.Errorf("what no list has is shown: %s", shown)
		}
		left := strings.Contains(string(r.Encode()), "gone")
		_, names := rules.Recognised(r)
		if left != (len(names) > 0) || left != strings.Contains(string(shown), `"unrecognisedMembers":`) {
			t.Errorf("left out of %v: %s", names, shown)
		}
		p, err := rules.DecodePatch(shown, today)
		if err != nil {
			t.Fatalf("%s: %v", shown, err.(*equality.InvalidError).Failures)
		}
		next := p.Apply(r)
		if err := rules.Validate(p, r, next); err != nil {
			t.Fatalf("%s: %v", shown, err.(*equality.InvalidError).Failures)
		}
		if changed := equality.Diff(r, next); changed != nil {
			t.Errorf("%v have changed", changed)
		}
	})
}

func TestDiffIsOfTheEncodings(t *testing.T) {
	t.Parallel()
	memberNames := names(t, []byte(document(full)))[2:] // without the identifiers
	rapid.Check(t, func(t *rapid.T) {
		a, aTree := drawRecord(t)
		b, bTree := drawRecord(t)
		if rapid.Bool().Draw(t, "same") {
			b, bTree = a, aTree
		}
		var want []string
		for _, name := range memberNames {
			if !cmp.Equal(aTree[name], bTree[name]) {
				want = append(want, name)
			}
		}
		got := equality.Diff(a, b)
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if (len(got) == 0) != (string(a.Encode()) == string(b.Encode())) {
			t.Error("the encodings and the difference disagree")
		}
	})
}

// TestFailuresHoldNoValue puts a marker into each part of a body and looks for it
// in every failure.
func TestFailuresHoldNoValue(t *testing.T) {
	t.Parallel()
	const marker = "xMARKx"
	rules := newRules(t)
	values := rapid.SampledFrom([]string{
		`"` + marker + `"`, `"` + marker + `\u0000"`, `"` + strings.Repeat(marker, 60) + `"`, `["` + marker + `"]`, `[["` + marker + `"]]`,
		`{"` + marker + `!":"` + marker + `"}`, `{"` + marker + `!":1,"` + marker + `!":2}`, `[[[[[[[[["` + marker + `"]]]]]]]]]`,
		`[{"language":"` + marker + `","isPrimary":"` + marker + `"}]`, `[{"pregnancyDate":"` + marker + `"}]`,
		`{"genderValue":"` + marker + `","genderValueIfOther":"` + marker + `\n"}`, `{"genderValue":"m","genderValueIfOther":"` + marker + `"}`,
		`{"provideUnpaidCare":"` + marker + `","hoursSpentProvidingUnpaidCare":"` + marker + `"}`, marker, `True`, `null`, `"\ud800` + marker + `"`, "\"\xff" + marker + `"`,
	})
	memberNames := append(names(t, []byte(document(full))), "person", marker+"!", marker+" ")
	rapid.Check(t, func(t *rapid.T) {
		var members []string
		for range rapid.IntRange(1, 6).Draw(t, "members") {
			members = append(members, `"`+rapid.SampledFrom(memberNames).Draw(t, "name")+`":`+values.Draw(t, "value"))
		}
		body := []byte("{" + strings.Join(members, ", ") + "}")
		if rapid.IntRange(0, 3).Draw(t, "cut") == 0 {
			body = body[:rapid.IntRange(0, len(body)).Draw(t, "length")]
		}
		_, err := rules.DecodeCreate(body, [16]byte{1}, today)
		if err == nil {
			t.Fatal("accepted")
		}
		for _, f := range err.(*equality.InvalidError).Failures {
			if strings.Contains(f.Pointer+f.Code+f.Message+err.Error(), "MARK") {
				t.Errorf("%+v holds what was sent in %s", f, body)
			}
		}
	})
}
