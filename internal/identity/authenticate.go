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
	minSecret = 32       // bytes, the size of HS256's hash
	maxToken  = 16 << 10 // bytes; with many groups a token has more than 8 KiB
	// leeway is how far the clocks of the issuer and of this machine may differ.
	leeway = time.Minute
)

// ErrUnauthenticated is the error of every refused token, for errors.Is. ErrTooLarge is the
// one whose reason the caller is told: nobody can find it out from the token.
var (
	ErrUnauthenticated       = errors.New("unauthenticated")
	ErrTooLarge        error = reasonTooLarge
)

// Reasons to refuse a token, for logs and metrics. They are stable and contain nothing of
// the token.
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
	reasonName      refusal = "name"
	reasonTooLarge  refusal = "too-large"
)

type refusal string

func (r refusal) Error() string        { return ErrUnauthenticated.Error() + ": " + string(r) }
func (r refusal) Is(target error) bool { return target == ErrUnauthenticated }

// Reason returns why Authenticate refused ("expired", "signature", "malformed" and so on),
// or "" for any other error. It is safe to log and to use as a metric's label.
func Reason(err error) string {
	var r refusal
	errors.As(err, &r)
	return string(r)
}

// Config says which tokens to accept and what their groups may do.
type Config struct {
	// Secret is the shared key of HS256, at least 32 bytes.
	Secret []byte
	// Issuer must be the token's iss, and Audience one of its aud, unless they are empty.
	Issuer, Audience string
	// RequireExpiry refuses tokens without exp.
	RequireExpiry bool
	// Groups maps groups to roles. A consumer {consumerName, consumerType} is in the groups
	// "consumer:<consumerName>" and "consumer-type:<consumerType>". Other groups grant
	// nothing.
	Groups map[string][]string
	// Preset is what the roles may see of answers held for monitoring.
	Preset Preset
}

// Credentials are what a request sends to prove who makes it.
type Credentials struct {
	Authorization string // the header
}

// A TokenVerifier authenticates by JWT. It remembers the tokens it has verified, so make a
// new one when the configuration changes. It is safe for concurrent use.
type TokenVerifier struct {
	cfg    Config
	parser *jwt.Parser
	groups map[string][]string // group to roles
	roles  map[string][]Permission
	now    func() time.Time
	known  *cache
}

// CheckGroups finds roles that do not exist. Its error has a line for each.
func CheckGroups(groups map[string][]string) error {
	var errs []error
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		for _, role := range groups[group] {
			if _, ok := roles[role]; !ok {
				errs = append(errs, fmt.Errorf("group %q: unknown role %q", group, role))
			}
		}
	}
	return errors.Join(errs...)
}

// NewTokenVerifier makes a TokenVerifier. Its error lists everything wrong with the
// configuration: a secret under 32 bytes, roles that do not exist.
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
		jwt.WithStrictDecoding(), // otherwise a changed last character might not change the signature
		jwt.WithTimeFunc(now),
		jwt.WithLeeway(leeway),
		jwt.WithIssuedAt(), // a token from the future is an issuer's mistake, or a forger's
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
		roles:  cfg.Preset.Roles(),
		now:    now,
		known:  newCache(),
	}, nil
}

// Authenticate returns the caller of the token in the Authorization header. The header is
// "Bearer <token>", in upper or lower case, or the token alone. The error is
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
		return Caller{}, err // not remembered: an attacker could send any number of bad tokens
	}
	v.known.put(key, caller, now, expires)
	return caller, nil
}

// bearer returns the token in an Authorization header.
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
		return "", reasonTooLarge
	}
	return token, nil
}

// verify checks the token and returns its caller and expiry, nil if it has none.
func (v *TokenVerifier) verify(token string) (Caller, *jwt.NumericDate, error) {
	// The base64 decoder skips line breaks even in strict mode, so two texts would be the
	// same token.
	if strings.ContainsFunc(token, notCompact) {
		return Caller{}, nil, reasonMalformed
	}
	var c claims
	parsed, err := v.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		// RFC 7515, 4.1.11: every extension in crit must be understood. This program knows
		// none.
		if _, ok := t.Header["crit"]; ok {
			return nil, jwt.ErrTokenMalformed
		}
		return v.cfg.Secret, nil
	})
	if err != nil {
		return Caller{}, nil, v.reason(parsed, err)
	}
	caller, err := c.caller()
	if err != nil {
		return Caller{}, nil, err
	}
	groups := c.allGroups()
	for _, g := range groups {
		caller = caller.withRoles(v.roles, v.groups[g])
	}
	return caller.WithGroups(groups...), c.expires, nil
}

// notCompact reports characters that a compact JWS cannot contain.
func notCompact(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_', r == '.':
		return false
	}
	return true
}

// reason returns the reason for an error of the library.
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
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
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

// missingClaim returns which required claim is missing.
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
