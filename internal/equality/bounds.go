package equality

import (
	"fmt"
	"iter"
	"slices"
)

// Bounds of the record. A stored record may be beyond a bound that is newer than
// the record: what is beyond it stays as long as it does not change.
const (
	MaxLanguages                 = 10
	MaxCommunicationRequirements = 20
	MaxPregnancies               = 20
	MaxCode                      = 500      // characters of a code, or of what a front end sent for one
	MaxNINOAsSent                = 20       // characters
	MaxRecord                    = 60 << 10 // bytes as JSON, on either contract

	maxDepth = 8
	maxText  = 200 // characters
)

func characters(limit int) string { return fmt.Sprintf("the limit is %d characters", limit) }

// CheckBounds checks the bounds that depend on the stored record. The error is an
// [*InvalidError].
func CheckBounds(was, is Record) error {
	var failures InvalidError
	failures.bounds(was, is)
	return failures.err()
}

func (e *InvalidError) bounds(was, is Record) {
	if pregnancies := is.PregnancyOrMaternity; len(pregnancies) > MaxPregnancies && !slices.Equal(was.PregnancyOrMaternity, pregnancies) {
		e.add("/pregnancyOrMaternity", TooLong, fmt.Sprintf("the limit is %d elements", MaxPregnancies))
		return // the record may be too long only because of it
	}
	if size := is.size(); size > MaxRecord && size > was.size() {
		e.add("", TooLong, fmt.Sprintf("the limit of a record is %d KiB as JSON", MaxRecord>>10))
	}
}

// formsDiffer is the most that the longer contract's form of a record is longer
// than the record.
const formsDiffer = 1 << 10

// size returns how long the record is as JSON, at most. It encodes only a record
// that may be too long.
func (r *Record) size() int {
	const (
		names   = 3 << 10 // names of members, ids, answers and punctuation
		element = 80      // the same for an element of a list
		escaped = 6       // bytes for one that JSON escapes
	)
	n := names + element*(len(r.PregnancyOrMaternity)+len(r.Languages)+len(r.CommunicationRequirements))
	for value := range r.values() {
		n += escaped * len(value)
	}
	if n <= MaxRecord {
		return n
	}
	return len(r.Encode()) + len(r.NINOAsSent) + formsDiffer
}

// values are all codes and texts of the record, and its National Insurance number
// in both spellings.
func (r *Record) values() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, value := range [...]string{
			r.AgeGroup, r.Gender.Value, r.Nationality, r.Ethnicity.Value, r.ReligionOrBelief.Value, r.SexualOrientation.Value,
			r.CaringResponsibilities.HoursSpentProvidingUnpaidCare, r.EconomicSituation, r.HomeSituation, r.ArmedForces,
			r.NationalInsuranceNumber, r.NINOAsSent,
		} {
			if value != "" && !yield(value) {
				return
			}
		}
		for _, text := range r.texts() {
			if !text.IsZero() && !yield(text.text) {
				return
			}
		}
		for _, language := range r.Languages {
			if !yield(language.Language) {
				return
			}
		}
		for _, value := range r.CommunicationRequirements {
			if !yield(value) {
				return
			}
		}
	}
}

// texts are the record's texts.
func (r *Record) texts() [7]*Text {
	return [...]*Text{
		&r.Gender.ValueIfOther, &r.Ethnicity.ValueIfOther, &r.ReligionOrBelief.ValueIfOther, &r.SexualOrientation.ValueIfOther,
		&r.CommunicationRequirementsIfOther, &r.EconomicSituationIfOther, &r.HomeSituationIfOther,
	}
}
