// Package identity owns who is calling: a token goes in, a Caller with
// permissions comes out. Nothing else in the program knows JWT, groups' roles
// or how a subject is found.
//
// It does not own what a permission is needed for (internal/service), the
// 401 that an unauthenticated caller is given or its counting (the adapters),
// where the secret is kept (internal/config), or how often a caller may call
// (internal/server).
package identity

import (
	"slices"
	"strings"
)

// Kind says what is calling.
type Kind string

// A person signed in, or a machine with a token of its own.
const (
	Person  Kind = "person"
	Service Kind = "service"
)

// A Caller is who sent a request and what it may do. The zero Caller may do
// nothing. It is a small value: copy it, compare it with ==.
type Caller struct {
	// Subject identifies the caller among those of its Kind; 1 to 256 bytes.
	Subject string
	// Name is what people call it; empty if the token has none.
	Name string
	Kind Kind

	permissions permissionSet
	// roles are the names of its roles, sorted, with a blank between two.
	roles string
	// groups has each group between NULs, sorted: a slice would make Caller
	// incomparable.
	groups string
}

// May reports whether the caller has the permission.
func (c Caller) May(p Permission) bool { return c.permissions&bits[p] != 0 }

// In reports whether the caller belongs to the group, be it mapped to a role
// or not. Service areas are opened to groups.
func (c Caller) In(group string) bool {
	return isGroup(group) && strings.Contains(c.groups, "\x00"+group+"\x00")
}

// With gives the caller these permissions as well. It is for the program's own
// work (an import, a job) and for tests; a token's come from its groups.
func (c Caller) With(permissions ...Permission) Caller {
	for _, p := range permissions {
		c.permissions |= bits[p]
	}
	return c
}

// WithRoles gives the caller these built-in roles as well: their names, and
// what they may do. What is no role's name is left out.
func (c Caller) WithRoles(names ...string) Caller {
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

// Roles are the names of the caller's roles, sorted.
func (c Caller) Roles() []string { return strings.Fields(c.roles) }

// WithGroups makes the caller belong to these groups and no others. A name
// that is empty or holds a NUL is left out.
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
