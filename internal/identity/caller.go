// Package identity finds out who is calling: it turns a token into a Caller with
// permissions. Nothing else in the program knows JWT, the roles of groups or how to find a
// subject.
//
// It does not own which permission an operation needs (internal/service), the 401 for a
// caller without valid credentials or the count of them (internal/gate), the file of the
// secret (internal/config), or how often a caller may call (internal/server).
package identity

import (
	"slices"
	"strings"
)

// Kind says what kind of caller it is.
type Kind string

// A person who signed in, or a machine with its own token.
const (
	Person  Kind = "person"
	Service Kind = "service"
)

// A Caller is who sent a request and what they may do. The zero Caller may do nothing. It
// is a small value: copy it, compare it with ==.
type Caller struct {
	// Subject identifies the caller among those of the same Kind; 1 to 256 bytes.
	Subject string
	// Name is the caller's name for people to read, at most 256 bytes; empty if the token
	// has none.
	Name string
	Kind Kind

	permissions permissionSet
	// roles are the names of its roles, sorted and separated by spaces.
	roles string
	// groups has each group between NULs, sorted. With a slice, Caller would not be
	// comparable.
	groups string
}

// May reports whether the caller has the permission.
func (c Caller) May(p Permission) bool { return c.permissions&bits[p] != 0 }

// In reports whether the caller belongs to the group, even if the group has no roles.
// Service areas are opened to groups.
func (c Caller) In(group string) bool {
	return isGroup(group) && strings.Contains(c.groups, "\x00"+group+"\x00")
}

// With adds permissions. It is for the program's own work (an import, a job) and for tests;
// the permissions of a token come from its groups.
func (c Caller) With(permissions ...Permission) Caller {
	for _, p := range permissions {
		c.permissions |= bits[p]
	}
	return c
}

// WithRoles adds built-in roles: their names and their permissions under Open. It ignores
// unknown names.
func (c Caller) WithRoles(names ...string) Caller { return c.withRoles(roles, names) }

func (c Caller) withRoles(roles map[string][]Permission, names []string) Caller {
	held := c.Roles()
	for _, name := range names {
		if permissions, ok := roles[name]; ok {
			c = c.With(permissions...)
			held = append(held, name)
		}
	}
	slices.Sort(held)
	c.roles = strings.Join(slices.Compact(held), " ")
	return c
}

// Permissions returns the caller's permissions, sorted.
func (c Caller) Permissions() []string {
	permissions := []string{}
	for p := range bits {
		if c.May(p) {
			permissions = append(permissions, string(p))
		}
	}
	slices.Sort(permissions)
	return permissions
}

// Roles returns the names of the caller's roles, sorted.
func (c Caller) Roles() []string { return strings.Fields(c.roles) }

// WithGroups replaces the caller's groups. It ignores names that are empty or contain a
// NUL.
func (c Caller) WithGroups(groups ...string) Caller {
	groups = slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return !isGroup(g) })
	slices.Sort(groups)
	groups = slices.Compact(groups)
	c.groups = ""
	if len(groups) > 0 {
		c.groups = "\x00" + strings.Join(groups, "\x00") + "\x00"
	}
	return c
}

func isGroup(name string) bool { return name != "" && !strings.Contains(name, "\x00") }
