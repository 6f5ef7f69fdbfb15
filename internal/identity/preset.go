package identity

import "slices"

// A Preset says which built-in roles see what is held for equality monitoring. Any other
// text is Open.
type Preset string

const (
	// Open is the default: every role that reads records sees all of them. Nothing checks
	// MonitoringRead.
	Open Preset = "open"
	// Separated keeps the answers held for monitoring from the roles that decide about one
	// person (Data Protection Act 2018, Schedule 1, paragraph 8(3)): they neither see nor set
	// them.
	Separated Preset = "separated"
	// CollectOnly lets these roles set the answers, but not see them.
	CollectOnly Preset = "collect-only"
)

// Withholds reports whether what is held for monitoring takes MonitoringRead to see.
func (p Preset) Withholds() bool { return p == Separated || p == CollectOnly }

// withdrawn are the permissions that a role loses under a preset that withholds.
var withdrawn = map[string][]Permission{
	"officer": {MonitoringRead},
	"service": {MonitoringRead},
}

// Roles returns the built-in roles and their permissions. The caller may change the map.
func (p Preset) Roles() map[string][]Permission {
	out := make(map[string][]Permission, len(roles))
	for role, permissions := range roles {
		out[role] = slices.DeleteFunc(slices.Clone(permissions), func(permission Permission) bool {
			return p.Withholds() && slices.Contains(withdrawn[role], permission)
		})
	}
	return out
}

// Roles returns the built-in roles and their permissions under Open. The caller may change
// the map.
func Roles() map[string][]Permission { return Open.Roles() }
