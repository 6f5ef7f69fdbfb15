package identity_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"pgregory.net/rapid"

	"equality-information-api/internal/identity"
)

var (
	secret = bytes.Repeat([]byte("k"), 32)
	start  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

var groups = map[string][]string{
	"council-officers":       {"officer"},
	"consumer:contact-app":   {"service"},
	"consumer-type:internal": {"support", "analyst"},
}

func setup(t testing.TB, change ...func(*identity.Config)) *identity.TokenVerifier {
	t.Helper()
	cfg := identity.Config{Secret: secret, Groups: groups}
	for _, f := range change {
		f(&cfg)
	}
	a, err := identity.NewTokenVerifier(cfg, func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// raw signs any header and payload.
func raw(t testing.TB, header, payload string) string {
	t.Helper()
	text := b64(header) + "." + b64(payload)
	signature, err := jwt.SigningMethodHS256.Sign(text, secret)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(string(signature))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

const hs256 = `{"alg":"HS256","typ":"JWT"}`

func TestPersonIsAuthenticated(t *testing.T) {
	t.Parallel()
	a := setup(t)
	token, err := identity.Sign(secret, identity.Token{
		Subject: "ada", Email: "ada@example.com", Name: "Ada", Groups: []string{"council-officers", "housing"},
		IssuedAt: start, Expires: start.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	var first identity.Caller
	for _, header := range []string{"Bearer " + token, "bearer  " + token, "BEARER " + token + " ", token} {
		caller, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: header})
		if err != nil {
			t.Fatal(err)
		}
		if first.Subject == "" {
			first = caller
		}
		if caller != first {
			t.Errorf("%+v, then %+v", first, caller)
		}
	}
	if first.Subject != "ada" || first.Name != "Ada" || first.Kind != identity.Person {
		t.Errorf("got %+v", first)
	}
	if !first.May(identity.EqualityRead) || first.May(identity.Admin) || first.May("no:such") || first.May("") {
		t.Error("permissions are not the officer's")
	}
	if !first.In("housing") || !first.In("council-officers") || first.In("hous") || first.In("") || first.In("housing\x00council-officers") {
		t.Error("groups are not the token's")
	}
}

func TestSubject(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		`{"sub":"s","email":"e","id":"i"}`: "person s",
		`{"email":"e","id":"i"}`:           "person e",
		`{"sub":"","email":"e"}`:           "person e",
		`{"sub":null,"id":"i"}`:            "service i",
		`{"id":42,"consumerName":"app"}`:   "service 42",
		`{"id":"42","consumerType":"x"}`:   "service 42",
	} {
		a := setup(t)
		caller, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: raw(t, hs256, payload)})
		if err != nil {
			t.Errorf("%s: %v", payload, err)
		}
		if got := string(caller.Kind) + " " + caller.Subject; got != want {
			t.Errorf("%s: got %q, want %q", payload, got, want)
		}
	}
}

func TestConsumerIsMappedByNameAndType(t *testing.T) {
	t.Parallel()
	a := setup(t)
	token, err := identity.Sign(secret, identity.Token{ID: "7", ConsumerName: "contact-app", ConsumerType: "internal"})
	if err != nil {
		t.Fatal(err)
	}
	caller, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: token})
	if err != nil {
		t.Fatal(err)
	}
	if caller.Name != "contact-app" || caller.Kind != identity.Service {
		t.Errorf("got %+v", caller)
	}
	for _, p := range []identity.Permission{identity.PersonWrite, identity.SupportRead, identity.ReportingAggregate} {
		if !caller.May(p) {
			t.Errorf("may not %s", p)
		}
	}
	// A directory group with the same name as a consumer's group is not that consumer.
	caller, err = a.Authenticate(t.Context(), identity.Credentials{Authorization: raw(t, hs256, `{"sub":"x","groups":["consumer:contact-app","consumer-type:internal"]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if caller.May(identity.PersonWrite) || caller.In("consumer:contact-app") {
		t.Error("a groups claim made its holder a consumer")
	}
}

func TestUnknownGroupsGiveNothing(t *testing.T) {
	t.Parallel()
	a := setup(t)
	// The names of roles are not groups, either.
	caller, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: raw(t, hs256, `{"sub":"x","groups":["admin","officer","Council-Officers",""]}`)})
	if err != nil {
		t.Fatal(err)
	}
	for _, permissions := range identity.Roles() {
		for _, p := range permissions {
			if caller.May(p) {
				t.Errorf("may %s", p)
			}
		}
	}
}

// sameBytes changes the bits of the last character that decoding drops: a different text
// for the same signature.
func sameBytes(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + string(alphabet[strings.IndexByte(alphabet, token[last])|1])
}

func TestHostileTokens(t *testing.T) {
	t.Parallel()
	good := raw(t, hs256, `{"sub":"x"}`)
	parts := strings.Split(good, ".")
	other, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "x"}).SignedString(bytes.Repeat([]byte("o"), 32))
	hs512, _ := jwt.NewWithClaims(jwt.SigningMethodHS512, jwt.MapClaims{"sub": "x"}).SignedString(secret)
	none, _ := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"sub": "x"}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	cases := map[string]struct{ header, reason string }{
		"empty":                {"", "missing"},
		"spaces":               {"   ", "missing"},
		"scheme only":          {"Bearer ", "missing"},
		"basic":                {"Basic " + good, "scheme"},
		"two tokens":           {"Bearer " + good + " " + good, "malformed"},
		"comma":                {"Bearer " + good + "," + good, "malformed"},
		"words":                {"hello", "malformed"},
		"dots":                 {"..", "malformed"},
		"four parts":           {good + ".x", "malformed"},
		"newline in signature": {good[:len(good)-3] + "\n" + good[len(good)-3:], "malformed"},
		"same bytes":           {sameBytes(good), "malformed"},
		"padding":              {good + "=", "malformed"},
		"too long":             {good + strings.Repeat("a", 16<<10), "too-large"},
		"no signature":         {parts[0] + "." + parts[1] + ".", "signature"},
		"other secret":         {other, "signature"},
		"other payload":        {parts[0] + "." + b64(`{"sub":"y"}`) + "." + parts[2], "signature"},
		"alg none":             {none, "algorithm"},
		"alg None":             {raw(t, `{"alg":"None"}`, `{"sub":"x"}`), "algorithm"},
		"alg hs256":            {raw(t, `{"alg":"hs256"}`, `{"sub":"x"}`), "algorithm"},
		"alg HS512":            {hs512, "algorithm"},
		"alg RS256":            {raw(t, `{"alg":"RS256"}`, `{"sub":"x"}`), "algorithm"},
		"alg missing":          {raw(t, `{}`, `{"sub":"x"}`), "algorithm"},
		"alg list":             {raw(t, `{"alg":["HS256"]}`, `{"sub":"x"}`), "algorithm"},
		"header null":          {raw(t, `null`, `{"sub":"x"}`), "algorithm"},
		"header list":          {raw(t, `[]`, `{"sub":"x"}`), "malformed"},
		"crit":                 {raw(t, `{"alg":"HS256","crit":["b64"],"b64":false}`, `{"sub":"x"}`), "malformed"},
		"payload null":         {raw(t, hs256, `null`), "subject"},
		"payload list":         {raw(t, hs256, `["sub"]`), "malformed"},
		"payload cut":          {raw(t, hs256, `{"sub":"x"`), "malformed"},
		"no subject":           {raw(t, hs256, `{}`), "subject"},
		"blank subject":        {raw(t, hs256, `{"sub":" \t "}`), "subject"},
		"control characters":   {raw(t, hs256, `{"sub":"a\nb"}`), "subject"},
		"long subject":         {raw(t, hs256, `{"sub":"`+strings.Repeat("a", 257)+`"}`), "subject"},
		"subject elsewhere":    {raw(t, hs256, `{"SUB":"x"}`), "subject"},
		"subject number":       {raw(t, hs256, `{"sub":1}`), "malformed"},
		"id fraction":          {raw(t, hs256, `{"id":1.5}`), "malformed"},
		"id object":            {raw(t, hs256, `{"id":{}}`), "malformed"},
		"groups numbers":       {raw(t, hs256, `{"sub":"x","groups":[1]}`), "malformed"},
		"exp 0":                {raw(t, hs256, `{"sub":"x","exp":0}`), "expired"},
		"exp 0.0":              {raw(t, hs256, `{"sub":"x","exp":0.0}`), "expired"},
		"exp negative":         {raw(t, hs256, `{"sub":"x","exp":-1}`), "expired"},
		"exp past":             {raw(t, hs256, `{"sub":"x","exp":1000}`), "expired"},
		"exp and EXP":          {raw(t, hs256, `{"sub":"x","exp":0,"EXP":99999999999}`), "expired"},
		"exp out of range":     {raw(t, hs256, `{"sub":"x","exp":1e300}`), "malformed"},
		"exp not a number":     {raw(t, hs256, `{"sub":"x","exp":"never"}`), "malformed"},
		"exp in quotes":        {raw(t, hs256, `{"sub":"x","exp":"99999999999"}`), "malformed"},
		"nbf future":           {raw(t, hs256, `{"sub":"x","nbf":99999999999}`), "not-yet-valid"},
		"iat future":           {raw(t, hs256, `{"sub":"x","iat":99999999999}`), "not-yet-valid"},
		"control in name":      {raw(t, hs256, `{"sub":"x","name":"a\u0007b"}`), "name"},
		"line in name":         {raw(t, hs256, `{"sub":"x","name":"a\nb"}`), "name"},
		"long name":            {raw(t, hs256, `{"sub":"x","name":"`+strings.Repeat("a", 257)+`"}`), "name"},
		"long consumer":        {raw(t, hs256, `{"id":1,"consumerName":"`+strings.Repeat("a", 257)+`"}`), "name"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := setup(t)
			for range 2 { // a refusal is the same the second time
				caller, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: c.header})
				if !errors.Is(err, identity.ErrUnauthenticated) || identity.Reason(err) != c.reason {
					t.Errorf("got %v, want %s", err, c.reason)
				}
				if caller != (identity.Caller{}) {
					t.Errorf("got %+v with an error", caller)
				}
			}
		})
	}
}

func TestConfiguredClaims(t *testing.T) {
	t.Parallel()
	strict := func(c *identity.Config) { c.Issuer, c.Audience, c.RequireExpiry = "iss", "aud", true }
	for payload, reason := range map[string]string{
		`{"sub":"x","iss":"iss","aud":["other","aud"],"exp":99999999999}`: "",
		`{"sub":"x","iss":"iss","aud":"aud","exp":99999999999}`:           "",
		`{"sub":"x","iss":"iss","aud":"aud"}`:                             "no-expiry",
		`{"sub":"x","iss":"iss","aud":"aud","exp":null}`:                  "no-expiry",
		`{"sub":"x","iss":"ISS","aud":"aud","exp":99999999999}`:           "issuer",
		`{"sub":"x","aud":"aud","exp":99999999999}`:                       "issuer",
		`{"sub":"x","iss":"iss","aud":"audience","exp":99999999999}`:      "audience",
		`{"sub":"x","iss":"iss","exp":99999999999}`:                       "audience",
	} {
		a := setup(t, strict)
		if _, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: raw(t, hs256, payload)}); identity.Reason(err) != reason {
			t.Errorf("%s: got %v, want %q", payload, err, reason)
		}
	}
	a := setup(t, func(c *identity.Config) { c.Issuer = "iss" })
	if _, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: raw(t, hs256, `{"sub":"x"}`)}); identity.Reason(err) != "issuer" {
		t.Errorf("got %v for a token without issuer", err)
	}
}

// The clocks of the issuer and of this machine may differ by a minute.
func TestClocksMayDiffer(t *testing.T) {
	t.Parallel()
	a := setup(t)
	for _, c := range []struct {
		claim  string
		offset time.Duration
		reason string
	}{
		{"exp", -59 * time.Second, ""}, {"exp", -61 * time.Second, "expired"}, {"exp", -60 * time.Second, "expired"},
		{"nbf", 60 * time.Second, ""}, {"nbf", 61 * time.Second, "not-yet-valid"},
		{"iat", 60 * time.Second, ""}, {"iat", 61 * time.Second, "not-yet-valid"},
	} {
		payload := fmt.Sprintf(`{"sub":"x","%s":%d}`, c.claim, start.Add(c.offset).Unix())
		if _, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: raw(t, hs256, payload)}); identity.Reason(err) != c.reason {
			t.Errorf("%s %v from now: %v, want %q", c.claim, c.offset, err, c.reason)
		}
	}
}

// A token of somebody in many groups is large.
func TestTokensHaveUpTo16KiB(t *testing.T) {
	t.Parallel()
	a := setup(t)
	sized := func(size int) string {
		// A multiple of three bytes more in the payload is a multiple of four more in the token.
		empty := len(raw(t, hs256, `{"sub":"x","g":""}`))
		return raw(t, hs256, `{"sub":"x","g":"`+strings.Repeat("a", (size-empty)/4*3)+`"}`)
	}
	token := sized(16 << 10)
	if len(token) < 16<<10-4 || len(token) > 16<<10 {
		t.Fatalf("the token has %d bytes", len(token))
	}
	if _, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: "Bearer " + token}); err != nil {
		t.Error(err)
	}
	_, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: "Bearer " + sized(16<<10+8)})
	if !errors.Is(err, identity.ErrTooLarge) || !errors.Is(err, identity.ErrUnauthenticated) {
		t.Errorf("larger: %v", err)
	}
	if _, err := a.Authenticate(t.Context(), identity.Credentials{}); errors.Is(err, identity.ErrTooLarge) {
		t.Errorf("none: %v", err)
	}
}

func TestNewTellsAllErrors(t *testing.T) {
	t.Parallel()
	_, err := identity.NewTokenVerifier(identity.Config{
		Secret: secret[:31],
		Groups: map[string][]string{"a": {"officer", "boss"}, "b": {"Admin"}},
	}, time.Now)
	if err == nil {
		t.Fatal("no error")
	}
	want := "the secret of HS256 is under 32 bytes\n" +
		"group \"a\": unknown role \"boss\"\n" +
		"group \"b\": unknown role \"Admin\""
	if err.Error() != want {
		t.Errorf("got %q", err)
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	if _, err := identity.Sign(secret[:31], identity.Token{Subject: "x"}); err == nil {
		t.Error("signed with a short secret")
	}
	if _, err := identity.Sign(secret, identity.Token{Name: "x"}); err == nil {
		t.Error("signed for nobody")
	}
}

func TestEveryRoleHasItsPermissions(t *testing.T) {
	t.Parallel()
	roles := identity.Roles()
	var names []string
	for role, permissions := range roles {
		names = append(names, role)
		caller := identity.Caller{}.With(permissions...)
		for _, other := range slices.Concat(slices.Collect(maps.Values(roles))...) {
			if got, want := caller.May(other), slices.Contains(permissions, other); got != want {
				t.Errorf("%s may %s: %v, want %v", role, other, got, want)
			}
		}
	}
	slices.Sort(names)
	want := []string{"admin", "analyst", "data-loader", "decision-analyst", "governance", "officer", "service", "support"}
	if !slices.Equal(names, want) {
		t.Errorf("roles are %v", names)
	}
	roles["officer"][0] = identity.Admin
	if identity.Roles()["officer"][0] == identity.Admin {
		t.Error("a caller of Roles changed a built-in role")
	}
}

func TestCallerHasTheRolesOfItsGroups(t *testing.T) {
	t.Parallel()
	a := setup(t)
	for payload, want := range map[string][]string{
		`{"sub":"x"}`:                                           {},
		`{"sub":"x","groups":["unknown"]}`:                      {},
		`{"sub":"x","groups":["council-officers"]}`:             {"officer"},
		`{"id":1,"consumerName":"a","consumerType":"internal"}`: {"analyst", "support"},
		`{"id":1,"consumerName":"contact-app","consumerType":"internal","groups":["council-officers","council-officers"]}`: {"analyst", "officer", "service", "support"},
	} {
		caller, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: raw(t, hs256, payload)})
		if got := caller.Roles(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: roles %q, %v", payload, got, err)
		}
	}
	if got := (identity.Caller{}).Permissions(); got == nil || len(got) > 0 {
		t.Errorf("nobody may %q", got)
	}
	caller := identity.Caller{}.WithRoles("support", "nobody", "analyst", "support")
	if got, want := caller.Permissions(), []string{"equality:list", "events:read", "quality:mend", "reporting:aggregate", "support:read"}; !slices.Equal(got, want) {
		t.Errorf("permissions %q", got)
	}
	if got := caller.Roles(); !slices.Equal(got, []string{"analyst", "support"}) || !caller.May(identity.SupportRead) || caller.May(identity.EqualityRead) {
		t.Errorf("roles %q", got)
	}
}

func TestTamperedTokenNeverAuthenticates(t *testing.T) {
	t.Parallel()
	a := setup(t)
	good := raw(t, hs256, `{"sub":"x","groups":["council-officers"],"exp":99999999999}`)
	if _, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: good}); err != nil {
		t.Fatal(err)
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/\r\n\x00é"
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(good)-1).Draw(t, "at")
		cut := rapid.IntRange(0, min(3, len(good)-at)).Draw(t, "cut")
		with := rapid.StringOfN(rapid.RuneFrom([]rune(alphabet)), 0, 3, -1).Draw(t, "with")
		tampered := good[:at] + with + good[at+cut:]
		if strings.TrimSpace(tampered) == good {
			t.Skip("unchanged")
		}
		if caller, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: tampered}); err == nil {
			t.Fatalf("%q authenticated %v", tampered, caller)
		}
	})
}

func FuzzAuthenticate(f *testing.F) {
	a := setup(f)
	good := raw(f, hs256, `{"sub":"x"}`)
	for _, seed := range []string{"", "Bearer", "Bearer ..", good, "Bearer " + good, raw(f, "null", "null"), raw(f, hs256, `{"exp":0}`)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, authorization string) {
		caller, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: authorization})
		if err == nil && caller.Subject == "" {
			t.Error("authenticated nobody")
		}
		if err != nil && (!errors.Is(err, identity.ErrUnauthenticated) || identity.Reason(err) == "") {
			t.Errorf("an error without a reason: %v", err)
		}
	})
}

// FuzzPayload signs any payload: an issuer may write anything in the claims.
func FuzzPayload(f *testing.F) {
	a := setup(f)
	for _, seed := range []string{`{}`, `null`, `{"sub":"x","exp":1e308}`, `{"id":42,"groups":"a"}`, `{"aud":[null]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		if caller, err := a.Authenticate(t.Context(), identity.Credentials{Authorization: raw(t, hs256, payload)}); err == nil && caller.Subject == "" {
			t.Error("authenticated nobody")
		}
	})
}
