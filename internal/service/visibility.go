package service

import (
	"bytes"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// visibility is the permission that a member of a record takes to be shown,
// besides the one that shows records at all. It holds for every way out:
// answers, lists, histories, messages to listeners, exports. A member that does
// not stand here takes no other.
var visibility = []struct {
	member     string
	permission identity.Permission
	past       bool // of earlier values only
}{
	{"nationalInsuranceNumber", identity.NINORead, false},
	{"gender", identity.RightsRead, true},
}

// showsRecords are the permissions of which one shows what members hold.
var showsRecords = []identity.Permission{identity.EqualityRead, identity.EqualityExport, identity.EventsPublish}

// readable says whether the caller may see what members hold.
func (a Access) readable() bool {
	for _, p := range showsRecords {
		if a.may(p) {
			return true
		}
	}
	return false
}

// show leaves out what the caller may not see of a version; past says that it
// is not the current one. Without the permission to read nothing is left but
// the two ids. It is the one place that decides so.
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

// names are the names of members as the caller may know them.
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
	// Unmodified says that the caller has this version already: nothing else
	// of the record is shown.
	Unmodified bool
	Created    bool // by this write
	Replayed   bool // the write was done by an earlier request with the same key
}
