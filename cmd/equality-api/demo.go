package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/etag"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/service"
)

// The demo people are invented: their answers come from a fixed sequence of
// random numbers, so every machine has the same ones (a year later they were born
// a year later), and their National Insurance numbers begin with letters that
// HMRC never issues.

// demo makes invented people.
type demo struct {
	random, names *rand.Rand
	year          int // by which their ages go
	lists         *refdata.Lists
	turn          map[string]int // how many codes of each list have been used
}

func newDemo(lists *refdata.Lists, year int) *demo {
	return &demo{random: rand.New(rand.NewPCG(2026, 11)), names: rand.New(rand.NewPCG(2026, 12)), year: year, lists: lists, turn: make(map[string]int)}
}

// invented is an invented person: the record, and the entry in the directory, whose id is zero
// if there is none.
type invented struct {
	equality.Record
	entry directory.Person
}

// id is a UUID from the random sequence (version 8, RFC 9562: custom).
func (d *demo) id() (id uuid.UUID) {
	for i := range id {
		id[i] = byte(d.random.Uint32())
	}
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return id
}

// code uses the active codes of a list in turn, so that each is used.
func (d *demo) code(list string) (code refdata.Code) {
	l, _ := d.lists.Get(list)
	for !code.Active {
		code = l.Codes[d.turn[list]%len(l.Codes)]
		d.turn[list]++
	}
	return code
}

func (d *demo) often(percent int) bool { return d.random.IntN(100) < percent }

func (d *demo) answer() equality.Answer {
	return []equality.Answer{equality.Yes, equality.No, equality.No, equality.PreferNotToSay}[d.random.IntN(4)]
}

// coded returns the next code of a list and, if it takes text, often a text.
func (d *demo) coded(list string) (string, equality.Text) {
	code := d.code(list)
	if code.TakesText && d.often(70) {
		return code.Code, equality.NewText("An invented description")
	}
	return code.Code, equality.Text{}
}

// person makes the next person. Some questions were not asked of some people.
func (d *demo) person() equality.Record {
	r := equality.Record{ID: d.id(), TargetID: d.id()}
	r.AgeGroup = d.code(refdata.AgeGroup).Code
	r.Nationality = d.code(refdata.Nationality).Code
	r.Gender.Value, r.Gender.ValueIfOther = d.coded(refdata.Gender)
	r.Ethnicity.Value, r.Ethnicity.ValueIfOther = d.coded(refdata.EthnicGroup)
	r.ReligionOrBelief.Value, r.ReligionOrBelief.ValueIfOther = d.coded(refdata.ReligionOrBelief)
	r.Disabled = d.answer()
	r.EconomicSituation, r.EconomicSituationIfOther = d.coded(refdata.EconomicSituation)
	r.HomeSituation, r.HomeSituationIfOther = d.coded(refdata.HomeSituation)
	if d.often(80) {
		r.ArmedForces = d.code(refdata.ArmedForces).Code
		r.MarriageOrCivilPartnership = equality.MarriageOrCivilPartnership{Married: d.answer(), CivilPartnership: equality.No}
	}
	if r.AgeGroup != "underSixteen" {
		r.SexualOrientation.Value, r.SexualOrientation.ValueIfOther = d.coded(refdata.SexualOrientation)
		r.Gender.DifferentToBirthSex = d.answer()
	}
	for i := range 1 + d.random.IntN(2) {
		r.Languages = append(r.Languages, equality.Language{Language: d.code(refdata.Language).Code, IsPrimary: i == 0})
	}
	if r.CaringResponsibilities.ProvideUnpaidCare = d.answer(); r.CaringResponsibilities.ProvideUnpaidCare == equality.Yes {
		r.CaringResponsibilities.HoursSpentProvidingUnpaidCare = d.code(refdata.HoursOfUnpaidCare).Code
	}
	if d.often(60) {
		r.CommunicationRequirements = []string{d.code(refdata.CommunicationRequirement).Code}
	}
	if d.often(10) {
		date := equality.NewDate(2024+d.random.IntN(2), time.Month(1+d.random.IntN(12)), 1+d.random.IntN(28))
		r.PregnancyOrMaternity = []equality.Pregnancy{equality.NewPregnancy(date)}
	}
	if d.often(75) {
		r.NationalInsuranceNumber = fmt.Sprintf("QQ%06d%c", d.random.IntN(1e6), 'A'+rune(d.random.IntN(4)))
	}
	return r
}

func (d *demo) people(n int) []invented {
	people := make([]invented, n)
	for i := range people {
		r := d.person()
		entry := d.entry(r, namings[i%len(namings)])
		switch {
		case i%12 == 11:
			entry = directory.Person{}
		case i%9 == 7:
			r.AgeGroup = "" // which the date of birth suggests
		}
		people[i] = invented{r, entry}
	}
	for i, t := range d.twins() {
		if at := firstTwin + i; at < n {
			people[at] = t.of(people[at].Record)
		}
	}
	return people
}

// firstTwin is the place of the first twin among the people.
const firstTwin = 21

// twin is one of two records about one person.
type twin struct {
	ageGroup, number string
	entry            directory.Person
	brief            bool // the record has few answers, as from a service that asks little
}

// twins are two pairs: the records of the first have the same National Insurance number, the
// people of the second the same date of birth and names that sound alike.
func (d *demo) twins() []twin {
	one, other := equality.NewDate(d.year-47, time.March, 14), equality.NewDate(d.year-61, time.October, 2)
	return []twin{
		{"fortyFiveToFiftyFour", "QQ112233A", directory.Person{Title: "Mrs", FirstName: "Katarzyna", Surname: "Przykładowska", DateOfBirth: one}, false},
		{"fortyFiveToFiftyFour", "QQ112233A", directory.Person{FirstName: "Kasia", Surname: "Sampleton", DateOfBirth: one}, true},
		{"fiftyFiveToSixtyFour", "QQ445566B", directory.Person{Title: "Ms", FirstName: "Catherine", Surname: "Exampleton", DateOfBirth: other}, false},
		{"fiftyFiveToSixtyFour", "", directory.Person{FirstName: "Kathryn", Surname: "Exampelton", DateOfBirth: other}, true},
	}
}

// of makes somebody's record that of the twin.
func (t twin) of(r equality.Record) invented {
	if t.brief {
		r = equality.Record{ID: r.ID, TargetID: r.TargetID, Nationality: r.Nationality}
	}
	r.AgeGroup, r.NationalInsuranceNumber, t.entry.ID = t.ageGroup, t.number, r.TargetID
	return invented{r, t.entry}
}

// createDemo creates invented people, unless they exist, through the use cases for
// every create and for every entry in the directory. It changes some, so that there
// is a history to look at.
func (p *program) createDemo(ctx context.Context, people []invented) error {
	request := service.Request{
		CorrelationID: uuid.New(), Purpose: "support",
		Caller: identity.Caller{Subject: "demo", Name: "Demo data", Kind: identity.Service}.With(identity.EqualityRead, identity.EqualityWrite,
			identity.MonitoringRead, identity.PersonRead, identity.PersonWrite),
	}
	may := make(map[service.Action]service.Access)
	for _, action := range []service.Action{service.Read, service.Create, service.Change, service.WritePerson} {
		access, err := p.service.Authorise(ctx, request, action)
		if err != nil {
			return err
		}
		may[action] = access
	}
	last := service.Lookup{ID: people[len(people)-1].ID, IfNoneMatch: etag.List{Any: true}}
	switch _, err := p.service.Read(ctx, may[service.Read], last); {
	case err == nil, errors.Is(err, service.ErrErased):
		return nil // the last one exists, so all do
	case !errors.Is(err, service.ErrNotFound):
		return fmt.Errorf("look for the demo people: %w", err)
	}
	anyVersion := service.Conditions{IfMatch: &etag.List{Any: true}} // which the server may require
	for i, person := range people {
		_, err := p.service.CreateRecord(ctx, may[service.Create], service.Write{Body: person.Encode(), Reason: service.ChangeReasons[0]})
		if errors.As(err, new(*service.ConflictError)) {
			continue // created by an earlier start that was interrupted
		}
		if err == nil && i%10 == 0 {
			_, err = p.service.ChangeRecord(ctx, may[service.Change], service.Write{
				ID: person.ID, Body: []byte(`{"disabled": "preferNotToSay"}`), Reason: "correction", Conditions: anyVersion,
			})
		}
		if err == nil && person.entry.ID != uuid.Nil {
			_, err = p.service.PutPerson(ctx, may[service.WritePerson], service.PersonWrite{ID: person.TargetID, Body: person.entry.Encode()})
			if errors.Is(err, service.ErrDirectoryReadOnly) {
				err = nil // the names are another system's
			}
		}
		if err != nil {
			return fmt.Errorf("make the demo people: %w", err)
		}
	}
	return nil
}

// welcome creates the demo people and prints how to begin.
func (p *program) welcome(ctx context.Context, o output, address net.Addr) error {
	if p.DemoPeople == 0 {
		return nil
	}
	people := newDemo(p.lists, time.Now().Year()).people(p.DemoPeople)
	if err := p.createDemo(ctx, people); err != nil {
		return err
	}
	token, err := tokenCommand{
		DataDir: p.DataDir, Role: []string{"officer"}, Name: "Demo officer", Email: "demo.officer@council.example", TTL: 12 * time.Hour,
	}.sign(time.Now())
	if err != nil {
		return err
	}
	base := "http://" + address.String()
	if p.TLSCert != "" {
		base = "https://" + address.String()
	}
	var facts strings.Builder
	for _, fact := range p.facts() {
		fmt.Fprintf(&facts, "%-15s %s\n", fact.Key, fact.Value)
	}
	_, err = fmt.Fprintf(o.out, `
The Equality Information API is running at %[1]s with %[2]d invented people.

To read one of them, with name and date of birth, use this officer's token, which is
valid for 12 hours:

TOKEN=%[3]s
curl -H "Authorization: Bearer $TOKEN" "%[1]s/equality-information/%[4]s?include=person"

Get another token:   %[6]s token --data-dir %[5]s --role officer
Read the contract:   %[1]s/docs

%[7]s
`, base, p.DemoPeople, token, people[0].TargetID, p.DataDir, os.Args[0], facts.String())
	return err
}
