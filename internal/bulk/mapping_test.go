package bulk

import (
	"strings"
	"testing"
	"time"

	"equality-information-api/internal/equality"
)

// The numbers that systems use for answers are never guessed: 0 is no in some, and
// prefer not to say in PCQ.
func TestNumbersForAnswersAreNeverGuessed(t *testing.T) {
	t.Parallel()
	const header = "targetId,disabled,marriageOrCivilPartnership.married"
	for _, test := range []struct {
		mapping, value string
		want           equality.Answer
		rule           string
	}{
		{"", "1", equality.Yes, ""},
		{"", "0", 0, AnswerCoding},
		{"", "2", 0, AnswerCoding},
		{"", "3", 0, equality.TypeAnswer},
		{"maps: {disabled: pcq}", "0", equality.PreferNotToSay, ""},
		{"maps: {disabled: pcq}", "1", equality.Yes, ""},
		{"maps: {disabled: pcq}", "2", equality.No, ""},
		{"maps: {disabled: pcq}", "no", equality.No, ""},
		{"maps: {disabled: pcq}", "3", 0, equality.TypeAnswer},
		{"maps: {disabled: pcq}\ninvert: [disabled]", "2", equality.Yes, ""},
		{"maps: {disabled: pcq}\ninvert: [disabled]", "0", equality.PreferNotToSay, ""},
		{"invert: [disabled]", "0", 0, AnswerCoding},
		{"values: {disabled: {0: no}}", "0", equality.No, ""},
		{"values: {disabled: {0: 0, 2: }}", "0", equality.No, ""},
		{"values: {disabled: {0: 0, 2: }}", "2", equality.NotAsked, ""},
		{"values: {disabled: {0: preferNotToSay}}", "0", equality.PreferNotToSay, ""},
	} {
		item, failures := decoded(t, test.mapping, header, target+","+test.value+",")
		switch {
		case test.rule == "" && (len(failures) > 0 || item.Value.Disabled != test.want):
			t.Errorf("%s: %s is %v, %v", test.mapping, test.value, item.Value.Disabled, failures)
		case test.rule != "" && (len(failures) != 1 || failures[0].Code != test.rule || failures[0].Pointer != "/disabled"):
			t.Errorf("%s: %s: %v, want %s", test.mapping, test.value, failures, test.rule)
		}
	}
}

// A date is read in any form that means one day, or that the mapping names.
// Otherwise the rule names the form.
func TestDatesOfOtherForms(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ forms, value, want string }{
		{"", "2024-01-04", "2024-01-04"},
		{"", "2024-01-04 00:00:00", "2024-01-04"},
		{"", "2024-01-04T00:00:00.000Z", "2024-01-04"},
		{"", "2024-01-04T13:00:00Z", equality.DateForm},
		{"", "2024/01/04", "2024-01-04"},
		{"", "04-Jan-2024", "2024-01-04"},
		{"", "4 January 2024", "2024-01-04"},
		{"", "04/01/2024", DateOrder},
		{"", "04/01/2024 00:00", DateOrder},
		{"", "31.12.24", DateOrder},
		{"", "04-Jan-24", DateMonth},
		{"", "45295", DateNumber},
		{"", "4529", equality.DateForm},
		{"", "long ago", equality.DateForm},
		{"DD/MM/YYYY", "04/01/2024", "2024-01-04"},
		{"dd/mm/yyyy", "4/1/2024", "2024-01-04"},
		{"DD/MM/YYYY", "04/01/2024 00:00:00", "2024-01-04"},
		{"DD/MM/YYYY", "2024-01-04", "2024-01-04"},
		{"DD/MM/YYYY", "31/02/2024", equality.DateForm},
		{"DD/MM/YYYY", "04-Jan-24", DateMonth},
		{"MM/DD/YYYY", "04/01/2024", "2024-04-01"},
		{"MM/DD/YYYY", "31/12/2024", DateOrder},
		{"D-MMM-YY", "04-Jan-24", "2024-01-04"},
		{"YYYYMMDD", "20240104", "2024-01-04"},
		{"DD.MM.YY", "04.01.24", "2024-01-04"},
		{"excel", "45295", "2024-01-04"},
		{"[DD/MM/YYYY, D-MMM-YY, excel]", "45295", "2024-01-04"},
		{"[DD/MM/YYYY, D-MMM-YY, excel]", "04-Jan-24", "2024-01-04"},
		{"[DD/MM/YYYY, MM/DD/YYYY]", "04/01/2024", AmbiguousMap},
		{"[DD/MM/YYYY, MM/DD/YYYY]", "31/12/2024", "2024-12-31"},
		{"DD/MM/YYYY", "04/01/1824", equality.DateRange},
	} {
		mapping := ""
		if test.forms != "" {
			mapping = "dateFormat: " + test.forms
		}
		item, failures := decoded(t, mapping, "targetId,pregnancyDates", target+",2020-01-02;"+test.value)
		if len(failures) > 0 {
			if failures[0].Code != test.want || !strings.HasPrefix(failures[0].Pointer, "/pregnancyOrMaternity") {
				t.Errorf("%s: %s: %v, want %s", test.forms, test.value, failures, test.want)
			}
			continue
		}
		if got := item.Value.PregnancyOrMaternity[1].Date.String(); got != test.want {
			t.Errorf("%s: %s is %s, want %s", test.forms, test.value, got, test.want)
		}
	}
}

// A date that is read in a form is written in that form as the same day.
func FuzzDates(f *testing.F) {
	for _, form := range []string{"DD/MM/YYYY", "D-MMM-YY", "excel", "YYYYMMDD", "MMMM D. YYYY", "M/D/YY"} {
		for _, date := range []string{"04/01/2024", "4-Jan-24", "45295", "20240104", "2024-01-04 00:00"} {
			f.Add(form, date)
		}
	}
	f.Fuzz(func(t *testing.T, form, text string) {
		read, ok := parseDateForm(form)
		if !ok {
			return
		}
		ours, _ := Mapping{dates: []dateForm{read}}.date(text, true)
		if day, err := equality.ParseDate(ours); err == nil && !strings.Contains(text, day.String()[:4]) && read != serial {
			t.Fatalf("%q in %q is %s in a lifetime, and its year is not there", text, read, ours)
		}
		date, ok := read.read(text)
		at, err := time.Parse(string(read), text)
		if !ok || err != nil {
			return
		}
		if again, ok := read.read(at.Format(string(read))); !ok || again != date {
			t.Fatalf("%q in %q is %v, and then %v", text, read, date, again)
		}
	})
}

// Without a word about it in the mapping, 0 is never no.
func FuzzPCQ(f *testing.F) {
	f.Add("maps: {disabled: pcq}", "0")
	f.Add("maps: {disabled: pcq}\nvalues: {disabled: {0: no}}\ninvert: [disabled]\ndateFormat: [DD/MM/YY, excel]", "2")
	lists := testLists(f)
	f.Fuzz(func(t *testing.T, mapping, value string) {
		m, err := Records.ParseMapping([]byte(mapping), lists)
		if err != nil {
			return
		}
		d, err := Records.CSV(recordDecoder(t), lists, m, []byte("targetId,disabled"))
		if err != nil {
			return
		}
		item, err := d([]byte(target + "," + strings.Map(func(r rune) rune {
			if strings.ContainsRune(",\"\r\n", r) {
				return -1
			}
			return r
		}, value)))
		if _, ok := failuresOf(err); err != nil && !ok {
			t.Fatal(err)
		}
		if strings.TrimSpace(value) == "0" && len(m.values) == 0 && item.Value.Disabled == equality.No {
			t.Fatal("0 is no, and nobody has said so")
		}
	})
}
