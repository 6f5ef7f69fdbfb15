package service

import (
	"bytes"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// visibility gives the further permission that a caller needs to see a member, besides one
// that shows records at all. It applies wherever records leave the program: responses,
// lists, histories, messages and exports. Members not listed here need no further
// permission.
var visibility = []struct {
	member     string
	permission identity.Permission
	past       bool // of earlier values only
}{
	{"nationalInsuranceNumber", identity.NINORead, false},
	{"gender", identity.RightsRead, true},
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

// show leaves out of a version what the caller may not see; past means that it is not the
// current version. Without permission to read, only the two ids remain. No other code
// decides this.
func (s *Service) show(a Access, o store.Opened, past bool) (Shown, error) {
	if !a.readable() {
		o.Record = equality.Record{ID: o.ID, TargetID: o.Target}
		o.Text = o.Record.Encode()
		o.Provenance.Members = a.names(o.Provenance.Members)
		return Shown{Opened: o.Stripped()}, nil
	}
	var withheld []string
	for _, v := range visibility {
		if (past || !v.past) && !a.may(v.permission) && (o.Text == nil || bytes.Contains(o.Text, []byte(`"`+v.member+`"`))) {
			withheld = append(withheld, v.member)
		}
	}
	if o.Text != nil && len(withheld) == 0 {
		return Shown{Opened: o}, nil
	}
	o, err := o.Decode()
	if err != nil {
		return Shown{}, err
	}
	o.Record = o.Record.Without(withheld...)
	o.Text = s.Rules.Encode(o.Record)
	return Shown{Opened: o.Stripped()}, nil
}

// misses reports whether a record lacks a member, as far as the caller may see it. A value
// that is not shown, because no list has it, is not missing.
func (a Access) misses(shown Shown, member string) bool {
	return a.readable() && !bytes.Contains(shown.Text, []byte(`"`+member+`"`))
}

// shown returns what the caller may see of a current record.
func (a Access) shown(r equality.Record) equality.Record {
	if !a.readable() {
		return equality.Record{}
	}
	for _, v := range visibility {
		if !v.past && !a.may(v.permission) {
			r = r.Without(v.member)
		}
	}
	return r
}

// names returns the names of members that the caller may see.
func (a Access) names(members []string) []string {
	if a.readable() {
		return members
	}
	return equality.MaskSensitive(members)
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
