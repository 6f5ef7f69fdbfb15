package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"equality-information-api/internal/config"
	"equality-information-api/internal/identity"
)

type tokenCommand struct {
	DataDir       string        `required:"" xor:"key" placeholder:"DIR" help:"The data directory of a server in local mode."`
	JWTSecretFile string        `name:"jwt-secret-file" required:"" xor:"key" placeholder:"FILE" help:"Instead of --data-dir: the secret of a server with a token issuer, as in its own --jwt-secret-file. Anyone who can read it can be anyone."`
	Role          []string      `required:"" xor:"groups" placeholder:"ROLE" help:"Role of the caller in local mode: officer, service, analyst, data-loader, support, governance or admin; can be repeated."`
	Group         []string      `required:"" xor:"groups" placeholder:"GROUP" help:"Instead of --role, with --jwt-secret-file: group of the caller, whose roles are in the server's settings; can be repeated."`
	JWTIssuer     string        `name:"jwt-issuer" placeholder:"ISS" help:"The issuer that the token names, as the server may ask for."`
	JWTAudience   string        `name:"jwt-audience" placeholder:"AUD" help:"The audience that the token names, as the server may ask for."`
	Name          string        `default:"Local user" help:"Name of the caller (${default})."`
	Email         string        `default:"local.user@council.example" help:"Email address of the caller, which is also its subject (${default})."`
	TTL           time.Duration `default:"12h" help:"How long the token is valid (${default})."`
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
	if c.TTL <= 0 {
		return "", errors.New("--ttl must be more than 0")
	}
	if err := c.checkGroups(); err != nil {
		return "", err
	}
	key, err := c.key()
	if err != nil {
		return "", err
	}
	return identity.Sign(key, identity.Token{
		Subject: c.Email, Email: c.Email, Name: c.Name, Groups: append(c.Role, c.Group...), Issuer: c.JWTIssuer, Audience: c.JWTAudience,
		IssuedAt: now, Expires: now.Add(c.TTL),
	})
}

// checkGroups checks what the token says of the caller's groups. Only in local mode are
// they named after the roles; what others give is in the server's settings.
func (c tokenCommand) checkGroups() error {
	switch {
	case c.JWTSecretFile != "" && len(c.Role) > 0:
		return errors.New("--role is for local mode: with --jwt-secret-file name a group of the server's settings with --group")
	case c.DataDir != "" && len(c.Group) > 0:
		return errors.New("--group is for --jwt-secret-file: in local mode name a role with --role")
	}
	roles := identity.Roles()
	for _, role := range c.Role {
		if _, ok := roles[role]; !ok {
			return fmt.Errorf("unknown role %q. Roles: %s", role, strings.Join(slices.Sorted(maps.Keys(roles)), ", "))
		}
	}
	return nil
}

func (c tokenCommand) key() (config.Secret, error) {
	if c.DataDir != "" {
		return dataDir(c.DataDir).signingKey()
	}
	secret, err := config.ReadSecret(c.JWTSecretFile)
	if err != nil {
		return nil, fmt.Errorf("--jwt-secret-file: %w", err)
	}
	return secret, nil
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
