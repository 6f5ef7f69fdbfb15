package directory_test

import (
	"reflect"
	"strings"
	"testing"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
)

func TestDecodeQuery(t *testing.T) {
	t.Parallel()
	born := equality.NewDate(1980, 5, 3)
	for body, want := range map[string]directory.Query{
		`{"name":" Ada  Lovelace "}`:                       {Name: "Ada  Lovelace"},
		`{"dateOfBirth":"1980-05-03","name":null,"id":""}`: {DateOfBirth: born},
		`{"dateOfBirth":"1980"}`:                           {Year: 1980},
		`{"id":"49b092d6-22b4-11ec-9621-0242ac130002","nationalInsuranceNumber":"qq 12 34 56 c"}`: {ID: id, NationalInsuranceNumber: "QQ123456C"},
	} {
		if got, err := directory.DecodeQuery([]byte(body)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	for body, want := range map[string]string{
		``:                                  " json.syntax",
		`[]`:                                " type.object",
		`{}`:                                " search.no-term",
		`{"name":"","dateOfBirth":null}`:    " search.no-term",
		`{"name":" "}`:                      "/name name.words",
		`{"name":"- '"}`:                    "/name name.words",
		`{"name":"a b c d e f g h i j k"}`:  "/name name.words",
		`{"name":"Ada\u0000"}`:              "/name text.control",
		`{"name":"Ada\u202e"}`:              "/name text.direction",
		`{"name":["Ada"]}`:                  "/name type.string",
		`{"Name":"Ada"}`:                    "/Name json.unknown-member",
		`{"dateOfBirth":1980}`:              "/dateOfBirth type.string",
		`{"dateOfBirth":"80"}`:              "/dateOfBirth date.or-year",
		`{"dateOfBirth":"0000"}`:            "/dateOfBirth date.or-year",
		`{"dateOfBirth":"+198"}`:            "/dateOfBirth date.or-year",
		`{"dateOfBirth":"1980-02-30"}`:      "/dateOfBirth date.or-year",
		`{"id":"1"}`:                        "/id id.form",
		`{"nationalInsuranceNumber":"QQ1"}`: "/nationalInsuranceNumber nino.form",
		`{"id":"00000000-0000-0000-0000-000000000000"}`:                             "/id id.zero",
		`{"nationalInsuranceNumber":"QQ 12 34 56 C` + strings.Repeat(" ", 8) + `"}`: "/nationalInsuranceNumber too-long",
		`{"name":"` + strings.Repeat("m", 10_000) + `"}`:                            "/name name.length",
		`{"name":"Ada","name":"Ada"}`:                                               "/name json.duplicate-member",
	} {
		if _, err := directory.DecodeQuery([]byte(body)); failures(t, err) != want {
			t.Errorf("%.60s: %s, want %s", body, failures(t, err), want)
		}
	}
}

// FuzzSearch: whatever is asked for, the index answers it, and whoever has the name asked for is
// found.
func FuzzSearch(f *testing.F) {
	x := indexOf("Ada;King;Lovelace", "Mary Ann;;O'Brien-Smith", "明;;李", "Фатима;;Каримова", "রহিমা;;খাতুন")
	for _, body := range []string{
		`{}`, `{"name":"ada lovelace","dateOfBirth":"1980-05-03"}`, `{"name":"o brien"}`, `{"name":"李明"}`, `{"name":"\u0345ß’-ǅ","dateOfBirth":"1980"}`, `{"name":"a b c d e f g h i j"}`,
		`{"id":"49b092d6-22b4-11ec-9621-0242ac130002"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := directory.DecodeQuery(body)
		if err != nil {
			if failures(t, err) == "" {
				t.Error("no failure")
			}
			return
		}
		found, err := x.Search(q, 20)
		if _, broad := err.(*directory.BroadError); err != nil && !broad || found.Total < len(found.Hits) {
			t.Errorf("%d of %d, %v", len(found.Hits), found.Total, err)
		}
		who := directory.Person{ID: id, FirstName: q.Name, DateOfBirth: equality.NewDate(1900, 1, 1)}
		x := directory.NewIndex()
		x.Put(who)
		if found, err = x.Search(directory.Query{Name: q.Name, DateOfBirth: who.DateOfBirth}, 20); q.Name != "" && (err != nil || len(found.Hits) != 1 || !found.Hits[0].Exact) {
			t.Errorf("%v, %v", found, err)
		}
		if x.Remove(id); x.Len() != 0 {
			t.Error("not removed")
		}
	})
}
