package mmh

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/service"
)

// Codec decodes and encodes records in the form of today's front ends. It is a
// service.Form, pure, and safe for use by several goroutines.
type Codec struct {
	rules  *equality.Rules
	strict bool

	ageGroup, gender, nationality, ethnicGroup, religionOrBelief, sexualOrientation,
	language, hoursOfUnpaidCare, communicationRequirement, economicSituation, homeSituation,
	armedForces codes
}

// codes is a code list and the front ends' spellings of some of its codes.
type codes struct {
	*refdata.List
	spelled map[string]string
}

// spelling has the front ends' spellings that differ from the lists', by list.
// Each is an alias in the list, so decoding needs no special case.
var spelling = map[string]map[string]string{
	refdata.AgeGroup:      {"eightyFiveAndPlus": "eightyFiveandPlus"},
	refdata.Answer:        {"true": "yes", "false": "no"},
	refdata.EthnicGroup:   {"white": "whiteOrWhiteBritish"},
	refdata.HomeSituation: {"temporaryAccommodationPlacedByHackneyCouncil": "TemporaryAccommodationPlacedByHackneyCouncil"},
	refdata.ArmedForces: {
		"aServingMemberOfTheArmedForces": "servingMemberOfTheArmedForces",
		"aFormerMemberOfTheArmedForces":  "formerMemberOfTheArmedForces",
	},
}

// NewCodec returns the codec for these lists. strict refuses unknown and retired
// codes, which are otherwise kept as sent. It fails if a list is missing.
func NewCodec(lists *refdata.Lists, strict bool) (*Codec, error) {
	rules, err := equality.NewRules(lists)
	if err != nil {
		return nil, err
	}
	c := Codec{rules: rules, strict: strict}
	for name, list := range map[string]*codes{
		refdata.AgeGroup:                 &c.ageGroup,
		refdata.Gender:                   &c.gender,
		refdata.Nationality:              &c.nationality,
		refdata.EthnicGroup:              &c.ethnicGroup,
		refdata.ReligionOrBelief:         &c.religionOrBelief,
		refdata.SexualOrientation:        &c.sexualOrientation,
		refdata.Language:                 &c.language,
		refdata.HoursOfUnpaidCare:        &c.hoursOfUnpaidCare,
		refdata.CommunicationRequirement: &c.communicationRequirement,
		refdata.EconomicSituation:        &c.economicSituation,
		refdata.HomeSituation:            &c.homeSituation,
		refdata.ArmedForces:              &c.armedForces,
	} {
		found, ok := lists.Get(name)
		if !ok {
			return nil, fmt.Errorf("no reference list %s", name)
		}
		*list = codes{found, spelling[name]}
	}
	return &c, nil
}

// write returns a code in the front ends' spelling.
func (l codes) write(code string) string {
	if spelled, ok := l.spelled[code]; ok {
		return spelled
	}
	return code
}

// takesText says whether the code takes text. Nobody knows that about a code in
// no list, so its text is kept.
func (l codes) takesText(value string) bool {
	code, known := l.Find(value)
	return code.TakesText || !known && value != ""
}

// DecodeCreate reads the body of a POST. It ignores the id in the body: the
// service sets the record's ID. The error is an *equality.InvalidError.
func (c *Codec) DecodeCreate(body []byte, _ uuid.UUID, today equality.Date) (equality.Record, error) {
	d := newDecoder(c, body, today)
	s := d.read()
	if d.form.Failures == nil && s.Of == uuid.Nil && !d.refusedTarget {
		d.targetRequired()
	}
	return d.create(s)
}

// DecodePatch reads the body of a PATCH: members that are there change, and
// objects and lists are replaced whole. What this contract refuses and the other
// or an earlier release stored may be sent back by who was shown it: a number that
// HMRC would not issue, markup, and values that are too long. The error is an
// *equality.InvalidError.
func (c *Codec) DecodePatch(body []byte, today equality.Date) (service.Sent, error) {
	d := newDecoder(c, body, today)
	s := d.read()
	if len(d.rules.Failures) == 0 {
		s.Doubts = d.doubts
	} else {
		d.failDoubts()
	}
	return s.Sent, d.err()
}

// create returns the record in a body, and makes all checks.
func (d *decoder) create(s sent) (equality.Record, error) {
	d.failDoubts()
	s.TargetID = equality.Set(s.Of)
	record := s.Apply(equality.Record{})
	if d.imported && equality.CheckBounds(equality.Record{}, record) != nil {
		// Without its longest list, whatever each value may be, a record is short enough.
		d.path = append(d.path, step{name: "communicationRequirements"})
		d.failMeaning(equality.TooLong)
		d.path = d.path[:0]
		s.CommunicationRequirements = equality.RequirementsPatch{}
		record = s.Apply(equality.Record{})
	}
	var invalid *equality.InvalidError
	if errors.As(d.codec.rules.Validate(s.Patch, equality.Record{}, record), &invalid) {
		for _, f := range invalid.Failures {
			if f.Pointer != "" || len(d.rules.Failures) == 0 { // the record may be too long only because of a value
				d.rules.Note(f)
			}
		}
	}
	if err := d.err(); err != nil {
		return equality.Record{}, err
	}
	return record, nil
}
