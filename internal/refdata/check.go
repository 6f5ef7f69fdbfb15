package refdata

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// systems are the keys that Maps may have.
var systems = []string{"census2021", "gss", "pcq", "core", "coreGroup", "nhs", "iso639", "iso3166"}

// codeForm is camelCase, so that a code can be part of a URL, a column name or a
// CSS class without escaping.
var codeForm = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)

// check returns everything wrong with a list from the file of that name.
func check(name string, l *List) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if l.Name != name {
		fail("the list is named %q", l.Name)
	}
	if l.Label == "" {
		fail("no label")
	}
	if l.Version != "" {
		fail("leave the version out: it is computed")
	}
	if len(l.Sources) == 0 {
		fail("no sources")
	}
	for i, c := range l.Codes {
		if err := checkCode(l, c); err != nil {
			fail("code %q: %w", c.Code, err)
		}
		if i > 0 && c.Order <= l.Codes[i-1].Order {
			fail("code %q: order %d is not higher than the one before", c.Code, c.Order)
		}
	}
	if last := len(l.Codes) - 1; last < 0 || l.Codes[last].Code != PreferNotToSay {
		fail("%s is not the last code", PreferNotToSay)
	}
	return errors.Join(append(errs, checkNames(l), checkParents(l))...)
}

// checkCode checks one code on its own.
func checkCode(l *List, c Code) error {
	switch {
	case !codeForm.MatchString(c.Code) || len(c.Code) > maxLength:
		return errors.New("not camelCase, or too long")
	case c.Label == "":
		return errors.New("no label")
	case !isDate(c.ValidFrom) || !isDate(c.ValidTo):
		return errors.New("validFrom and validTo must be dates")
	case c.ValidFrom != "" && c.ValidTo != "" && c.ValidFrom > c.ValidTo:
		return errors.New("validFrom is after validTo")
	case c.Local && c.Active:
		return errors.New("a local code must not be active")
	case !c.Active && !c.Local && c.ValidTo == "":
		return errors.New("not active, but without validTo") // or "active" was forgotten
	case c.MinimumAge < 0:
		return errors.New("minimumAge is negative")
	}
	for system, value := range c.Maps {
		switch {
		case !slices.Contains(systems, system):
			return fmt.Errorf("unknown system %q in maps", system)
		case l.Variables[system] == "":
			return fmt.Errorf("the list's variables do not say what %s is", system)
		case value == "" && c.MapReason == "":
			return fmt.Errorf("no mapReason for the null %s", system)
		}
	}
	return nil
}

// checkNames checks that every code and alias means one entry, in any case. An
// alias may differ from its own code only in case: codes match exactly, and the
// alias accepts the other spelling.
func checkNames(l *List) error {
	var errs []error
	owner := make(map[string]string)
	codes := make(map[string]bool)
	for _, c := range l.Codes {
		folded := strings.ToLower(c.Code)
		if codes[folded] {
			errs = append(errs, fmt.Errorf("code %q appears twice", c.Code))
		}
		codes[folded] = true
		owner[folded] = c.Code
	}
	for _, c := range l.Codes {
		mine := make(map[string]bool)
		for _, alias := range c.Aliases {
			folded := strings.ToLower(alias)
			switch other, taken := owner[folded]; {
			case strings.TrimSpace(alias) != alias || alias == "" || len(alias) > maxLength:
				errs = append(errs, fmt.Errorf("code %q: alias %q is empty, padded or too long", c.Code, alias))
			case alias == c.Code || mine[folded]:
				errs = append(errs, fmt.Errorf("code %q: alias %q appears twice", c.Code, alias))
			case taken && other != c.Code:
				errs = append(errs, fmt.Errorf("code %q: alias %q means %q too", c.Code, alias, other))
			}
			mine[folded] = true
			owner[folded] = c.Code
		}
	}
	return errors.Join(errs...)
}

// checkParents checks that parents are codes of the list and form no loop.
func checkParents(l *List) error {
	parents := make(map[string]string, len(l.Codes))
	for _, c := range l.Codes {
		parents[c.Code] = c.Parent
	}
	var errs []error
	for _, c := range l.Codes {
		steps := 0
		for parent := c.Parent; parent != ""; parent = parents[parent] {
			if _, ok := parents[parent]; !ok {
				errs = append(errs, fmt.Errorf("code %q: no parent %q", c.Code, parent))
				break
			}
			if steps++; steps > len(l.Codes) {
				errs = append(errs, fmt.Errorf("code %q: its parents form a loop", c.Code))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// isDate says whether s is an RFC 3339 full-date or empty.
func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return s == "" || err == nil
}
