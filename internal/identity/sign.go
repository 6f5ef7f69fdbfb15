package identity

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var errShortSecret = fmt.Errorf("the secret of HS256 is under %d bytes", minSecret)

// A Token is what Sign writes. It leaves out empty members and zero times.
type Token struct {
	Subject, Email, Name string
	Groups               []string
	// ID, ConsumerName and ConsumerType are for a service.
	ID, ConsumerName, ConsumerType string
	Issuer, Audience               string
	IssuedAt, Expires              time.Time
}

// Sign makes an HS256 token, for local mode's token command and for tests. It refuses a
// secret under 32 bytes and a token without a subject, an email and an id. It truncates
// times to the second.
func Sign(secret []byte, t Token) (string, error) {
	if len(secret) < minSecret {
		return "", errShortSecret
	}
	if t.Subject == "" && t.Email == "" && t.ID == "" {
		return "", errors.New("a token needs a subject, an email or an id")
	}
	c := jwt.MapClaims{}
	for name, value := range map[string]string{
		"sub": t.Subject, "email": t.Email, "name": t.Name,
		"id": t.ID, "consumerName": t.ConsumerName, "consumerType": t.ConsumerType,
		"iss": t.Issuer, "aud": t.Audience,
	} {
		if value != "" {
			c[name] = value
		}
	}
	if len(t.Groups) > 0 {
		c["groups"] = t.Groups
	}
	if !t.IssuedAt.IsZero() {
		c["iat"] = t.IssuedAt.Unix()
	}
	if !t.Expires.IsZero() {
		c["exp"] = t.Expires.Unix()
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(secret)
}
