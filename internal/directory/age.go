package directory

import "equality-information-api/internal/equality"

// longestLife is longer than anybody has lived, in years. An earlier birth stands for one that is
// not known, as 0001-01-01 does in systems that always write a date.
const longestLife = 130

// Age returns how old the person is on a day, in whole years; of one who had died by then,
// how old they became. known is false without a date of birth that can be right.
func (p Person) Age(day equality.Date) (years int, known bool) {
	if p.DateOfBirth.IsZero() {
		return 0, false
	}
	if !p.DateOfDeath.IsZero() && p.DateOfDeath.Compare(day) < 0 {
		day = p.DateOfDeath
	}
	if years = p.DateOfBirth.YearsUntil(day); years > longestLife {
		return 0, false
	}
	return years, true
}

// AgeGroup returns the code of the list age-group that follows from the date of birth, ""
// if it is not known, or the person has died.
func (p Person) AgeGroup(day equality.Date) string {
	years, known := p.Age(day)
	if !known || !p.DateOfDeath.IsZero() {
		return ""
	}
	for _, group := range ageGroups {
		if years < group.below {
			return group.code
		}
	}
	return oldest
}

// ageGroups are the codes of the list age-group, and the age by which a person has left it.
var ageGroups = []struct {
	below int
	code  string
}{
	{16, "underSixteen"},
	{18, "sixteenToSeventeen"},
	{25, "eighteenToTwentyFour"},
	{35, "twentyFiveToThirtyFour"},
	{45, "thirtyFiveToFortyFour"},
	{55, "fortyFiveToFiftyFour"},
	{65, "fiftyFiveToSixtyFour"},
	{85, "sixtyFiveToEightyFour"},
}

const oldest = "eightyFiveAndPlus"

// DiesBeforeBirth says whether the dates cannot both be right.
func (p Person) DiesBeforeBirth() bool {
	return !p.DateOfBirth.IsZero() && !p.DateOfDeath.IsZero() && p.DateOfDeath.Compare(p.DateOfBirth) < 0
}
