package mmh_test

import (
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the answers to testdata/golden")

// full is a front end's body with every member.
const full = `{"targetId":"` + person + `","ageGroup":"eightyFiveandPlus",
"gender":{"genderValue":"o","genderValueIfOther":"agender","genderDifferentToBirthSex":"preferNotToSay"},"nationality":"spanish",
"ethnicity":{"ethnicGroupValue":"whiteOrWhiteBritish","ethnicGroupValueIfOther":""},
"religionOrBelief":{"religionOrBeliefValue":"secularBeliefs","religionOrBeliefValueIfOther":null},
"sexualOrientation":{"sexualOrientationValue":"lesbianOrGayWoman"},"marriageOrCivilPartnership":{"married":"yes","civilPartnership":"no"},
"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-05T00:00:00.000Z","pregnancyValidUntil":"2099-01-01"},{"pregnancyDate":"2016-02-29","pregnancyValidUntil":""}],
"nationalInsuranceNumber":"aa 00 00 00 a","languages":[{"language":"french","isPrimary":false},{"language":"english","isPrimary":true}],
"caringResponsibilities":{"provideUnpaidCare":"yes","hoursSpentProvidingUnpaidCare":"fiveToNineHours"},"disabled":"no",
"communicationRequirements":["signLanguage","please ring twice"],"economicSituation":{"economicSituationValue":"employedFullTime","economicSituationValueIfOther":""},
"homeSituation":{"homeSituationValue":"TemporaryAccommodationPlacedByHackneyCouncil"},"armedForces":"servingMemberOfTheArmedForces"}`

// TestAnswersAreThoseOfTheContract compares whole responses with files, each of
// which was checked against the rules and messages that the front ends know.
func TestAnswersAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ten := make([]string, 11)
	for i, language := range []string{"english", "french", "spanish", "italian", "german", "dutch", "greek", "swedish", "danish", "norwegian", "finnish"} {
		ten[i] = fmt.Sprintf(`{"language":%q,"isPrimary":%t}`, language, i == 0)
	}
	path := records + "/" + person
	strict := setup(t, strict(t))
	type asked struct {
		method, target, body string
		headers              header
	}
	for _, c := range []struct {
		name string
		asked
		status int
	}{
		{"get-404", asked{"GET", records + "?targetId=" + strings.ToUpper(person), "", nil}, 404},
		{"post-201", asked{"POST", records, full, nil}, 201},
		{"get-200", asked{"GET", records + "?targetId={" + person + "}", "", nil}, 200},
		{"post-409", asked{"POST", records, full, nil}, 409},
		{"patch-409-stale", asked{"PATCH", path, `{"disabled":"yes"}`, ifMatch(`"7"`)}, 409},
		{"patch-409-none", asked{"PATCH", path, `{"disabled":"yes"}`, nil}, 409},
		{"patch-404", asked{"PATCH", records + "/" + another, `{"disabled":"yes"}`, ifMatch(`"0"`)}, 404},
		{"patch-404-target", asked{"PATCH", path, `{"targetId":"` + another + `"}`, ifMatch(`"0"`)}, 404},
		{"post-400-target-missing", asked{"POST", records, `{}`, nil}, 400},
		{"post-400-target-zero", asked{"POST", records, `{"targetId":"00000000-0000-0000-0000-000000000000"}`, nil}, 400},
		{"get-400-target-missing", asked{"GET", records, "", nil}, 400},
		{"get-400-guid", asked{"GET", path + "?targetId=1", "", nil}, 400},
		{"patch-400-nino", asked{"PATCH", path, `{"nationalInsuranceNumber":"QQ123456C"}`, nil}, 400},
		{"patch-400-languages", asked{"PATCH", path, `{"languages":[` + strings.Join(ten, ",") + `]}`, nil}, 400},
		{"patch-400-primary", asked{"PATCH", path, `{"languages":[{"language":"english"},{"language":"french"}]}`, nil}, 400},
		{"patch-400-markup", asked{"PATCH", path, `{"gender":{"genderValue":"o","genderValueIfOther":"é<b"},"armedForces":"</","communicationRequirements":["x","a &#b"],"languages":[{"language":"<?"}]}`, nil}, 400},
		{"patch-400-types", asked{"PATCH", path, `{"gender":[],"languages":[null],"disabled":1,"pregnancyOrMaternity":[{"pregnancyDate":{}}],"economicSituation":"retired","homeSituation":{"homeSituationValue":1}}`, nil}, 400},
		{"strict-400", asked{"POST", records, `{"targetId":"` + person + `","nationality":"britsh","economicSituation":{"economicSituationValue":"x"},"languages":[{"language":"indian","isPrimary":true}],"communicationRequirements":["braille","y"]}`, nil}, 400},
		{"patch-400-rules", asked{"PATCH", path, `{"disabled":"perhaps","homeSituation":{"homeSituationValue":"other","homeSituationValueIfOther":"` + strings.Repeat("a", 201) + `"},"pregnancyOrMaternity":[{"pregnancyDate":"1899-12-31"},{"pregnancyDate":"05/05/2015"}]}`, nil}, 400},
		{"patch-400-json", asked{"PATCH", path, `{"gender":`, nil}, 400},
	} {
		b := b
		if strings.HasPrefix(c.name, "strict") {
			b = strict
		}
		got := answerText(b.ask(c.method, c.target, c.body, c.headers))
		file := filepath.Join("testdata", "golden", c.name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) || !strings.HasPrefix(got, fmt.Sprint(c.status)) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

// answerText is a response's status, its headers except the length, and its body.
func answerText(w *httptest.ResponseRecorder) string {
	var lines []string
	for name, values := range w.Header() {
		if name != "Content-Length" {
			lines = append(lines, name+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(lines)
	return fmt.Sprintf("%d\n%s\n\n%s\n", w.Code, strings.Join(lines, "\n"), w.Body)
}
