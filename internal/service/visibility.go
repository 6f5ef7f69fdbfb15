package service

import (
	"bytes"
	"slices"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// A rule gives the further permission that a caller needs to see a member, besides one that
// shows records at all.
type rule struct {
	member     string
	permission identity.Permission
	past       bool // of earlier values only
	// unnamed leaves out the member's name too, wherever names of members stand, and has
	// withheldMembers name it instead.
	unnamed bool
}

// visibility are the rules under a preset. They apply wherever records and names of members
// leave the program: responses, lists, histories, conflicts, events, messages and exports.
// Members not listed need no further permission; under identity.Open, those held for
// monitoring are not listed.
func visibility(p identity.Preset) []rule {
	rules := []rule{
		{member: "nationalInsuranceNumber", permission: identity.NINORead},
		{member: "gender", permission: identity.RightsRead, past: true},
	}
	if p.Withholds() {
		for _, member := range equality.HeldFor(equality.Monitoring) {
			rules = append(rules, rule{member: member, permission: identity.MonitoringRead, unnamed: true})
		}
	}
	return rules
}

// showsRecords are the permissions that show the values of members. One is enough.
var showsRecords = []identity.Permission{identity.EqualityRead, identity.EqualityExport, identity.EventsPublish}

// readable reports whether the caller may see the values of members.
func (a Access) readable() bool {
	for _, p := range showsRecords {
		if a.may(p) {
			return true
		}
	}
	return false
}

// sees reports whether the caller may see the current value of a member, if any.
func (s *Service) sees(a Access, member string) bool {
	for _, r := range s.visibility {
		if r.member == member && !r.past && !a.may(r.permission) {
			return false
		}
	}
	return true
}

// withheld are the members of which the caller is not even told whether they are there: the
// same for every record.
func (s *Service) withheld(a Access) (members []string) {
	for _, r := range s.visibility {
		if r.unnamed && !a.may(r.permission) {
			members = append(members, r.member)
		}
	}
	return members
}

// show leaves out of a version what the caller may not see; past means that it is not the
// current version. Without permission to read, only the two ids remain. No other code
// decides this.
func (s *Service) show(a Access, o store.Opened, past bool) (Shown, error) {
	if !a.readable() {
		o.Record = equality.Record{ID: o.ID, TargetID: o.Target}
		o.Text = o.Record.Encode()
		o.Provenance.Members = s.names(a, o.Provenance.Members)
		return Shown{Opened: o.Stripped()}, nil
	}
	var hidden []string
	for _, r := range s.visibility {
		if (past || !r.past) && !a.may(r.permission) && (r.unnamed || o.Text == nil || bytes.Contains(o.Text, []byte(`"`+r.member+`"`))) {
			hidden = append(hidden, r.member)
		}
	}
	if o.Text != nil && len(hidden) == 0 {
		return Shown{Opened: o}, nil
	}
	o, err := o.Decode()
	if err != nil {
		return Shown{}, err
	}
	o.Record = o.Record.Without(hidden...)
	o.Text = s.Rules.Encode(o.Record, s.withheld(a)...)
	o.Provenance.Members = s.names(a, o.Provenance.Members)
	return Shown{Opened: o.Stripped()}, nil
}

// misses reports whether a record lacks a member, as far as the caller may see it. A value
// that is not shown, because no list has it, is not missing.
func (s *Service) misses(a Access, shown Shown, member string) bool {
	return a.readable() && s.sees(a, member) && !bytes.Contains(shown.Text, []byte(`"`+member+`"`))
}

// shown returns what the caller may see of a current record.
func (s *Service) shown(a Access, r equality.Record) equality.Record {
	if !a.readable() {
		return equality.Record{}
	}
	for _, v := range s.visibility {
		if !v.past && !a.may(v.permission) {
			r = r.Without(v.member)
		}
	}
	return r
}

// names returns the names of members that the caller may see.
func (s *Service) names(a Access, members []string) []string {
	if withheld := s.withheld(a); len(withheld) > 0 {
		withheld = append(withheld, equality.MaskSensitive(withheld)...) // as events name them
		members = slices.DeleteFunc(slices.Clone(members), func(name string) bool { return slices.Contains(withheld, name) })
	}
	if a.readable() {
		return members
	}
	return equality.MaskSensitive(members)
}

// told returns events as the caller may see them.
func (s *Service) told(a Access, page []events.Event) []events.Event {
	if len(s.withheld(a)) == 0 {
		return page
	}
	page = slices.Clone(page)
	for i := range page {
		page[i].Members = s.names(a, page[i].Members)
	}
	return page
}

// unseen are the members that the caller replaces whole: who may not see a member can only
// say what it is now. The National Insurance number has a rule of its own (decideChange).
func (s *Service) unseen(a Access) []string {
	if !a.readable() {
		return equality.Members()
	}
	return s.withheld(a)
}

// separate refuses what a body says of members that the caller may neither see nor set. It
// judges the body alone. Error: *WithheldError.
func (s *Service) separate(a Access, sent equality.Record) error {
	withheld := s.withheld(a)
	refused := slices.DeleteFunc(sent.Said(), func(name string) bool { return !slices.Contains(withheld, name) })
	if len(refused) > 0 {
		return &WithheldError{refused}
	}
	return nil
}

// Shown is a version of a record as a caller may see it. Its Text is the
// record's JSON as the HTTP contract shows it.
type Shown struct {
	store.Opened
	// Unmodified means that the caller already has this version, so nothing else of the
	// record is set.
	Unmodified bool
	Created    bool // by this write
	Replayed   bool // an earlier request with the same key made the write
}
