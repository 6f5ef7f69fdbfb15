package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"equality-information-api/internal/identity"
)

type tokenCommand struct {
	DataDir string        `required:"" placeholder:"DIR" help:"The server's data directory."`
	Role    []string      `required:"" placeholder:"ROLE" help:"Role of the caller: officer, service, analyst, data-loader, support, governance or admin; can be repeated."`
	Name    string        `default:"Local user" help:"Name of the caller (${default})."`
	Email   string        `default:"local.user@council.example" help:"Email address of the caller, which is also its subject (${default})."`
	TTL     time.Duration `default:"12h" help:"How long the token is valid (${default})."`
}

// Run prints only the token, so that a shell can put it into a variable.
func (c tokenCommand) Run(o output) error {
	token, err := c.sign(time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(o.out, token)
	return err
}

func (c tokenCommand) sign(now time.Time) (string, error) {
	roles := identity.Roles()
	for _, role := range c.Role {
		if _, ok := roles[role]; !ok {
			return "", fmt.Errorf("unknown role %q. Roles: %s", role, strings.Join(slices.Sorted(maps.Keys(roles)), ", "))
		}
	}
	if c.TTL <= 0 {
		return "", fmt.Errorf("--ttl must be more than 0")
	}
	key, err := dataDir(c.DataDir).signingKey()
	if err != nil {
		return "", err
	}
	return identity.Sign(key, identity.Token{
		Subject: c.Email, Email: c.Email, Name: c.Name, Groups: c.Role, IssuedAt: now, Expires: now.Add(c.TTL),
	})
}

// localGroups are the groups of local mode: one for each role, with the role's
// name.
func localGroups() map[string][]string {
	groups := make(map[string][]string)
	for role := range identity.Roles() {
		groups[role] = []string{role}
	}
	return groups
}
