package identity

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strings"
	"unicode"

	"github.com/golang-jwt/jwt/v5"
)

// These prefixes make groups of a consumer's name and type, so that configuration maps
// consumers to roles like groups. They do not work in a groups claim: a directory group of
// such a name does not make anyone a consumer.
const (
	consumerPrefix     = "consumer:"
	consumerTypePrefix = "consumer-type:"
)

const maxName = 256 // bytes of a subject, and of a name

var errClaim = errors.New("a claim has the wrong type")

// claims are the claims of both forms of token: a person's {sub, email, name, groups} and a
// service's {id, consumerName, consumerType}.
type claims struct {
	subject, email, name           string
	id, consumerName, consumerType string
	groups                         jwt.ClaimStrings
	issuer                         string
	audience                       jwt.ClaimStrings
	expires, notBefore, issued     *jwt.NumericDate
}

// UnmarshalJSON reads the claims by their exact names; encoding/json would read "EXP" as
// "exp". A null claim is absent.
func (c *claims) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	var err error
	read := func(name string, into any) {
		if raw, ok := members[name]; ok && err == nil {
			err = json.Unmarshal(raw, into)
		}
	}
	read("sub", &c.subject)
	read("email", &c.email)
	read("name", &c.name)
	read("id", (*stringOrNumber)(&c.id))
	read("consumerName", &c.consumerName)
	read("consumerType", &c.consumerType)
	read("groups", &c.groups)
	read("iss", &c.issuer)
	read("aud", &c.audience)
	for name, into := range map[string]**jwt.NumericDate{"exp": &c.expires, "nbf": &c.notBefore, "iat": &c.issued} {
		if raw, ok := members[name]; ok && err == nil {
			*into, err = numericDate(raw)
		}
	}
	return err
}

// numericDate reads seconds since 1970. The pointer distinguishes 0, long past, from
// absent, which the library's MapClaims does not. Without the bound, a number too large for
// time.Time would wrap round to the future.
func numericDate(raw json.RawMessage) (*jwt.NumericDate, error) {
	const year9999 = 253402300799
	var seconds *float64
	if err := json.Unmarshal(raw, &seconds); err != nil || seconds == nil {
		return nil, err
	}
	if math.Abs(*seconds) > year9999 {
		return nil, errClaim
	}
	var date jwt.NumericDate
	if err := date.UnmarshalJSON(raw); err != nil {
		return nil, err
	}
	return &date, nil
}

// stringOrNumber is a string, or an integer with its digits as written.
type stringOrNumber string

var integer = regexp.MustCompile(`^-?[0-9]+$`)

func (s *stringOrNumber) UnmarshalJSON(data []byte) error {
	switch {
	case data[0] == '"':
		return json.Unmarshal(data, (*string)(s))
	case integer.Match(data):
		*s = stringOrNumber(data)
		return nil
	default:
		return errClaim
	}
}

// caller returns the caller in the claims, without permissions.
func (c *claims) caller() (Caller, error) {
	subject := c.subject
	for _, other := range []string{c.email, c.id} {
		if subject == "" {
			subject = other
		}
	}
	if strings.TrimSpace(subject) == "" || !presentable(subject) {
		return Caller{}, reasonSubject
	}
	caller := Caller{Subject: subject, Name: c.name, Kind: Person}
	if c.consumerName != "" || c.consumerType != "" || c.subject+c.email == "" {
		caller.Kind = Service
	}
	if caller.Name == "" {
		caller.Name = c.consumerName
	}
	if !presentable(caller.Name) {
		return Caller{}, reasonName
	}
	return caller, nil
}

// presentable reports whether a subject or name may stand in the access log and in
// histories, where people read it.
func presentable(text string) bool {
	return len(text) <= maxName && !strings.ContainsFunc(text, unicode.IsControl)
}

// allGroups returns the groups of the groups claim and of the consumer.
func (c *claims) allGroups() []string {
	var groups []string
	for _, g := range c.groups {
		if !strings.HasPrefix(g, consumerPrefix) && !strings.HasPrefix(g, consumerTypePrefix) {
			groups = append(groups, g)
		}
	}
	if c.consumerName != "" {
		groups = append(groups, consumerPrefix+c.consumerName)
	}
	if c.consumerType != "" {
		groups = append(groups, consumerTypePrefix+c.consumerType)
	}
	return groups
}

// The claims in the form that the library needs.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return c.expires, nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return c.notBefore, nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return c.issued, nil }
func (c *claims) GetIssuer() (string, error)                   { return c.issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.subject, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return c.audience, nil }
