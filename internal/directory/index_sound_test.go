package directory

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestNamesThatSoundAlike(t *testing.T) {
	t.Parallel()
	for _, names := range []string{
		"mohammed muhammad mohamed mohamad muhamed mohammedd", "chaudhry chowdhury choudhury chaudhari chowdhry", "yusuf yousef youssef yusuph jusuf joseph",
		"smith smyth smythe schmidt", "catherine katherine kathryn cathryn", "geoffrey jeffrey jefri", "stephen steven stefan", "philip phillip filip",
		"hussain hussein husain husein", "usman osman", "ahmed ahmad ahmet", "yakub yakup jacob", "nguyen ngyen nguyan", "sean shaun shawn",
		"wright right", "knight night", "macdonald mcdonald mackdonald", "alexander aleksander alixander", "schwartz schwarz shwarz",
		"jamal djamal dzhamal", "bridget brijet", "thomas tomas", "ivanov ivanoff", "michel mitchel", "psalter salter",
	} {
		list := strings.Fields(names)
		for _, name := range list {
			if sound([]byte(name)) != sound([]byte(list[0])) {
				t.Errorf("%s does not sound as %s", name, list[0])
			}
		}
	}
	seen := make(map[uint32]string)
	for name := range strings.FieldsSeq("mohammed ahmed hassan smith jones taylor brown khan patel okafor nguyen kowalski yilmaz") {
		if other, ok := seen[sound([]byte(name))]; ok {
			t.Errorf("%s sounds as %s", name, other)
		}
		seen[sound([]byte(name))] = name
	}
	for _, name := range []string{"", "мария", "x2", "李"} {
		if sound([]byte(name)) != 0 {
			t.Errorf("%q has a sound", name)
		}
	}
}

func TestFolding(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Łukasz": "lukasz", "Sørensen": "sorensen", "Groß": "gross", "IŞIK": "isik", "ışık": "isik", "İbrahim": "ibrahim", "Nguyễn": "nguyen", "Þóra": "thora",
		"ΝΊΚΟΣ": "νικοσ", "νίκος": "νικοσ", "Семёнова": "семенова", "أحمد": "احمد", "김민수": "김민수", "रमेश": "रमेश", "ﬁona": "fiona", "": "", "Ǆ": "dz",
	} {
		if got := string(fold(nil, name)); got != want {
			t.Errorf("%q is folded to %q, want %q", name, got, want)
		}
	}
}

// TestVariants: the groups are as an index looks for them.
func TestVariants(t *testing.T) {
	t.Parallel()
	for _, group := range variants.groups {
		if len(group) < 2 {
			t.Errorf("%v is one name", group)
		}
		for i, name := range group {
			if slices.Contains(group[:i], name) || string(fold(nil, name)) != name || len(split(nil, []byte(name))) != 1 {
				t.Errorf("%s in %v", name, group)
			}
		}
	}
}

func TestDistances(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "ab", 3}, {"smith", "smyth", soft}, {"smith", "smit", soft}, {"mohamed", "mohammed", soft}, {"smith", "smiht", hard}, {"smith", "snith", hard},
		{"jones", "james", soft + hard}, {strings.Repeat("m", 200), strings.Repeat("m", 100), 0},
	} {
		if got, back := distance(test.a, test.b), distance(test.b, test.a); got != test.want || back != got {
			t.Errorf("from %q to %q %d, back %d, want %d", test.a, test.b, got, back, test.want)
		}
	}
}

// TestNamesThatNobodyHasAreForgotten: the name of somebody who was erased does not stay in memory,
// nor does memory grow with every change.
func TestNamesThatNobodyHasAreForgotten(t *testing.T) {
	t.Parallel()
	x := NewIndex()
	one, other := Person{ID: uuid.UUID{15: 1}, FirstName: "Ada", Surname: "Kept"}, Person{ID: uuid.UUID{15: 2}, FirstName: "Ada", Surname: "Gone"}
	x.Put(one)
	for range 100 {
		x.Put(other)
		other.Surname += "a"
		x.Put(other)
		x.Remove(other.ID)
	}
	if len(x.words.byText) != 2 || len(x.words.begin) != 2 || len(x.words.alike) != 2 || len(x.words.list) > 10 || len(x.lists) > 10 || len(x.people) > 2 {
		t.Errorf("%v; %d words, %d lists, %d people", x.words.byText, len(x.words.list), len(x.lists), len(x.people))
	}
	for _, w := range x.words.list {
		if strings.HasPrefix(w.text, "gone") {
			t.Error("a name is still there")
		}
	}
	x.Remove(one.ID)
	if len(x.words.byText)+len(x.words.begin)+len(x.words.alike) != 0 || x.Len() != 0 {
		t.Error("an empty index has words")
	}
}
