// Package refdata owns the code lists behind every coded member of a record:
// the embedded data files, their checks, the aliases that stand for a code,
// and the suggestions given for a wrong one.
//
// It does not own the rules between members (internal/equality), the answer
// given over HTTP, or the spelling that older front ends use: those are built
// on what the lists say. It reads no file at run time and asks no clock.
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

// PreferNotToSay is the last code of every list. It is an answer: it counts
// as one, where an absent member was never asked.
const PreferNotToSay = "preferNotToSay"

// names is the order in which the lists are served.
var names = []string{
	AgeGroup, Gender, Nationality, EthnicGroup, ReligionOrBelief, SexualOrientation, Language,
	HoursOfUnpaidCare, CommunicationRequirement, EconomicSituation, HomeSituation, ArmedForces, Answer,
}

// maxLength bounds, in bytes, the codes and aliases of the lists and the
// values that are compared with them.
const maxLength = 64

// Lists are the code lists of one release. They are read-only, and safe for
// use by several goroutines.
type Lists struct {
	all    []*List
	byName map[string]*List
}

// All gives every list, in a fixed order.
func (l *Lists) All() []*List { return slices.Clone(l.all) }

// Get gives the list of that name.
func (l *Lists) Get(name string) (*List, bool) {
	list, ok := l.byName[name]
	return list, ok
}

// List is one code list.
type List struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	// Version is 12 hexadecimal digits that change whenever anything in the
	// list does. It is computed, never written in a data file.
	Version string `json:"version"`
	// Sources are the published standards the codes were taken from.
	Sources []string `json:"sources"`
	// Variables names, for each system in the codes' Maps, what the mapped
	// values are values of, such as census2021's ethnic_group_tb_20b.
	Variables map[string]string `json:"variables,omitzero"`
	// Codes are in the order in which they are offered.
	Codes []Code `json:"codes"`

	byCode    map[string]int // exact code → index in Codes
	byAlias   map[string]int // folded alias → index in Codes
	spellings []spelling     // of the active codes, for Near
}

// Code is one entry of a list. A release retires codes (Active false), it
// never drops or re-uses them: a retired code stays readable on the records
// that have it and is refused for new ones.
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
	// ValidFrom and ValidTo are RFC 3339 dates, the first and the last day on
	// which the code was offered; empty where unbounded.
	ValidFrom string   `json:"validFrom,omitzero"`
	ValidTo   string   `json:"validTo,omitzero"`
	Aliases   []string `json:"aliases,omitzero"`
	// TakesText says that the member's …IfOther text may go with this code.
	TakesText bool `json:"takesText,omitzero"`
	// Exclusive says that no other code may stand beside this one.
	Exclusive bool `json:"exclusive,omitzero"`
	// MinimumAge is the age in years from which the question is asked.
	MinimumAge int  `json:"minimumAge,omitzero"`
	Maps       Maps `json:"maps,omitzero"`
	// MapReason says why a mapping is null or only approximate.
	MapReason string `json:"mapReason,omitzero"`
	// ISO639Exact is false where the ISO 639 identifier in Maps is broader or
	// narrower than the code, and nil where it is exact.
	ISO639Exact *bool `json:"iso639Exact,omitzero"`
	// Source is where the code itself comes from, such as "Census 2021".
	Source string `json:"source,omitzero"`
}

// Maps holds a code's counterpart in other systems, by the system's key:
// census2021, gss, pcq, core, coreGroup (CORE's broader question of the same
// subject), nhs, iso639, iso3166. An empty value, null in JSON, means that the
// system has no counterpart; the code's MapReason says why. A system without
// a key says nothing of the code, and a local code is mapped as its parent.
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

// Find gives the entry of exactly this code, retired or not.
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

// Resolve gives the entry that a sent value stands for, retired or not: the
// one of exactly this code, or the one with this alias, whatever its case and
// the blanks around it.
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
