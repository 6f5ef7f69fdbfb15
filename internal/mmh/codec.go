package mmh

import (
	"fmt"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/service"
)

// Codec reads and writes records as today's front ends do. It is a
// service.Form, pure, and safe for use by several goroutines.
type Codec struct {
	rules  *equality.Rules
	strict bool

	ageGroup, gender, nationality, ethnicGroup, religionOrBelief, sexualOrientation,
	language, hoursOfUnpaidCare, communicationRequirement, economicSituation, homeSituation,
	armedForces codes
}

// codes is a list of codes and how the front ends spell some of them.
type codes struct {
	*refdata.List
	spelled map[string]string
}

// spelling is how the front ends spell codes that differ from the lists', by
// list. Each is an alias there, so that it is read like any other.
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

// NewCodec gives the codec under these lists. strict refuses a code that no
// list offers; otherwise it is kept as sent. It fails where a list is missing.
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
			return nil, fmt.Errorf("mmh: no reference list %s", name)
		}
		*list = codes{found, spelling[name]}
	}
	return &c, nil
}

// read gives the code that a sent value stands for, or the value itself.
func (l codes) read(value string) string {
	if code, ok := l.Resolve(value); ok {
		return code.Code
	}
	return value
}

// write gives a code as the front ends spell it.
func (l codes) write(code string) string {
	if spelled, ok := l.spelled[code]; ok {
		return spelled
	}
	return code
}

// takesText says whether a text may stand beside the code. Of one that is in
// no list nobody knows, so its text is kept with it.
func (l codes) takesText(value string) bool {
	code, known := l.Find(value)
	return code.TakesText || !known && value != ""
}

// DecodeCreate reads the body of a POST. The record's ID is left to the
// service, whatever the body says. The error is an *equality.InvalidError.
func (c *Codec) DecodeCreate(body []byte, _ uuid.UUID, today equality.Date) (equality.Record, error) {
	d := newDecoder(c, body, today)
	s := d.read()
	if d.form.Failures == nil && s.Of == uuid.Nil && !d.refusedTarget {
		d.targetRequired()
	}
	return d.create(s)
}

// DecodePatch reads the body of a PATCH: members that are there change, and
// objects and lists are replaced whole. A National Insurance number that HMRC
// would not issue may be sent back by who was shown it. The error is an *equality.InvalidError.
func (c *Codec) DecodePatch(body []byte, today equality.Date) (service.Sent, error) {
	d := newDecoder(c, body, today)
	s := d.read()
	if len(d.rules.Failures) == 0 && len(d.doubt.Failures) > 0 {
		s.NINODoubt = &d.doubt
	} else {
		d.settle()
	}
	return s.Sent, d.err()
}

// create gives the record that was sent, and checks it whole.
func (d *decoder) create(s sent) (equality.Record, error) {
	d.settle()
	if err := d.err(); err != nil {
		return equality.Record{}, err
	}
	s.TargetID = equality.Set(s.Of)
	record := s.Apply(equality.Record{})
	return record, d.codec.rules.Validate(s.Patch, equality.Record{}, record)
}
