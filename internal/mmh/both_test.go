package mmh_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/identity"
	"equality-information-api/internal/service"
)

// tree is a JSON object.
type tree = map[string]any

// member makes a value of a member in the form of the HTTP contract.
type member struct {
	names []string // the members that come together
	make  func(t *rapid.T) []any
}

func one(name string, make func(*rapid.T) any) member {
	return member{[]string{name}, func(t *rapid.T) []any { return []any{make(t)} }}
}

func among(values ...any) func(*rapid.T) any {
	return func(t *rapid.T) any { return rapid.SampledFrom(values).Draw(t, "value") }
}

// coded makes a code and, if it takes text, sometimes a text.
func coded(t *rapid.T, other string, codes ...any) (code, text any) {
	code = among(append(codes, other)...)(t)
	if code == other && rapid.Bool().Draw(t, "with text") {
		text = rapid.SampledFrom([]string{"a text", "é \" \\ <", "x"}).Draw(t, "text")
	}
	return code, text
}

func codedObject(name, other string, codes ...any) member {
	return one(strings.Split(name, ".")[0], func(t *rapid.T) any {
		value := strings.Split(name, ".")[1]
		code, text := coded(t, other, codes...)
		o := tree{value: code, value + "IfOther": text}
		if value == "genderValue" {
			o["genderDifferentToBirthSex"] = answer(t)
		}
		return o
	})
}

func answer(t *rapid.T) any { return among(true, false, "preferNotToSay", nil)(t) }

var members = []member{
	one("ageGroup", among("underSixteen", "eightyFiveAndPlus", "preferNotToSay")),
	codedObject("gender.genderValue", "o", "f", "m", "nonBinary"),
	one("nationality", among("british", "irish", "welsh")),
	codedObject("ethnicity.ethnicGroupValue", "other", "white", "whiteBritish", "mixedBackground"),
	codedObject("religionOrBelief.religionOrBeliefValue", "other", "sikh", "christian"),
	codedObject("sexualOrientation.sexualOrientationValue", "other", "bisexual"),
	one("marriageOrCivilPartnership", func(t *rapid.T) any { return tree{"married": true, "civilPartnership": answer(t)} }),
	one("pregnancyOrMaternity", among(
		[]any{tree{"pregnancyDate": "2016-02-29", "pregnancyValidUntil": "2018-11-29"}},
		[]any{tree{"pregnancyDate": "2017-01-04", "pregnancyValidUntil": "2019-10-04"}, tree{"pregnancyDate": "2026-11-23", "pregnancyValidUntil": "2029-08-23"}})),
	one("nationalInsuranceNumber", among("AA000000A", "CE000000D")),
	one("languages", among(
		[]any{tree{"language": "english", "isPrimary": true}},
		[]any{tree{"language": "french", "isPrimary": false}, tree{"language": "britishSignLanguage", "isPrimary": true}})),
	one("caringResponsibilities", among(
		tree{"provideUnpaidCare": true, "hoursSpentProvidingUnpaidCare": "fiveToNineHours"},
		tree{"provideUnpaidCare": true, "hoursSpentProvidingUnpaidCare": nil},
		tree{"provideUnpaidCare": false, "hoursSpentProvidingUnpaidCare": nil})),
	one("disabled", among(true, false, "preferNotToSay")),
	one("communicationRequirements", among([]any{"largePrint"}, []any{"signLanguage", "braille"}, []any{"none"})),
	{[]string{"economicSituation", "economicSituationIfOther"}, func(t *rapid.T) []any {
		code, text := coded(t, "other", "retired", "student")
		return []any{code, text}
	}},
	{[]string{"homeSituation", "homeSituationIfOther"}, func(t *rapid.T) []any {
		code, text := coded(t, "other", "ownerOccupier", "temporaryAccommodationPlacedByHackneyCouncil")
		return []any{code, text}
	}},
	one("armedForces", among("aServingMemberOfTheArmedForces", "aFormerMemberOfTheArmedForces", "reservist")),
}

// drawChange makes a change to some members: a value or null. It is complete, so
// that both contracts replace the whole member.
func drawChange(t *rapid.T) tree {
	change := make(tree)
	for _, m := range members {
		if rapid.IntRange(0, 2).Draw(t, "changed "+m.names[0]) > 0 {
			continue
		}
		values := make([]any, len(m.names))
		if rapid.IntRange(0, 4).Draw(t, "removed "+m.names[0]) > 0 {
			values = m.make(t)
		}
		for i, name := range m.names {
			change[name] = values[i]
		}
	}
	return change
}

var theirSpelling = map[string]string{
	"eightyFiveAndPlus": "eightyFiveandPlus", "white": "whiteOrWhiteBritish",
	"temporaryAccommodationPlacedByHackneyCouncil": "TemporaryAccommodationPlacedByHackneyCouncil",
	"aServingMemberOfTheArmedForces":               "servingMemberOfTheArmedForces",
	"aFormerMemberOfTheArmedForces":                "formerMemberOfTheArmedForces",
}

// theirs writes a value in the front ends' form.
func theirs(value any) any {
	switch v := value.(type) {
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	case string:
		if s, ok := theirSpelling[v]; ok {
			return s
		}
	case []any:
		list := []any{}
		for _, element := range v {
			list = append(list, theirs(element))
		}
		return list
	case tree:
		o := make(tree)
		for name, inner := range v {
			o[name] = theirs(inner)
			if name == "isPrimary" {
				o[name] = inner
			}
		}
		return o
	}
	return value
}

// theirMembers turns members of the HTTP contract into the front ends'.
func theirMembers(ours tree) tree {
	o := make(tree)
	for name, value := range ours {
		switch name {
		case "economicSituation", "homeSituation":
			o[name] = nil
			if value != nil {
				o[name] = tree{name + "Value": theirs(value), name + "ValueIfOther": ours[name+"IfOther"]}
			}
		case "economicSituationIfOther", "homeSituationIfOther":
		default:
			o[name] = theirs(value)
		}
	}
	return o
}

// theirRecord turns a record of the HTTP contract into the front ends' form.
func theirRecord(ours tree) tree {
	full := maps.Clone(ours)
	for _, m := range members {
		for _, name := range m.names {
			if _, ok := full[name]; !ok {
				full[name] = nil
			}
		}
	}
	for _, name := range []string{"pregnancyOrMaternity", "languages", "communicationRequirements"} {
		if full[name] == nil {
			full[name] = []any{}
		}
	}
	inner := map[string][]string{
		"gender":                     {"genderValue", "genderValueIfOther", "genderDifferentToBirthSex"},
		"ethnicity":                  {"ethnicGroupValue", "ethnicGroupValueIfOther"},
		"religionOrBelief":           {"religionOrBeliefValue", "religionOrBeliefValueIfOther"},
		"sexualOrientation":          {"sexualOrientationValue", "sexualOrientationValueIfOther"},
		"marriageOrCivilPartnership": {"married", "civilPartnership"},
		"caringResponsibilities":     {"provideUnpaidCare", "hoursSpentProvidingUnpaidCare"},
	}
	for name, members := range inner {
		if o, ok := full[name].(tree); ok {
			o = maps.Clone(o)
			for _, m := range members {
				if _, ok := o[m]; !ok {
					o[m] = nil
				}
			}
			full[name] = o
		}
	}
	return theirMembers(full)
}

// apply changes a record in the form of the HTTP contract.
func apply(record, change tree) tree {
	next := maps.Clone(record)
	for name, value := range change {
		delete(next, name)
		if o, ok := value.(tree); ok {
			o = maps.Clone(o)
			maps.DeleteFunc(o, func(_ string, v any) bool { return v == nil })
			value = o
			if len(o) == 0 {
				continue
			}
		}
		if value != nil {
			next[name] = value
		}
	}
	return next
}

func encode(t rapid.TB, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func decode(t rapid.TB, text string) tree {
	var v tree
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// TestWhatIsWrittenOnOneContractIsReadOnTheOther writes through both contracts, in
// any order, and reads every state through both: the same record at the same
// version, with one event for each change.
func TestWhatIsWrittenOnOneContractIsReadOnTheOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	access, err := b.service.Authorise(t.Context(), service.Request{Caller: identity.Caller{Subject: "feed"}.With(identity.EventsRead)}, service.ReadEvents)
	if err != nil {
		t.Fatal(err)
	}
	cursor := ""
	const api = "/api/v1/equality-information"
	rapid.Check(t, func(t *rapid.T) {
		target := uuid.NewString()
		record, version := tree{"id": target, "targetId": target}, -1
		var versions []string // as events tell them
		for step := range rapid.IntRange(1, 5).Draw(t, "writes") {
			change := drawChange(t)
			next := apply(record, change)
			theirSide := rapid.Bool().Draw(t, "front end")
			created, before := step == 0, version
			if created || !cmp.Equal(record, next) {
				version++
				versions = append(versions, fmt.Sprint(version))
			}
			method, path, want := "PATCH", "/"+target, 200
			sent := maps.Clone(change)
			if created {
				method, path, want = "POST", "", 201
				sent["targetId"] = target
			}
			ask := func() *httptest.ResponseRecorder { return b.ask(method, api+path, encode(t, sent)) }
			if theirSide {
				ask = func() *httptest.ResponseRecorder {
					return b.ask(method, records+path, encode(t, theirMembers(sent)), ifMatch(fmt.Sprintf("%q", fmt.Sprint(before))))
				}
			}
			w := ask()
			if w.Code != want {
				t.Fatalf("%s by the front end %t of %s: %d %s", method, theirSide, encode(t, sent), w.Code, w.Body)
			}
			record = next

			ours, their := b.ask("GET", api+"/"+target, ""), b.ask("GET", records+"?targetId="+target, "")
			if d := cmp.Diff(record, decode(t, ours.Body.String())); d != "" {
				t.Fatalf("read on the HTTP contract: %s", d)
			}
			if d := cmp.Diff(theirRecord(record), decode(t, their.Body.String())); d != "" {
				t.Fatalf("read on the front ends': %s", d)
			}
			// Sending back what a front end has read changes nothing.
			if echo := b.ask("PATCH", records+"/"+target, their.Body.String(), ifMatch(their.Header().Get("ETag"))); echo.Code != 200 || echo.Header().Get("ETag") != their.Header().Get("ETag") {
				t.Fatalf("sent back: %d %s %s", echo.Code, echo.Header().Get("ETag"), echo.Body)
			}
			if want, got := fmt.Sprintf("%q", fmt.Sprint(version)), []string{ours.Header().Get("ETag"), their.Header().Get("ETag"), w.Header().Get("ETag")}; !slices.Equal(got, []string{want, want, want}) {
				t.Fatalf("versions %v, want %s", got, want)
			}
		}
		var told []string
		for {
			feed, err := b.service.ReadFeed(t.Context(), access, cursor, 1000)
			if err != nil {
				t.Fatal(err)
			}
			if cursor = feed.Next; len(feed.Events) == 0 {
				break
			}
			for _, e := range feed.Events {
				if e.Target.String() == target {
					told = append(told, fmt.Sprint(e.Version))
				}
			}
		}
		if !slices.Equal(told, versions) {
			t.Fatalf("events of the versions %v, want %v", told, versions)
		}
	})
}
