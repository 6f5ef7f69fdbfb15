package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	minSecret = 32      // bytes, the size of HS256's hash
	maxToken  = 8 << 10 // bytes
)

// ErrUnauthenticated is what every refused token's error is, by errors.Is.
var ErrUnauthenticated = errors.New("unauthenticated")

// Why a token was refused: stable words without token content, for logs and
// metrics.
const (
	reasonMissing   refusal = "missing"
	reasonScheme    refusal = "scheme"
	reasonMalformed refusal = "malformed"
	reasonAlgorithm refusal = "algorithm"
	reasonSignature refusal = "signature"
	reasonExpired   refusal = "expired"
	reasonNotYet    refusal = "not-yet-valid"
	reasonNoExpiry  refusal = "no-expiry"
	reasonIssuer    refusal = "issuer"
	reasonAudience  refusal = "audience"
	reasonSubject   refusal = "subject"
)

type refusal string

func (r refusal) Error() string        { return ErrUnauthenticated.Error() + ": " + string(r) }
func (r refusal) Is(target error) bool { return target == ErrUnauthenticated }

// Reason is the word for why Authenticate refused ("expired", "signature",
// "malformed" …), or "" for any other error. It is safe to log and to use as a
// metric's label.
func Reason(err error) string {
	var r refusal
	errors.As(err, &r)
	return string(r)
}

// Config says which tokens are accepted and what their groups may do.
type Config struct {
	// Secret is the shared key of HS256, at least 32 bytes.
	Secret []byte
	// Issuer and Audience must be the token's iss, and one of its aud, where
	// they are not empty.
	Issuer, Audience string
	// RequireExpiry refuses tokens without exp.
	RequireExpiry bool
	// Groups gives groups their roles. A consumer {consumerName,
	// consumerType} is in the groups "consumer:<consumerName>" and
	// "consumer-type:<consumerType>". A group that is not here gives nothing.
	Groups map[string][]string
}

// Credentials are what a request shows of who sends it, of any kind.
type Credentials struct {
	Authorization string // the header
}

// A TokenVerifier authenticates by JWT. It remembers the tokens it has
// verified, so a changed configuration needs a new TokenVerifier, which has
// forgotten them. It is safe for concurrent use.
type TokenVerifier struct {
	cfg    Config
	parser *jwt.Parser
	groups map[string][]string // the roles of each
	now    func() time.Time
	known  *cache
}

// CheckGroups finds the roles that do not exist; its error joins one for each.
func CheckGroups(groups map[string][]string) error {
	var errs []error
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		for _, role := range groups[group] {
			if _, ok := roles[role]; !ok {
				errs = append(errs, fmt.Errorf("group %q: there is no role %q", group, role))
			}
		}
	}
	return errors.Join(errs...)
}

// NewTokenVerifier makes a TokenVerifier. Its error joins everything that is wrong with
// the configuration: a secret under 32 bytes, roles that do not exist.
func NewTokenVerifier(cfg Config, now func() time.Time) (*TokenVerifier, error) {
	var errs []error
	if len(cfg.Secret) < minSecret {
		errs = append(errs, errShortSecret)
	}
	groups := make(map[string][]string, len(cfg.Groups))
	for group, names := range cfg.Groups {
		groups[group] = slices.Clone(names)
	}
	if err := CheckGroups(cfg.Groups); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}

	options := []jwt.ParserOption{
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithStrictDecoding(), // or a changed last character could leave the signature as it was
		jwt.WithTimeFunc(now),
	}
	if cfg.Issuer != "" {
		options = append(options, jwt.WithIssuer(cfg.Issuer))
	}
	if cfg.Audience != "" {
		options = append(options, jwt.WithAudience(cfg.Audience))
	}
	if cfg.RequireExpiry {
		options = append(options, jwt.WithExpirationRequired())
	}
	cfg.Secret = slices.Clone(cfg.Secret)
	return &TokenVerifier{
		cfg:    cfg,
		parser: jwt.NewParser(options...),
		groups: groups,
		now:    now,
		known:  newCache(),
	}, nil
}

// Authenticate gives the caller whose token is in the Authorization header:
// "Bearer <token>", the scheme in any case, or the token alone. The error is
// ErrUnauthenticated with a Reason.
func (v *TokenVerifier) Authenticate(_ context.Context, c Credentials) (Caller, error) {
	token, err := bearer(c.Authorization)
	if err != nil {
		return Caller{}, err
	}
	key := sha256.Sum256([]byte(token))
	now := v.now()
	if caller, ok := v.known.get(key, now); ok {
		return caller, nil
	}
	caller, expires, err := v.verify(token)
	if err != nil {
		return Caller{}, err // not remembered: refusals are many and cost an attacker nothing
	}
	v.known.put(key, caller, now, expires)
	return caller, nil
}

// bearer takes the token out of an Authorization header's value.
func bearer(authorization string) (string, error) {
	token := strings.TrimSpace(authorization)
	if scheme, rest, ok := strings.Cut(token, " "); ok {
		if !strings.EqualFold(scheme, "Bearer") {
			return "", reasonScheme
		}
		token = strings.TrimLeft(rest, " ")
	}
	switch {
	case token == "" || strings.EqualFold(token, "Bearer"):
		return "", reasonMissing
	case len(token) > maxToken:
		return "", reasonMalformed
	}
	return token, nil
}

// verify checks the token and gives its caller and expiry, nil if it has none.
func (v *TokenVerifier) verify(token string) (Caller, *jwt.NumericDate, error) {
	// The base64 decoder skips line ends even when strict: two texts would be
	// one token.
	if strings.ContainsFunc(token, notCompact) {
		return Caller{}, nil, reasonMalformed
	}
	var c claims
	parsed, err := v.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		// RFC 7515, 4.1.11: what crit lists must be understood, and nothing is.
		if _, ok := t.Header["crit"]; ok {
			return nil, jwt.ErrTokenMalformed
		}
		return v.cfg.Secret, nil
	})
	if err != nil {
		return Caller{}, nil, v.reason(parsed, err)
	}
	caller, ok := c.caller()
	if !ok {
		return Caller{}, nil, reasonSubject
	}
	groups := c.allGroups()
	for _, g := range groups {
		caller = caller.WithRoles(v.groups[g]...)
	}
	return caller.WithGroups(groups...), c.expires, nil
}

// notCompact tells the characters that a compact JWS does not have.
func notCompact(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_', r == '.':
		return false
	}
	return true
}

// reason finds the word for the library's error.
func (v *TokenVerifier) reason(token *jwt.Token, err error) refusal {
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return reasonMalformed
	case token == nil || token.Method != jwt.SigningMethodHS256:
		return reasonAlgorithm
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return reasonSignature
	case errors.Is(err, jwt.ErrTokenExpired):
		return reasonExpired
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return reasonNotYet
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return reasonIssuer
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return reasonAudience
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return v.missingClaim(token.Claims.(*claims))
	default:
		return reasonMalformed
	}
}

// missingClaim tells which of the required claims is not there.
func (v *TokenVerifier) missingClaim(c *claims) refusal {
	switch {
	case v.cfg.RequireExpiry && c.expires == nil:
		return reasonNoExpiry
	case v.cfg.Issuer != "" && c.issuer == "":
		return reasonIssuer
	default:
		return reasonAudience
	}
}
