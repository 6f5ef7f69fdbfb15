package equality_test

import (
	"testing"

	"equality-information-api/internal/equality"
)

func TestPatch(t *testing.T) {
	t.Parallel()
	const (
		other              = `"gender":{"genderValue":"o","genderValueIfOther":"text","genderDifferentToBirthSex":true}`
		emptyText          = `"gender":{"genderValue":"m","genderValueIfOther":""}`
		care               = `"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}`
		needs              = `"communicationRequirements":["other","braille"],"communicationRequirementsIfOther":"text"`
		oldCodes           = `"gender":{"genderValue":"gone","genderValueIfOther":"text"},"nationality":"gone"`
		oldList            = `"communicationRequirements":["gone","braille"],"communicationRequirementsIfOther":"text"`
		oldEthnic          = `"ethnicity":{"ethnicGroupValue":"whitePolish"}`
		twentyRequirements = `"signLanguage","bslVideoInterpreter","interpreterNeeded","lipspeaker","speechToTextReporter","notetaker","advocate",
			"largePrint","braille","audio","easyRead","plainEnglish","colouredPaper","electronicFormat","bslVideo","makaton","emailOnly","letter","telephone","textRelay"`
		hiddenPrimary = `"languages":[{"language":"gone","isPrimary":true},{"language":"english","isPrimary":false},{"language":"french","isPrimary":false}]`
		noPrimary     = `"languages":[{"language":"english","isPrimary":false},{"language":"french","isPrimary":false}]`
		oldSpeaker    = `"languages":[{"language":"gone","isPrimary":true}]`
		oldCarer      = `"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"gone"}`
	)
	for _, test := range []struct{ name, before, patch, after, failures string }{
		{"nothing", other, `{}`, other, ""},
		{"empty object", other, `{"gender":{}}`, other, ""},
		{"member", `"nationality":"british"`, `{"nationality":"french"}`, `"nationality":"french"`, ""},
		{"remove", `"nationality":"british","disabled":true`, `{"nationality":null}`, `"disabled":true`, ""},
		{"remove object", other, `{"gender":null}`, ``, ""},
		{"merge object", other, `{"gender":{"genderDifferentToBirthSex":false}}`,
			`"gender":{"genderValue":"o","genderValueIfOther":"text","genderDifferentToBirthSex":false}`, ""},
		{"object left empty", `"gender":{"genderValue":"m"}`, `{"gender":{"genderValue":null}}`, ``, ""},
		{"list replaced", needs, `{"communicationRequirements":["largePrint"]}`, `"communicationRequirements":["largePrint"]`, ""},
		{"list left empty", needs, `{"communicationRequirements":[]}`, ``, ""},

		{"text goes with its code", other, `{"gender":{"genderValue":"m"}}`, `"gender":{"genderValue":"m","genderDifferentToBirthSex":true}`, ""},
		{"text goes where the code is removed", other, `{"gender":{"genderValue":null}}`, `"gender":{"genderDifferentToBirthSex":true}`, ""},
		{"text stays with the same code", other, `{"gender":{"genderValue":"o"}}`, other, ""},
		{"text stays by alias", other, `{"gender":{"genderValue":"OTHER"}}`, other, ""},
		{"empty text stays", emptyText, `{"gender":{"genderValue":"f"}}`, `"gender":{"genderValue":"f","genderValueIfOther":""}`, ""},
		{"text sent with another code", emptyText, `{"gender":{"genderValue":"o","genderValueIfOther":"text"}}`, `"gender":{"genderValue":"o","genderValueIfOther":"text"}`, ""},
		{"text sent with a code that takes none", other, `{"gender":{"genderValue":"m","genderValueIfOther":"text"}}`, "", "/gender/genderValueIfOther text.no-code"},
		{"text with a stored code that takes none", emptyText, `{"gender":{"genderValueIfOther":"text"}}`, "", "/gender/genderValueIfOther text.no-code"},
		{"text without a code", ``, `{"homeSituationIfOther":"text"}`, "", "/homeSituationIfOther text.no-code"},
		{"empty text without a code", ``, `{"homeSituationIfOther":""}`, `"homeSituationIfOther":""`, ""},

		{"text stays with its requirement", needs, `{"communicationRequirements":["largePrint","other"]}`,
			`"communicationRequirements":["largePrint","other"],"communicationRequirementsIfOther":"text"`, ""},
		{"text of no requirement", `"communicationRequirements":["braille"]`, `{"communicationRequirementsIfOther":"text"}`, "", "/communicationRequirementsIfOther text.no-code"},
		{"requirements removed", needs, `{"communicationRequirements":null}`, ``, ""},
		{"requirements of old texts sent back", oldList, `{` + oldList + `}`, oldList, ""},

		{"hours go with care", care, `{"caringResponsibilities":{"provideUnpaidCare":false}}`, `"caringResponsibilities":{"provideUnpaidCare":false}`, ""},
		{"hours go with care not said", care, `{"caringResponsibilities":{"provideUnpaidCare":"preferNotToSay"}}`, `"caringResponsibilities":{"provideUnpaidCare":"preferNotToSay"}`, ""},
		{"hours go with care removed", care, `{"caringResponsibilities":{"provideUnpaidCare":null}}`, ``, ""},
		{"hours without care", ``, `{"caringResponsibilities":{"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}}`, "", "/caringResponsibilities/hoursSpentProvidingUnpaidCare hours.no-care"},
		{"hours sent as care stops", care, `{"caringResponsibilities":{"provideUnpaidCare":"no","hoursSpentProvidingUnpaidCare":"fiveToNineHours"}}`, "", "/caringResponsibilities/hoursSpentProvidingUnpaidCare hours.no-care"},
		{"hours alone where care is given", care, `{"caringResponsibilities":{"hoursSpentProvidingUnpaidCare":"zeroToFourHours"}}`,
			`"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"zeroToFourHours"}`, ""},

		{"unknown code", ``, `{"nationality":"martian"}`, "", "/nationality code.unknown"},
		{"code in another case", ``, `{"ethnicity":{"ethnicGroupValue":"WHITEBRITISH"}}`, "", "/ethnicity/ethnicGroupValue code.unknown"},
		{"unknown codes and no word of their text", ``, `{"gender":{"genderValue":"x1","genderValueIfOther":"text"}}`, "", "/gender/genderValue code.unknown"},
		{"unknown code in each list", ``, `{"languages":[{"language":"martian","isPrimary":true}],"communicationRequirements":["braille","x1"]}`, "",
			"/languages/0/language code.unknown\n/communicationRequirements/1 code.unknown"},
		{"retired code", ``, `{"ethnicity":{"ethnicGroupValue":"whitePolish"}}`, "", "/ethnicity/ethnicGroupValue code.retired"},
		{"retired code sent back", oldEthnic, `{` + oldEthnic + `}`, oldEthnic, ""},
		{"unrecognised codes sent back", oldCodes, `{` + oldCodes + `}`, oldCodes, ""},
		{"unrecognised code elsewhere", `"nationality":"gone"`, `{"homeSituation":"gone"}`, "", "/homeSituation code.unknown"},
		{"beside unrecognised codes", oldCodes, `{"disabled":true}`, oldCodes + `,"disabled":true`, ""},
		{"other text for an unrecognised code", oldCodes, `{"gender":{"genderValueIfOther":"another"}}`, "", "/gender/genderValueIfOther text.no-code"},
		{"unrecognised elements sent back", oldList, `{"communicationRequirements":["largePrint","gone"]}`, `"communicationRequirements":["largePrint","gone"]`, ""},
		{"unrecognised language in another place", oldSpeaker, `{"languages":[{"language":"french"},{"language":"gone","isPrimary":true}]}`,
			`"languages":[{"language":"french","isPrimary":false},{"language":"gone","isPrimary":true}]`, ""},
		{"a list equal to what was shown", oldList, `{"communicationRequirements":["braille"]}`, oldList, ""},
		{"a changed list keeps what was not shown", `"communicationRequirements":["gone","braille"]`, `{"communicationRequirements":["largePrint"]}`,
			`"communicationRequirements":["largePrint","gone"]`, ""},
		{"an empty list keeps what was not shown", `"communicationRequirements":["gone","braille"]`, `{"communicationRequirements":[]}`,
			`"communicationRequirements":["gone"]`, ""},
		{"an empty list where nothing was shown", `"communicationRequirements":["gone"]`, `{"communicationRequirements":[]}`, `"communicationRequirements":["gone"]`, ""},
		{"null removes what was not shown", `"communicationRequirements":["gone","braille"]`, `{"communicationRequirements":null}`, ``, ""},
		{"what was not shown beside an exclusive code", `"communicationRequirements":["gone"]`, `{"communicationRequirements":["none"]}`, "", "/communicationRequirements/0 code.exclusive"},
		{"too many with what was not shown", `"communicationRequirements":["gone"]`, `{"communicationRequirements":[` + twentyRequirements + `]}`, "", "/communicationRequirements list.length"},
		{"languages equal to what was shown", `"languages":[{"language":"english","isPrimary":true},{"language":"gone","isPrimary":false}]`,
			`{"languages":[{"language":"english","isPrimary":true}]}`, `"languages":[{"language":"english","isPrimary":true},{"language":"gone","isPrimary":false}]`, ""},
		{"changed languages keep what was not shown", `"languages":[{"language":"gone","isPrimary":true},{"language":"english","isPrimary":false}]`,
			`{"languages":[{"language":"french","isPrimary":true}]}`,
			`"languages":[{"language":"french","isPrimary":true},{"language":"gone","isPrimary":false}]`, ""},
		{"languages that stand without a primary one", hiddenPrimary, `{"languages":[{"language":"english"},{"language":"french"}],"disabled":true}`, hiddenPrimary + `,"disabled":true`, ""},
		{"one of them is the primary one", hiddenPrimary, `{"languages":[{"language":"french","isPrimary":true},{"language":"english"}]}`,
			`"languages":[{"language":"french","isPrimary":true},{"language":"english","isPrimary":false},{"language":"gone","isPrimary":false}]`, ""},
		{"imported without a primary one", noPrimary, `{` + noPrimary + `}`, noPrimary, ""},
		{"other languages without a primary one", hiddenPrimary, `{"languages":[{"language":"english"}]}`, "", "/languages languages.one-primary"},
		{"imported, and others without a primary one", noPrimary, `{"languages":[{"language":"english"},{"language":"welsh"}]}`, "", "/languages languages.one-primary"},
		{"languages without a primary one where there were none", ``, `{"languages":[{"language":"english"}]}`, "", "/languages languages.one-primary"},
		{"no languages keep what was not shown", `"languages":[{"language":"english","isPrimary":true},{"language":"gone","isPrimary":false}]`,
			`{"languages":[]}`, `"languages":[{"language":"gone","isPrimary":true}]`, ""},
		{"null removes languages that were not shown", oldSpeaker, `{"languages":null}`, ``, ""},
		{"unrecognised hours beside care", oldCarer, `{"caringResponsibilities":{"provideUnpaidCare":"yes"}}`, oldCarer, ""},

		{"own identifiers", ``, `{"id":"` + id + `","targetId":"` + targetID + `"}`, ``, ""},
		{"other identifiers", ``, `{"id":"` + targetID + `","targetId":"` + id + `"}`, "", "/id id.mismatch\n/targetId id.mismatch"},
		{"null identifiers", ``, `{"id":null,"targetId":null}`, "", "/id id.mismatch\n/targetId id.mismatch"},
		{"new nino", `"nationalInsuranceNumber":"QQ123456A"`, `{"nationalInsuranceNumber":null}`, ``, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := stored(t, test.before)
			got, err := patched(t, before, test.patch)
			if f := failures(t, err); f != test.failures {
				t.Fatalf("failures\n%s\nwant\n%s", f, test.failures)
			}
			if want := document(test.after); test.failures == "" && string(got.Encode()) != want {
				t.Errorf("got\n%s\nwant\n%s", got.Encode(), want)
			}
			if string(before.Encode()) != document(test.before) {
				t.Error("the record before was changed")
			}
		})
	}
}

func TestPatchMadeByHand(t *testing.T) {
	t.Parallel()
	p := equality.Patch{Nationality: equality.Set("french"), ArmedForces: equality.Null[string]()}
	got := p.Apply(stored(t, `"nationality":"british","disabled":true,"armedForces":"reservist"`))
	if want := document(`"nationality":"french","disabled":true`); string(got.Encode()) != want {
		t.Errorf("got %s", got.Encode())
	}
	if v, ok := p.Nationality.Value(); v != "french" || !ok || p.Nationality.IsZero() || p.Nationality.IsNull() {
		t.Error("nationality is not seen to be set")
	}
	if _, ok := p.ArmedForces.Value(); ok || p.ArmedForces.IsZero() || !p.ArmedForces.IsNull() {
		t.Error("armedForces is not seen to be removed")
	}
	if !p.Disabled.IsZero() {
		t.Error("disabled is not seen to be left alone")
	}
}
