package equality_test

import (
	"maps"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"
)

// tree is a JSON object.
type tree = map[string]any

// generator makes the value of a member. If nulls is true, it also makes null.
type generator func(t *rapid.T, nulls bool) any

func anyOf(values ...any) generator {
	return func(t *rapid.T, nulls bool) any {
		if nulls && rapid.Bool().Draw(t, "null") {
			return nil
		}
		return rapid.SampledFrom(values).Draw(t, "value")
	}
}

// object makes an object from some of these groups of members. A group is
// present whole or not at all, so that a patch with a code also has its text and
// never clears anything that depends on it.
func object(groups ...map[string]generator) generator {
	return func(t *rapid.T, nulls bool) any {
		if nulls && rapid.IntRange(0, 4).Draw(t, "null") == 0 {
			return nil
		}
		return members(t, nulls, groups...)
	}
}

func members(t *rapid.T, nulls bool, groups ...map[string]generator) tree {
	object := make(tree)
	for _, group := range groups {
		if !rapid.Bool().Draw(t, "present") {
			continue
		}
		for name, make := range group {
			object[name] = make(t, nulls)
		}
	}
	return object
}

// some makes a list from some of these elements, none twice.
func some(limit int, elements ...any) generator {
	return func(t *rapid.T, nulls bool) any {
		if nulls && rapid.Bool().Draw(t, "null") {
			return nil
		}
		list := rapid.Permutation(elements).Draw(t, "order")
		return list[:rapid.IntRange(0, limit).Draw(t, "length")]
	}
}

func speakers(t *rapid.T, nulls bool) any {
	codes, _ := some(4, "english", "french", "gone", "welsh")(t, nulls).([]any)
	if codes == nil {
		return nil
	}
	languages := []any{}
	for i, code := range codes {
		languages = append(languages, tree{"language": code, "isPrimary": i == 0})
	}
	return languages
}

func coded(name string, codes ...any) map[string]generator {
	return map[string]generator{name: anyOf(codes...), name + "IfOther": anyOf("", "text", "é\u2028\"\\<")}
}

var (
	answers    = anyOf(true, false, "preferNotToSay")
	recordTree = []map[string]generator{
		{"ageGroup": anyOf("underSixteen", "eightyFiveAndPlus")},
		{"gender": object(coded("genderValue", "m", "o", "gone"), map[string]generator{"genderDifferentToBirthSex": answers})},
		{"nationality": anyOf("british", "gone")},
		{"ethnicity": object(coded("ethnicGroupValue", "white", "other"))},
		{"religionOrBelief": object(coded("religionOrBeliefValue", "jewish", "other"))},
		{"sexualOrientation": object(coded("sexualOrientationValue", "gayMan", "other"))},
		{"marriageOrCivilPartnership": object(map[string]generator{"married": answers}, map[string]generator{"civilPartnership": answers})},
		{"pregnancyOrMaternity": some(3,
			tree{"pregnancyDate": "2017-01-04", "pregnancyValidUntil": "2019-10-04"},
			tree{"pregnancyDate": "2016-02-29", "pregnancyValidUntil": "2018-11-29"},
			tree{"pregnancyDate": "2016-05-31", "pregnancyValidUntil": "2019-02-28"})},
		{"nationalInsuranceNumber": anyOf("NI111111A", "QQ123456C")},
		{"languages": speakers},
		{"caringResponsibilities": object(map[string]generator{"provideUnpaidCare": answers, "hoursSpentProvidingUnpaidCare": anyOf("fiveToNineHours", "gone")})},
		{"disabled": answers},
		{"communicationRequirements": some(4, "braille", "largePrint", "other", "gone"), "communicationRequirementsIfOther": anyOf("", "text")},
		coded("economicSituation", "retired", "other"),
		coded("homeSituation", "ownerOccupier", "other"),
		{"armedForces": anyOf("reservist", "gone")},
	}
)

// drawPatch makes a merge patch that DecodePatch accepts.
func drawPatch(t *rapid.T) tree { return members(t, true, recordTree...) }

// drawDocument makes the document of a record with a valid form. Its codes may be
// unknown, and it may have texts with codes that take none.
func drawDocument(t *rapid.T) tree {
	document := members(t, false, recordTree...)
	document["id"], document["targetId"] = id, targetID
	return prune(document)
}

// mergePatch is RFC 7396, section 2, word for word.
func mergePatch(target, patch any) any {
	changes, ok := patch.(tree)
	if !ok {
		return patch
	}
	result, ok := target.(tree)
	if !ok {
		result = make(tree)
	}
	result = maps.Clone(result)
	for name, value := range changes {
		if value == nil {
			delete(result, name)
		} else {
			result[name] = mergePatch(result[name], value)
		}
	}
	return result
}

// prune leaves out empty objects and lists, as a record does.
func prune(document tree) tree {
	maps.DeleteFunc(document, func(_ string, value any) bool {
		switch value := value.(type) {
		case tree:
			return len(value) == 0
		case []any:
			return len(value) == 0
		}
		return false
	})
	return document
}

func encode(t rapid.TB, value any) []byte {
	body, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return body
}
