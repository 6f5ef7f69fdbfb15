package bulk

import (
	"strings"
	"unicode/utf8"

	"equality-information-api/internal/equality"
)

// textCell writes a text as a cell. An empty text that is present is a guard on
// its own.
func textCell(t equality.Text) string {
	if !t.IsZero() && t.String() == "" {
		return guardMark
	}
	return guard(t.String())
}

// guardMark goes in front of a text that a spreadsheet would treat as a formula.
const guardMark = "'"

// dangerous are the first characters of such texts, and the mark itself.
// Spreadsheets pass over line ends and tabs, and read the full-width characters
// of East Asian keyboards like the others.
const dangerous = "=+-@'\t\r\n＝＋－＠"

func isDangerous(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return text != "" && strings.ContainsRune(dangerous, first)
}

// guard makes a text harmless in a spreadsheet. unguard reverses it.
func guard(text string) string {
	if isDangerous(text) {
		return guardMark + text
	}
	return text
}

// guardList guards each element of a list: a spreadsheet may separate cells as we
// separate elements.
func guardList(list string) string {
	elements := strings.Split(list, listSeparator)
	for i, element := range elements {
		elements[i] = guard(element)
	}
	return strings.Join(elements, listSeparator)
}

// unguard reverses guard, and says whether there is a text: an empty cell is an
// absent member, and a guard on its own is an empty text. A text that begins
// with the mark but was not guarded stays as it is.
func unguard(cell string) (text string, present bool) {
	rest, marked := strings.CutPrefix(cell, guardMark)
	if marked && (rest == "" || isDangerous(rest)) {
		return rest, true
	}
	return cell, cell != ""
}
