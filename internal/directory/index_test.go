package directory_test

import (
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// searched says who was found, exactly and otherwise, or which term to add.
func searched(t testing.TB, x *directory.Index, q directory.Query) string {
	t.Helper()
	found, err := x.Search(q, 20)
	if broad, ok := err.(*directory.BroadError); ok {
		return "add " + broad.Add
	}
	var list []string
	for _, h := range found.Hits {
		match := "similar"
		if h.Exact {
			match = "exact"
		}
		list = append(list, string(rune('A'+h.ID[15]))+" "+match)
	}
	if found.Total < len(found.Hits) {
		t.Errorf("total %d of %d", found.Total, len(found.Hits))
	}
	return strings.Join(list, ", ")
}

// indexOf has people by their names "first;middle;surname;preferred first name", called A, B, …
func indexOf(names ...string) *directory.Index {
	x := directory.NewIndex()
	for i, line := range names {
		n := append(strings.Split(line, ";"), "", "", "")
		x.Put(directory.Person{
			ID: uuid.UUID{6: 0x40, 8: 0x80, 15: byte(i)}, FirstName: n[0], MiddleName: n[1], Surname: n[2], PreferredFirstName: n[3],
			DateOfBirth: equality.NewDate(1980, 5, 3),
		})
	}
	return x
}

func TestWhoIsFound(t *testing.T) {
	t.Parallel()
	born := equality.NewDate(1980, 5, 3)
	for _, test := range []struct {
		name  string
		among []string
		query directory.Query
		want  string
	}{
		{"exact before similar", []string{"Kathryn;;Smyth", "Katherine;;Smith"}, directory.Query{Name: "katherine smith"}, "B exact, A similar"},
		{"whole words before prefixes", []string{"Annabel;;Leeming", "Ann;;Lee"}, directory.Query{Name: "ann lee"}, "B exact, A exact"},
		{"in the order of names first", []string{"James;;Thomas", "Thomas;;James"}, directory.Query{Name: "Thomas James"}, "B exact, A exact"},
		{"every word of the query fits", []string{"Ann;;Lee"}, directory.Query{Name: "ann mary lee bell"}, ""},
		{"a word does not fit two", []string{"Anne;;Lee"}, directory.Query{Name: "an anne"}, ""},
		{"a word said twice", []string{"Ali;;Ali"}, directory.Query{Name: "Ali Ali"}, "A exact"},
		{"an initial", []string{"John;;Fenwick", "Paul;;Fenwick"}, directory.Query{Name: "J Fenwick"}, "A exact"},
		{"a courtesy", []string{"John;;Fenwick"}, directory.Query{Name: "Mr. John Fenwick"}, "A exact"},
		{"preferred names before replaced ones", []string{"Maria;;Hollis;Mark", "Mark;;Hollis;Maria"}, directory.Query{Name: "maria hollis"}, "B exact, A similar"},
		{"a middle name that went with a replaced one", []string{"Mark;Anthony;Hollis;Maria"}, directory.Query{Name: "anthony hollis"}, "A similar"},
		{"born on the day", []string{"John;;Fenwick"}, directory.Query{Name: "fenwick", DateOfBirth: born}, "A exact"},
		{"born on another", []string{"John;;Fenwick"}, directory.Query{Name: "fenwick", DateOfBirth: equality.NewDate(1980, 5, 4)}, ""},
		{"born in the year", []string{"John;;Fenwick"}, directory.Query{Name: "fenwick", Year: 1980}, "A exact"},
		{"born in another", []string{"John;;Fenwick"}, directory.Query{Name: "fenwick", Year: 1981}, ""},
		{"the day alone", []string{"John;;Fenwick"}, directory.Query{DateOfBirth: born}, "A exact"},
		{"only these", []string{"John;;Fenwick", "Paul;;Fenwick"}, directory.Query{Only: []uuid.UUID{{6: 0x40, 8: 0x80, 15: 1}}}, "B exact"},
		{"only nobody", []string{"John;;Fenwick"}, directory.Query{Name: "fenwick", Only: []uuid.UUID{}}, ""},
		{"one letter", []string{"John;;Fenwick"}, directory.Query{Name: "f"}, "add name"},
		{"initials", []string{"John;;Fenwick"}, directory.Query{Name: "j f"}, "add name"},
		{"one letter and the day", []string{"John;;Fenwick"}, directory.Query{Name: "f", DateOfBirth: born}, "A exact"},
		{"only a year", []string{"John;;Fenwick"}, directory.Query{Year: 1980}, "add name"},
		{"nobody in an empty index", nil, directory.Query{Name: "fenwick"}, ""},
		{"nobody of the day in an empty index", nil, directory.Query{DateOfBirth: born}, ""},
		{"a mistake", []string{"Michelle;;Stansfield"}, directory.Query{Name: "michelle stansfeidl"}, "A similar"},
		{"other scripts by prefix", []string{"Фатима;;Каримова"}, directory.Query{Name: "фат кари"}, "A exact"},
		{"bengali", []string{"রহিমা;;খাতুন"}, directory.Query{Name: "খাতুন রহি"}, "A exact"},
		{"chinese as one word", []string{"明华;;王"}, directory.Query{Name: "王明华"}, "A exact"},
		{"greek at the end of a word", []string{"Νίκος;;Παππάς"}, directory.Query{Name: "ΝΙΚΟΣ ΠΑΠΠΑΣ"}, "A exact"},
		{"digits", []string{"X2;;Fenwick"}, directory.Query{Name: "x2 fenwick"}, "A exact"},
		{"characters that cannot be seen", []string{"\u200cA\u200cda;;Fen\u00adwick"}, directory.Query{Name: "fenwick"}, "A exact"},
	} {
		if got := searched(t, indexOf(test.among...), test.query); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestTooBroadASearchSaysWhatToAdd: nobody is left out without a word.
func TestTooBroadASearchSaysWhatToAdd(t *testing.T) {
	t.Parallel()
	x := indexOf(slices.Repeat([]string{"John;;Smith"}, 21)...)
	born := equality.NewDate(1980, 5, 3)
	for want, q := range map[string]directory.Query{
		"add dateOfBirth": {Name: "john smith"},
		"add name":        {Name: "john smith", DateOfBirth: born},
	} {
		if got := searched(t, x, q); got != want {
			t.Errorf("%+v: %s, want %s", q, got, want)
		}
	}
	if got := searched(t, x, directory.Query{DateOfBirth: born}); got != "add name" {
		t.Error(got)
	}
	if got := searched(t, x, directory.Query{Name: "smith", Year: 1980}); got != "add dateOfBirth" {
		t.Error(got)
	}
	x.Remove(uuid.UUID{6: 0x40, 8: 0x80, 15: 3})
	if found, err := x.Search(directory.Query{Name: "john smith"}, 20); err != nil || found.Total != 20 || len(found.Hits) != 20 {
		t.Error(len(found.Hits), found.Total, err)
	}
	x.Put(directory.Person{ID: uuid.UUID{6: 0x40, 8: 0x80, 15: 30}, FirstName: "Jon", Surname: "Smyth"})
	if found, err := x.Search(directory.Query{Name: "john smith"}, 20); err != nil || found.Total != 21 || len(found.Hits) != 20 {
		t.Error("similar people are not counted:", len(found.Hits), found.Total, err)
	}
}

// TestTheIndexIsAsItsModel: after any changes everybody is found by their names as they are
// written, and nobody by what is gone.
func TestTheIndexIsAsItsModel(t *testing.T) {
	t.Parallel()
	origins := readPopulation(t)
	rapid.Check(t, func(t *rapid.T) {
		x, model := directory.NewIndex(), make(map[uuid.UUID]directory.Person)
		name := func(from []string) string {
			return rapid.SampledFrom(from).Draw(t, "name")
		}
		for range rapid.IntRange(1, 60).Draw(t, "changes") {
			id := uuid.UUID{15: byte(rapid.IntRange(1, 12).Draw(t, "id"))}
			if rapid.IntRange(0, 3).Draw(t, "change") == 0 {
				x.Remove(id)
				delete(model, id)
				continue
			}
			o := rapid.SampledFrom(origins).Draw(t, "origin")
			p := directory.Person{ID: id, FirstName: name(o.given), Surname: name(o.family)}
			if rapid.Bool().Draw(t, "born") {
				p.DateOfBirth = equality.NewDate(1980, 1, rapid.IntRange(1, 3).Draw(t, "day"))
			}
			if rapid.Bool().Draw(t, "preferred") {
				p.PreferredFirstName = name(o.given)
			}
			x.Put(p)
			model[id] = p
		}
		if x.Len() != len(model) {
			t.Fatalf("%d people, want %d", x.Len(), len(model))
		}
		for id := range 12 {
			id := uuid.UUID{15: byte(id + 1)}
			p, there := model[id]
			found, err := x.Search(directory.Query{Only: []uuid.UUID{id}}, 20)
			if err != nil || there != (len(found.Hits) == 1) {
				t.Fatalf("%v, %v, want %t", found, err, there)
			}
			if !there {
				continue
			}
			found, err = x.Search(directory.Query{Name: p.DisplayName(), DateOfBirth: p.DateOfBirth}, 20)
			at := slices.IndexFunc(found.Hits, func(h directory.Hit) bool { return h.ID == id })
			if err != nil || at < 0 || !found.Hits[at].Exact {
				t.Fatalf("%s is not found as written: %v, %v", p.Encode(), found, err)
			}
		}
		// Whoever is found exactly has every word, or one that begins so, in a name that is shown.
		o := rapid.SampledFrom(origins).Draw(t, "origin")
		typed := name(o.given)
		found, err := x.Search(directory.Query{Name: typed}, 20)
		if err != nil { // more are called so than can be shown
			return
		}
		for _, h := range found.Hits {
			if _, there := model[h.ID]; !there {
				t.Fatal("found somebody who is gone")
			}
		}
	})
}

func TestChangesGoOnBesideSearches(t *testing.T) {
	t.Parallel()
	x, p := directory.NewIndex(), newPopulation(t, 3)
	people := make([]directory.Person, 2000)
	for n := range people {
		people[n] = p.one(uint64(n))
		x.Put(people[n])
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n, p := range people {
			if p.Surname += "-Smith"; n%3 == 0 {
				x.Remove(p.ID)
			}
			x.Put(p)
		}
	}()
	for n := 0; ; n++ {
		who := people[n%len(people)]
		// Either the old name is found or the new one: both begin so.
		if who.DateOfBirth.IsZero() {
			continue
		}
		_, _ = x.Search(directory.Query{Name: strings.ToUpper(who.FirstName) + " " + who.FirstName, DateOfBirth: who.DateOfBirth}, 20)
		x.Alike(directory.Place{}, 10)
		select {
		case <-done:
			if x.Len() != len(people) {
				t.Error(x.Len())
			}
			return
		default:
		}
	}
}
