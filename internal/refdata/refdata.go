// Package refdata owns the code lists for every coded member of a record: the
// embedded data files, their checks, the aliases of codes, and the suggestions
// for an unknown one.
//
// It does not own the rules between members (internal/equality), the HTTP
// responses (internal/httpapi), or the spellings of older front ends
// (internal/mmh). It reads no file at run time and no clock.
package refdata

import (
	"encoding/json"
	"slices"
	"strings"
)

// The names of the lists.
const (
	AgeGroup                 = "age-group"
	Gender                   = "gender"
	Nationality              = "nationality"
	EthnicGroup              = "ethnic-group"
	ReligionOrBelief         = "religion-or-belief"
	SexualOrientation        = "sexual-orientation"
	Language                 = "language"
	HoursOfUnpaidCare        = "hours-of-unpaid-care"
	CommunicationRequirement = "communication-requirement"
	EconomicSituation        = "economic-situation"
	HomeSituation            = "home-situation"
	ArmedForces              = "armed-forces"
	Answer                   = "answer"
)

// PreferNotToSay is the last code of every list. It counts as an answer, unlike
// an absent member, which was not asked.
const PreferNotToSay = "preferNotToSay"

// names is the order in which the lists are served.
var names = []string{
	AgeGroup, Gender, Nationality, EthnicGroup, ReligionOrBelief, SexualOrientation, Language,
	HoursOfUnpaidCare, CommunicationRequirement, EconomicSituation, HomeSituation, ArmedForces, Answer,
}

// maxLength is the maximum length, in bytes, of codes, aliases and the values
// compared with them.
const maxLength = 64

// Lists are the code lists of one release. They are read-only and safe for use
// by several goroutines.
type Lists struct {
	all    []*List
	byName map[string]*List
}

// All returns every list, in a fixed order.
func (l *Lists) All() []*List { return slices.Clone(l.all) }

// Get returns the list of that name.
func (l *Lists) Get(name string) (*List, bool) {
	list, ok := l.byName[name]
	return list, ok
}

// List is one code list.
type List struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	// Version is 12 hexadecimal digits that change whenever the list changes. It
	// is computed, never written in a data file.
	Version string `json:"version"`
	// Sources are the published standards the codes were taken from.
	Sources []string `json:"sources"`
	// Variables names, for each system in the codes' Maps, the variable that the
	// values belong to, such as census2021's ethnic_group_tb_20b.
	Variables map[string]string `json:"variables,omitzero"`
	// Codes are in the order to show them.
	Codes []Code `json:"codes"`

	byCode    map[string]int // exact code → index in Codes
	byAlias   map[string]int // folded alias → index in Codes
	byLabel   map[string]int // folded label of an active code → index in Codes, noCode if it means several
	spellings []spelling     // of the active codes, for Near
}

// Code is one entry of a list. A release can retire a code (Active false) but
// never removes or reuses it: a retired code stays readable on the records that
// have it, and is refused for others.
type Code struct {
	Code        string `json:"code"`
	Label       string `json:"label"`
	Description string `json:"description,omitzero"`
	// Parent is the broader code of the same list that this one rolls up to.
	Parent string `json:"parent,omitzero"`
	// Subset is the NHS Accessible Information Standard's subset that a
	// communication requirement belongs to.
	Subset string `json:"subset,omitzero"`
	Order  int    `json:"order"`
	Active bool   `json:"active"`
	// Local marks a code finer than the national standards, which is active
	// only with [WithLocalCodes].
	Local bool `json:"local,omitzero"`
	// ValidFrom and ValidTo are RFC 3339 dates, the first and last day of use;
	// empty if there is no limit.
	ValidFrom string   `json:"validFrom,omitzero"`
	ValidTo   string   `json:"validTo,omitzero"`
	Aliases   []string `json:"aliases,omitzero"`
	// TakesText says that the member can have an …IfOther text with this code.
	TakesText bool `json:"takesText,omitzero"`
	// Exclusive says that the code cannot be combined with others.
	Exclusive bool `json:"exclusive,omitzero"`
	// MinimumAge is the age in years from which the question is asked.
	MinimumAge int  `json:"minimumAge,omitzero"`
	Maps       Maps `json:"maps,omitzero"`
	// MapReason says why a mapping is null or only approximate.
	MapReason string `json:"mapReason,omitzero"`
	// ISO639Exact is false if the ISO 639 identifier in Maps is broader or
	// narrower than the code, and nil if it is exact.
	ISO639Exact *bool `json:"iso639Exact,omitzero"`
	// Source is where the code itself comes from, such as "Census 2021".
	Source string `json:"source,omitzero"`
}

// Maps holds a code's counterpart in other systems, by the system's key:
// census2021, gss, pcq, core, coreGroup (CORE's broader question on the same
// subject), nhs, iso639, iso3166. An empty value, null in JSON, means that the
// system has no counterpart; the code's MapReason says why. If a key is missing,
// nothing is known about the code in that system. A local code maps like its
// parent.
type Maps map[string]string

// MarshalJSON writes an empty value as null.
func (m Maps) MarshalJSON() ([]byte, error) {
	out := make(map[string]*string, len(m))
	for system, value := range m {
		out[system] = nil
		if value != "" {
			out[system] = &value
		}
	}
	return json.Marshal(out)
}

// Find returns the entry for exactly this code, retired or not.
func (l *List) Find(code string) (Code, bool) {
	i, ok := l.byCode[code]
	if !ok {
		return Code{}, false
	}
	return l.Codes[i], true
}

// Has says whether the list has exactly this code, retired or not.
func (l *List) Has(code string) bool {
	_, ok := l.byCode[code]
	return ok
}

// Resolve returns the entry for a value, retired or not: the one with exactly
// this code, or the one with this alias in any case, with or without white space
// around it.
func (l *List) Resolve(value string) (code Code, ok bool) {
	if code, ok := l.Find(value); ok {
		return code, true
	}
	value = strings.TrimSpace(value)
	if len(value) > maxLength {
		return Code{}, false
	}
	i, ok := l.byAlias[strings.ToLower(value)]
	if !ok {
		return Code{}, false
	}
	return l.Codes[i], true
}

// Labelled returns the active code that has this label, in any case, with or
// without white space around it. ok is false if the label could also mean another
// code.
func (l *List) Labelled(value string) (code Code, ok bool) {
	i, ok := l.byLabel[strings.ToLower(strings.TrimSpace(value))]
	if !ok || i == noCode {
		return Code{}, false
	}
	return l.Codes[i], true
}

// Meant returns the entry that Resolve or Labelled finds.
func (l *List) Meant(value string) (code Code, ok bool) {
	if code, ok := l.Resolve(value); ok {
		return code, true
	}
	return l.Labelled(value)
}
