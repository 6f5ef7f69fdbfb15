package mmh_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/equality"
)

// The form of today's front end, filled with nothing, is taken, and its lists are
// lists, over which the clients map.
func TestAFormFilledWithNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	form, err := os.ReadFile("testdata/all-null.json")
	if err != nil {
		t.Fatal(err)
	}
	made := decode(t, wants(t, b.ask("POST", records, string(form)), 201))
	target := made["targetId"].(string)
	read := decode(t, wants(t, b.ask("GET", records+"?targetId="+target, ""), 200))
	for _, got := range []tree{made, read} {
		for name, value := range got {
			switch name {
			case "pregnancyOrMaternity", "languages", "communicationRequirements":
				if list, is := value.([]any); !is || len(list) != 0 {
					t.Errorf("%s is %v", name, value)
				}
			case "id", "targetId":
			default:
				if value != nil {
					t.Errorf("%s is %v", name, value)
				}
			}
		}
	}
}

// What the other contract stored may be sent back, and nothing else like it.
func TestWhatTheOtherContractTakesMayBeSentBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wants(t, b.ask("POST", api, `{"targetId":"`+person+`","gender":{"genderValue":"o","genderValueIfOther":"a <b> &#1"},
		"homeSituation":"other","homeSituationIfOther":"</","nationalInsuranceNumber":"QQ123456"}`), 201)
	form := b.theirs(t)
	w := b.patch(0, encode(t, form))
	if wants(t, w, 200); w.Header().Get("ETag") != `"0"` {
		t.Errorf("sent back, it makes the version %s", w.Header().Get("ETag"))
	}
	for _, body := range []string{
		`{"gender":{"genderValue":"o","genderValueIfOther":"a <b> &#2"}}`, `{"nationality":"a <b> &#1"}`,
		`{"economicSituation":{"economicSituationValue":"other","economicSituationValueIfOther":"</"}}`,
	} {
		if text := wants(t, b.patch(0, body), 400); !strings.Contains(text, "W42") {
			t.Errorf("%s: %s", body, text)
		}
	}
	wants(t, b.patch(7, encode(t, form)), 409) // the version still counts
}

// What a record has stands when it is sent back, though it would be refused as new: what
// an import or an earlier release brought.
func TestWhatIsStoredMayStand(t *testing.T) {
	t.Parallel()
	c := newCodec(t, false)
	long := strings.Repeat("é", 501)
	stored := equality.Record{
		Nationality: long, CommunicationRequirements: []string{"braille", long + "<b>"}, NationalInsuranceNumber: "BG000000A",
		NINOAsSent: "BG 00 00 00 A" + strings.Repeat(" ", 60_000), Languages: []equality.Language{{Language: "english"}, {Language: "french"}},
	}
	for member, other := range map[string]string{
		"nationality": `"` + long + `é"`, "communicationRequirements": `["` + long + `<b>é"]`, "nationalInsuranceNumber": `"BG 00 00 00 B"`,
		"languages": `[{"language":"english"}]`,
	} {
		for _, test := range []struct {
			value  string
			stands bool
		}{{encode(t, decode(t, string(c.Encode(&stored)))[member]), true}, {other, false}} {
			sent, err := c.DecodePatch([]byte(`{"`+member+`":`+test.value+`}`), today)
			if err != nil || len(sent.Doubts) == 0 {
				t.Fatalf("%s: %d doubts, %s", member, len(sent.Doubts), told(err))
			}
			stands := true
			for _, doubt := range sent.Doubts {
				stands = stands && doubt.Stands(stored)
				if doubt.Stands(equality.Record{}) {
					t.Errorf("%s: %s stands in an empty record", member, doubt.Code)
				}
			}
			if stands != test.stands {
				t.Errorf("%s of %.40s: stands: %v", member, test.value, stands)
			}
			if test.stands {
				if changed := equality.Diff(stored, sent.Apply(stored)); changed != nil {
					t.Errorf("sent back, %v change", changed)
				}
			}
		}
	}
}

// A record cannot be so long that a contract could not send it back.
func TestARecordGrowsOnlyToItsBound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	long := func(n int) string { return fmt.Sprintf("%02d", n) + strings.Repeat("\U00010000", 498) }
	list := func(n int) string {
		var values []string
		for i := range n {
			values = append(values, long(i))
		}
		return encode(t, values)
	}
	b.post(t, `,"communicationRequirements":`+list(20))
	var languages []tree
	for i := range 10 {
		languages = append(languages, tree{"language": long(i), "isPrimary": i == 0})
	}
	text := wants(t, b.patch(0, encode(t, tree{"languages": languages, "nationality": long(0)})), 400)
	if !strings.Contains(text, `"$":["{\"errorCode\":\"too-long\",\"errorMessage\":\"The record is too long; the limit of a record is 60 KiB as JSON.`) {
		t.Errorf("%s", text)
	}
	wants(t, b.patch(0, encode(t, tree{"languages": languages[:9]})), 200)
	wants(t, b.patch(1, `{"disabled":"yes"}`), 200)
}

// drawKept makes a change in the front ends' form, of values that may be in no list
// and are as long as they can be.
func drawKept(t *rapid.T) tree {
	value := rapid.OneOf(
		rapid.SampledFrom([]string{"braille", "english", "british", "other", "o", "none", "white", "retired"}),
		rapid.StringOfN(rapid.RuneFrom([]rune("éß\"\\<\u2028\U00010000 &")), 1, 500, -1).Filter(func(s string) bool { return strings.TrimSpace(s) != "" }),
		rapid.Map(rapid.IntRange(1, 498), func(n int) string { return "a\U00010000" + strings.Repeat("\U00010000", n) }),
	)
	coded := func(name string) tree {
		return tree{name: value.Draw(t, name), name + "IfOther": rapid.SampledFrom([]any{"a text", "<é", nil}).Draw(t, "text")}
	}
	all := tree{
		"ageGroup": value.Draw(t, "age group"), "gender": coded("genderValue"), "nationality": value.Draw(t, "nationality"),
		"ethnicity": coded("ethnicGroupValue"), "religionOrBelief": coded("religionOrBeliefValue"), "sexualOrientation": coded("sexualOrientationValue"),
		"caringResponsibilities": tree{"provideUnpaidCare": "yes", "hoursSpentProvidingUnpaidCare": value.Draw(t, "hours")},
		"economicSituation":      coded("economicSituationValue"), "homeSituation": coded("homeSituationValue"), "armedForces": value.Draw(t, "armed forces"),
		"nationalInsuranceNumber": rapid.SampledFrom([]any{"aa 00 00 00 a", "CE000000 ", "CE 00 00 00", nil}).Draw(t, "number"),
		"disabled":                "no",
	}
	var languages []any
	for i, l := range rapid.SliceOfNDistinct(value, 0, 10, strings.ToLower).Draw(t, "languages") {
		languages = append(languages, tree{"language": l, "isPrimary": i == 0})
	}
	all["languages"], all["communicationRequirements"] = languages, rapid.SliceOfN(value, 0, 20).Draw(t, "requirements")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if rapid.Bool().Draw(t, "without "+name) {
			delete(all, name)
		}
	}
	return all
}

// TestReadModifyWriteLosesNothing writes values that the other contract shows only
// in part, through both, and sends back what either shows with another member
// changed: no other member changes. Whatever was accepted is accepted again.
func TestReadModifyWriteLosesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rapid.Check(t, func(t *rapid.T) {
		target := uuid.NewString()
		first := drawKept(t)
		first["targetId"] = target
		if w := b.ask("POST", records, encode(t, first)); w.Code == 400 && strings.Contains(w.Body.String(), "too-long") {
			return // of the record as a whole
		} else if w.Code != 201 {
			t.Fatalf("%d %s\nto %s", w.Code, w.Body, encode(t, first))
		}
		for range rapid.IntRange(0, 2).Draw(t, "changes") { // by the HTTP contract, of what it takes
			b.ask("PATCH", api+"/"+target, encode(t, drawChange(t)))
		}
		read := func() (theirs, ours tree, tag string) {
			w := b.ask("GET", records+"?targetId="+target, "")
			return decode(t, w.Body.String()), decode(t, b.ask("GET", api+"/"+target, "").Body.String()), w.Header().Get("ETag")
		}
		theirs, ours, tag := read()
		for name, body := range map[string]string{records: encode(t, theirs), api: encode(t, ours)} {
			if len(body) > 60<<10 {
				t.Fatalf("%s shows %d bytes", name, len(body))
			}
			if w := b.ask("PATCH", name+"/"+target, body, ifMatch(tag)); w.Code != 200 || w.Header().Get("ETag") != tag {
				t.Fatalf("sent back to %s: %d, version %s after %s: %s\nto %s", name, w.Code, w.Header().Get("ETag"), tag, w.Body, body)
			}
		}
		for name, form := range map[string]tree{records: theirs, api: ours} {
			_, _, tag := read()
			form = maps.Clone(form)
			form["disabled"] = map[string]any{records: "preferNotToSay", api: true}[name]
			if w := b.ask("PATCH", name+"/"+target, encode(t, form), ifMatch(tag)); w.Code != 200 && !strings.Contains(w.Body.String(), "too-long") {
				t.Fatalf("changed by %s: %d %s", name, w.Code, w.Body)
			}
			after, _, _ := read()
			want := maps.Clone(theirs)
			want["disabled"] = after["disabled"]
			if d := cmp.Diff(want, after); d != "" {
				t.Fatalf("another member was changed by %s: %s", name, d)
			}
		}
	})
}
