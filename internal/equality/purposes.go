package equality

import "slices"

// Purpose says what a member is held for.
type Purpose string

const (
	// Monitoring is to see over many people whether they are treated equally.
	Monitoring Purpose = "monitoring"
	// Operational is to serve this person.
	Operational Purpose = "operational"
)

// Use says why a member is held.
type Use struct {
	Name    string  `json:"name"`
	Purpose Purpose `json:"purpose"`
	// LawfulBasis is in UK GDPR, and the Data Protection Act 2018 for special categories.
	LawfulBasis string `json:"lawfulBasis"`
	// ReviewMonths is how often to ask whether the member is still needed, in months.
	ReviewMonths int `json:"reviewMonths"`
}

// The lawful bases.
const (
	publicTask = "UK GDPR Article 6(1)(e), public task: Equality Act 2010, section 149"
	// equalOpportunity is for what reveals racial or ethnic origin, religion or belief,
	// health, or sexual orientation.
	equalOpportunity = publicTask + "; Article 9(2)(g): Data Protection Act 2018, Schedule 1, paragraph 8"
	// adjustments is for what may reveal health.
	adjustments = "UK GDPR Article 6(1)(e), public task: Equality Act 2010, section 20; " +
		"Article 9(2)(g): Data Protection Act 2018, Schedule 1, paragraph 6"
	service  = "UK GDPR Article 6(1)(e), public task: serving the person in a language they understand"
	identify = "UK GDPR Article 6(1)(e), public task: telling one person from another"
)

// uses has every member, in document order.
var uses = []Use{
	{"ageGroup", Monitoring, publicTask, 24},
	{"gender", Monitoring, publicTask, 24},
	{"nationality", Monitoring, equalOpportunity, 24},
	{"ethnicity", Monitoring, equalOpportunity, 24},
	{"religionOrBelief", Monitoring, equalOpportunity, 24},
	{"sexualOrientation", Monitoring, equalOpportunity, 24},
	{"marriageOrCivilPartnership", Monitoring, publicTask, 24},
	{"pregnancyOrMaternity", Monitoring, equalOpportunity, 12},
	{"nationalInsuranceNumber", Operational, identify, 36},
	{"languages", Operational, service, 12},
	{"caringResponsibilities", Monitoring, publicTask, 24},
	{"disabled", Monitoring, equalOpportunity, 24},
	{"communicationRequirements", Operational, adjustments, 12},
	{"communicationRequirementsIfOther", Operational, adjustments, 12},
	{"economicSituation", Monitoring, publicTask, 24},
	{"economicSituationIfOther", Monitoring, publicTask, 24},
	{"homeSituation", Monitoring, publicTask, 24},
	{"homeSituationIfOther", Monitoring, publicTask, 24},
	{"armedForces", Monitoring, publicTask, 24},
}

// Uses returns why each member is held, in document order.
func Uses() []Use { return slices.Clone(uses) }

// HeldFor returns the names of the members held for a purpose, in document order.
func HeldFor(p Purpose) (names []string) {
	for _, use := range uses {
		if use.Purpose == p {
			names = append(names, use.Name)
		}
	}
	return names
}
