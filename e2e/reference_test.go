package e2e

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/equality"
)

type codeList struct {
	Name, Version string
	Codes         []struct {
		Code   string
		Active bool
	}
}

func TestReferenceListsAreServedAndRevalidated(t *testing.T) {
	t.Parallel()
	p := shared(t)
	admin := p.token(t, "admin") // any valid token will do
	var all struct {
		Lists []struct{ Name, Label, Version string }
	}
	p.do(t, "GET", "/reference-data", request{token: admin}).want(t, 200).decode(t, &all)
	files, err := filepath.Glob("../internal/refdata/data/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no data files: %v", err)
	}
	if len(all.Lists) != len(files) {
		t.Errorf("there are %d lists and %d data files", len(all.Lists), len(files))
	}
	paths := []string{"/reference-data"}
	for _, l := range all.Lists {
		paths = append(paths, "/reference-data/"+l.Name, "/reference-data/"+l.Name+"?includeInactive=true")
		var list, inactive codeList
		p.do(t, "GET", "/reference-data/"+l.Name, request{token: admin}).want(t, 200).decode(t, &list)
		p.do(t, "GET", "/reference-data/"+l.Name+"?includeInactive=true", request{token: admin}).want(t, 200).decode(t, &inactive)
		if list.Name != l.Name || list.Version != l.Version || inactive.Version != l.Version {
			t.Errorf("the list %s of version %s is %s of version %s and %s", l.Name, l.Version, list.Name, list.Version, inactive.Version)
		}
		active := inactive.Codes[:0:0]
		for _, c := range inactive.Codes {
			if c.Active {
				active = append(active, c)
			}
		}
		if !slices.Equal(active, list.Codes) {
			t.Errorf("the active codes of %s are not those of the whole list that are active", l.Name)
		}
		same(t, p.do(t, "GET", "/reference-data/"+l.Name+"?includeInactive=false", request{token: admin}).document(t),
			p.do(t, "GET", "/reference-data/"+l.Name, request{token: admin}).document(t))
	}
	tags := make(map[string]string)
	for _, path := range paths {
		for _, method := range []string{"GET", "HEAD"} {
			r := p.do(t, method, path, request{token: admin}).want(t, 200)
			tag := r.header.Get("ETag")
			if other, taken := tags[tag]; taken && other != path && strings.Split(other, "?")[0] == strings.Split(path, "?")[0] {
				t.Errorf("%s and %s have the same ETag", path, other)
			}
			tags[tag] = path
			for _, sent := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
				again := p.do(t, method, path, request{token: admin, headers: map[string]string{"If-None-Match": sent}}).want(t, 304)
				if again.header.Get("ETag") != tag || len(again.body) > 0 {
					t.Errorf("%s: 304 has the ETag %s and %d bytes", path, again.header.Get("ETag"), len(again.body))
				}
			}
			p.do(t, method, path, request{token: admin, headers: map[string]string{"If-None-Match": `"x"`}}).want(t, 200)
		}
		p.do(t, "GET", path, request{token: admin, headers: map[string]string{"If-None-Match": "x"}}).failed(t, "", "header.if-none-match")
	}
	var answers codeList
	p.do(t, "GET", "/reference-data/answer", request{token: admin}).decode(t, &answers)
	var codes []string
	for _, c := range answers.Codes {
		codes = append(codes, c.Code)
	}
	same(t, codes, []string{"true", "false", "preferNotToSay"})
	for _, bad := range []string{"", "yes", "TRUE", "1"} {
		p.do(t, "GET", "/reference-data/gender?includeInactive="+bad, request{token: admin}).failed(t, "", "query.includeInactive")
	}
	for _, absent := range []string{"Gender", "zebra", "gender.json"} {
		p.do(t, "GET", "/reference-data/"+absent, request{token: admin}).problem(t, 404, "not-found")
	}
}

// Clients that read by the contract would refuse a member that it does not have.
func TestEveryMemberIsInTheContract(t *testing.T) {
	t.Parallel()
	var members []string
	for field := range reflect.TypeFor[equality.Record]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" && name != "id" && name != "targetId" {
			members = append(members, name)
		}
	}
	schemas := theContract().model.Components.Schemas
	for _, schema := range []string{"EqualityInformation", "EqualityInformationCreate", "EqualityInformationPatch"} {
		for _, name := range members {
			if _, ok := schemas.GetOrZero(schema).Schema().Properties.Get(name); !ok {
				t.Errorf("api/openapi.yaml: the schema %s lacks the member %s", schema, name)
			}
		}
	}
	for schema, want := range map[string][]string{"MemberName": members, "SummaryMemberName": equality.MaskSensitive(members)} {
		var named []string
		for _, node := range schemas.GetOrZero(schema).Schema().Enum {
			named = append(named, node.Value)
		}
		for _, name := range want {
			if !slices.Contains(named, name) {
				t.Errorf("api/openapi.yaml: the schema %s lacks %s", schema, name)
			}
		}
	}
}

// lists are the names of all reference lists.
func (p *program) lists(t *testing.T, token string) (names []string) {
	t.Helper()
	var all struct{ Lists []struct{ Name string } }
	p.do(t, "GET", "/reference-data", request{token: token}).want(t, 200).decode(t, &all)
	for _, l := range all.Lists {
		names = append(names, l.Name)
	}
	return names
}

// Each of the seed's fields that store codes can be looked up.
func TestEveryCodedMemberNamesItsList(t *testing.T) {
	t.Parallel()
	p := shared(t)
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	admin, named := p.token(t, "admin"), make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		if _, list, ok := strings.Cut(strings.TrimSpace(line), "x-reference-list: "); ok {
			named[list] = true
		}
	}
	for _, list := range p.lists(t, admin) {
		if !named[list] {
			t.Errorf("no member in api/openapi.yaml has x-reference-list: %s", list)
		}
		delete(named, list)
	}
	for list := range named {
		t.Errorf("api/openapi.yaml has x-reference-list: %s, a list that internal/refdata does not have", list)
	}
}

func TestUnknownCodesAreToldWhatIsNear(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	for sent, c := range map[string]struct{ pointer, near string }{
		`{"nationality":"britsh"}`:                                                                               {"/nationality", "british"},
		`{"ethnicity":{"ethnicGroupValue":"Whitee"}}`:                                                            {"/ethnicity/ethnicGroupValue", "white"},
		`{"languages":[{"language":"engish","isPrimary":true}]}`:                                                 {"/languages/0/language", "english"},
		`{"communicationRequirements":["large-prin"]}`:                                                           {"/communicationRequirements/0", "largePrint"},
		`{"economicSituation":"employedFulTime"}`:                                                                {"/economicSituation", "employedFullTime"},
		`{"religionOrBelief":{"religionOrBeliefValue":"christain"}}`:                                             {"/religionOrBelief/religionOrBeliefValue", "christian"},
		`{"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"fiveToNineHour"}}`: {"/caringResponsibilities/hoursSpentProvidingUnpaidCare", "fiveToNineHours"},
	} {
		told := p.patch(t, officer, m, sent).problem(t, 400, "invalid-body")
		if !told.has(c.pointer, "code.unknown") || len(told.Errors) != 1 || !strings.Contains(told.Errors[0].Message, c.near) {
			t.Errorf("%s is answered %+v, want %s suggested", sent, told.Errors, c.near)
		}
	}
	told := p.patch(t, officer, m, `{"nationality":"qqqqqqqqqqqq"}`).problem(t, 400, "invalid-body")
	if len(told.Errors) != 1 || strings.Contains(told.Errors[0].Message, "near") {
		t.Errorf("for what is near nothing there is %+v", told.Errors)
	}
}
