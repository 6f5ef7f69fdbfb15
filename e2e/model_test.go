package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// merge applies a merge patch according to RFC 7396. Like the record, it leaves out empty
// objects and arrays.
func merge(target map[string]any, patch map[string]any) map[string]any {
	out := maps.Clone(target)
	if out == nil {
		out = make(map[string]any)
	}
	for name, value := range patch {
		inner, _ := out[name].(map[string]any)
		switch v := value.(type) {
		case nil:
			delete(out, name)
		case map[string]any:
			if out[name] = merge(inner, v); len(out[name].(map[string]any)) == 0 {
				delete(out, name)
			}
		case []any:
			if out[name] = v; len(v) == 0 {
				delete(out, name)
			}
		default:
			out[name] = v
		}
	}
	return out
}

// patches generates merge patches of members that do not depend on others.
func patches() *rapid.Generator[map[string]any] {
	answer := rapid.SampledFrom([]any{nil, true, false, "preferNotToSay"})
	choice := func(codes ...any) *rapid.Generator[any] { return rapid.SampledFrom(append(codes, nil)) }
	object := func(members map[string]*rapid.Generator[any]) *rapid.Generator[any] {
		return rapid.Custom(func(t *rapid.T) any {
			if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
				return nil
			}
			o := make(map[string]any)
			for _, name := range []string{"genderValue", "genderDifferentToBirthSex", "married", "civilPartnership", "ethnicGroupValue"} {
				if value, ok := members[name]; ok && rapid.Bool().Draw(t, name+" is there") {
					o[name] = value.Draw(t, name)
				}
			}
			return o
		})
	}
	list := rapid.Custom(func(t *rapid.T) any {
		codes := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"largePrint", "signLanguage", "interpreterNeeded"}), 0, 3, rapid.ID).Draw(t, "codes")
		out := make([]any, 0, len(codes))
		for _, code := range codes {
			out = append(out, code)
		}
		return out
	})
	type member struct {
		name  string
		value *rapid.Generator[any]
	}
	members := []member{
		{"disabled", answer}, {"nationality", choice("british", "preferNotToSay")}, {"armedForces", choice("preferNotToSay")},
		{"nationalInsuranceNumber", choice("QQ123456C", "QQ654321A")}, {"economicSituation", choice("employedFullTime", "preferNotToSay")},
		{"gender", object(map[string]*rapid.Generator[any]{"genderValue": choice("f", "m"), "genderDifferentToBirthSex": answer})},
		{"marriageOrCivilPartnership", object(map[string]*rapid.Generator[any]{"married": answer, "civilPartnership": answer})},
		{"ethnicity", object(map[string]*rapid.Generator[any]{"ethnicGroupValue": choice("white", "preferNotToSay")})},
		{"communicationRequirements", rapid.OneOf(list, rapid.Just[any](nil))},
	}
	return rapid.Custom(func(t *rapid.T) map[string]any {
		patch := make(map[string]any)
		for _, m := range members {
			if rapid.IntRange(0, 2).Draw(t, m.name+" is there") == 0 {
				patch[m.name] = m.value.Draw(t, m.name)
			}
		}
		return patch
	})
}

// Whatever the patches and their order, the server stores what RFC 7396 says, its version
// counts the changes, each version stays readable, and each change is one event.
func TestAnyPatchesLeadToWhatTheRFCSays(t *testing.T) {
	t.Parallel()
	p := start(t)
	token := p.token(t, "officer", "governance", "service")
	rapid.Check(t, func(rt *rapid.T) {
		target := uuid.NewString()
		path, version := records+"/"+target, 0
		model := map[string]any{"id": target, "targetId": target}
		versions := []map[string]any{model}
		send := func(method, path string, o request, status int) response {
			r, err := p.try(method, path, o)
			if err != nil || r.status != status {
				rt.Fatalf("%s %s is answered %d %s: %v", method, o.body, r.status, r.body, err)
			}
			return r
		}
		compare := func(r response, version int, want map[string]any) {
			var got map[string]any
			if err := json.Unmarshal(r.body, &got); err != nil {
				rt.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" || r.header.Get("ETag") != strconv.Quote(strconv.Itoa(version)) {
				rt.Fatalf("version %d is %s (-want +got):\n%s", version, r.header.Get("ETag"), d)
			}
		}
		send("POST", records, request{token: token, body: body(target, "")}, 201)
		for range rapid.IntRange(1, 8).Draw(rt, "patches") {
			patch := patches().Draw(rt, "patch")
			text, err := json.Marshal(patch)
			if err != nil {
				rt.Fatal(err)
			}
			next := merge(model, patch)
			if !cmp.Equal(next, model) {
				version++
				versions = append(versions, next)
			}
			model = next
			compare(send("PATCH", path, request{token: token, body: text}, 200), version, model)
		}
		compare(send("GET", path, request{token: token}, 200), version, model)
		for i, was := range versions {
			compare(send("GET", fmt.Sprintf("%s/history/%d", path, i), request{token: token}, 200), i, was)
		}
	})
	for _, e := range p.allEvents(t, "1000") {
		var h history
		p.do(t, "GET", records+"/"+e.Subject+"/history", request{token: token}).decode(t, &h)
		if e.Data.Version >= len(h.Versions) {
			t.Errorf("an event tells of version %d of %d", e.Data.Version, len(h.Versions))
		}
	}
}
