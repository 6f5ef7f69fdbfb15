package bulk

import (
	"strconv"
	"strings"
	"time"

	"equality-information-api/internal/equality"
)

// dateForm is a form of dates in CSV: a layout of package time, or serial for the
// numbers that spreadsheets store.
type dateForm string

const serial dateForm = "serial"

// dateParts are the parts of a form, and how package time writes them: between
// separators, where a day may have one digit, and without.
var dateParts = []struct{ part, free, fixed string }{
	{"YYYY", "2006", "2006"}, {"YY", "06", "06"}, {"MMMM", "January", ""}, {"MMM", "Jan", ""},
	{"MM", "1", "01"}, {"M", "1", ""}, {"DD", "2", "02"}, {"D", "2", ""},
}

// parseDateForm reads a form in the letters that people know from spreadsheets,
// such as DD/MM/YYYY, in either case, or excel.
func parseDateForm(text string) (form dateForm, ok bool) {
	rest := strings.ToUpper(strings.TrimSpace(text))
	if rest == "EXCEL" {
		return serial, true
	}
	var layout strings.Builder
	separated, after := strings.ContainsAny(rest, " /.-"), false
	parts := make(map[byte]int)
next:
	for rest != "" {
		for _, p := range dateParts {
			if !strings.HasPrefix(rest, p.part) {
				continue
			}
			written := p.free
			if !separated {
				written = p.fixed
			}
			if written == "" || separated && after {
				return "", false
			}
			layout.WriteString(written)
			parts[p.part[0]]++
			rest, after = rest[len(p.part):], true
			continue next
		}
		if strings.IndexByte(" /.-", rest[0]) < 0 {
			return "", false
		}
		layout.WriteByte(rest[0])
		rest, after = rest[1:], false
	}
	return dateForm(layout.String()), parts['Y'] == 1 && parts['M'] == 1 && parts['D'] == 1
}

// short says whether the form has the last two digits of the year alone.
func (f dateForm) short() bool { return f != serial && !strings.Contains(string(f), "2006") }

// read reads a date of this form.
func (f dateForm) read(text string) (date equality.Date, ok bool) {
	if f == serial { // days since 30 December 1899
		days, err := strconv.ParseUint(text, 10, 32)
		return equality.NewDate(1899, time.December, 30+int(days)), err == nil && len(text) == 5
	}
	t, err := time.Parse(string(f), text)
	return equality.DateOf(t), err == nil
}

// plainForms mean one day, whoever wrote it.
var plainForms = []dateForm{"2006-01-02", "2006/1/2", "2-Jan-2006", "2 Jan 2006", "2 January 2006"}

// formsToSay are forms that mean a day only to who wrote it.
var formsToSay = []struct {
	rule  string
	forms []dateForm
}{
	{DateOrder, []dateForm{"2/1/2006", "1/2/2006", "2/1/06", "1/2/06", "2.1.2006", "2.1.06", "2-1-2006", "1-2-2006", "2-1-06", "1-2-06"}},
	{DateMonth, []dateForm{"2-Jan-06", "2 Jan 06", "2/Jan/06", "2/Jan/2006"}},
	{DateNumber, []dateForm{serial}},
}

// midnights are the times that spreadsheets and databases add to a date.
var midnights = []string{"00:00", "00:00:00", "00:00:00.000", "00:00:00Z", "00:00:00.000Z", "0:00", "0:00:00"}

// date returns a date as the contract writes it. Text that is no date stays as it
// is, and is refused later. rule says what is missing where only the form is. Of a lifetime's
// dates, two digits do not say the year.
func (m Mapping) date(text string, lifetime bool) (ours, rule string) {
	for _, midnight := range midnights {
		if day, ok := strings.CutSuffix(text, midnight); ok && day != "" && strings.ContainsRune("T ", rune(day[len(day)-1])) {
			text = strings.TrimRight(day, "T ")
			break
		}
	}
	var found equality.Date
	for _, forms := range [][]dateForm{plainForms, m.dates} {
		for _, form := range forms {
			date, ok := form.read(text)
			switch {
			case !ok:
			case lifetime && form.short():
				return "", DateCentury
			case !found.IsZero() && found != date:
				return "", AmbiguousMap
			default:
				found = date
			}
		}
	}
	if !found.IsZero() {
		return found.String(), ""
	}
	for _, unsaid := range formsToSay {
		for _, form := range unsaid.forms {
			switch _, ok := form.read(text); {
			case ok && lifetime && form.short():
				return "", DateCentury
			case ok:
				return "", unsaid.rule
			}
		}
	}
	return text, ""
}
