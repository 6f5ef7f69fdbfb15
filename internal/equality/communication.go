package equality

import "slices"

// Communication is what somebody must know to speak or write to a person: the operational
// part of a record, as a card.
type Communication struct {
	Languages    []SpokenLanguage `json:"languages"`
	Requirements []Requirement    `json:"communicationRequirements"`
	IfOther      Text             `json:"communicationRequirementsIfOther,omitzero"`
	// InterpreterNeeded says whether one of the requirements is an interpreter.
	InterpreterNeeded bool `json:"interpreterNeeded"`
	// Other are languages and requirements that are in no list, as they were sent.
	Other []string `json:"other"`
}

// SpokenLanguage is a language of the person, with its label.
type SpokenLanguage struct {
	Language  string `json:"language"`
	Label     string `json:"label"`
	IsPrimary bool   `json:"isPrimary"`
}

// Requirement is a communication requirement with its label.
type Requirement struct {
	Code  string `json:"code"`
	Label string `json:"label"`
}

// interpreters are the communication requirements for which an interpreter is needed.
var interpreters = []string{"signLanguage", "bslVideoInterpreter", "interpreterNeeded", "deafblindManualInterpreter"}

// Communication returns the record's card. Its lists are empty, not nil, where nothing is
// known.
func (r *Rules) Communication(record Record) Communication {
	c := Communication{Languages: []SpokenLanguage{}, Requirements: []Requirement{}, Other: []string{}}
	for _, l := range record.Languages {
		if code, known := r.language.Find(l.Language); known {
			c.Languages = append(c.Languages, SpokenLanguage{code.Code, code.Label, l.IsPrimary})
		} else {
			c.Other = append(c.Other, l.Language)
		}
	}
	for _, value := range record.CommunicationRequirements {
		if code, known := r.communicationRequirement.Find(value); known {
			c.Requirements = append(c.Requirements, Requirement{code.Code, code.Label})
			c.InterpreterNeeded = c.InterpreterNeeded || slices.Contains(interpreters, code.Code)
		} else {
			c.Other = append(c.Other, value)
		}
	}
	if text := record.CommunicationRequirementsIfOther; text.String() != "" {
		c.IfOther = text
	}
	return c
}
