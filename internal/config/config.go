// Package config owns what the program can be told: the flags of the serve
// command, their environment variables and file keys, the rules on each and
// between them, and the typed Settings that come out. A flag wins over the
// environment, the environment over the file, the file over the default.
//
// It does not own what a role may do or which roles there are
// (internal/identity), the local mode's signing key, or opening anything: the
// files it reads are the settings file, the token secret and, to see that they
// fit, the TLS certificate and key.
package config

import "github.com/alecthomas/kong"

// Config is the settings as they were written, for kong to fill; embed it in a
// command. Everything that must be parsed is text here, so that Settings can
// report all errors at once where kong would stop at the first.
//
// The environment variable of --a-b is EQUALITY_API_A_B, its key in the file
// a-b.
type Config struct {
	ConfigFile string `name:"config" env:"EQUALITY_API_CONFIG" placeholder:"FILE" help:"YAML file of settings: keys are flag names, and groups (group: [role, ...])."`

	DataDir         string `name:"data-dir" env:"EQUALITY_API_DATA_DIR" placeholder:"DIR" help:"Directory of the keys and, without --database, of the database (required)."`
	Database        string `name:"database" env:"EQUALITY_API_DATABASE" placeholder:"DSN" help:"PostgreSQL connection string, without a password (passfile=FILE names a file that has it); empty is SQLite in --data-dir."`
	Listen          string `name:"listen" env:"EQUALITY_API_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address of the API and pages; other than loopback it needs --jwt-secret-file, and TLS or trusted proxies (${default})."`
	TelemetryListen string `name:"telemetry-listen" env:"EQUALITY_API_TELEMETRY_LISTEN" default:"127.0.0.1:9090" placeholder:"HOST:PORT" help:"Loopback address of metrics and profiles; empty is off (${default})."`
	PublicURL       string `name:"public-url" env:"EQUALITY_API_PUBLIC_URL" placeholder:"URL" help:"Where callers find this server, for absolute links."`

	JWTSecretFile    string              `name:"jwt-secret-file" env:"EQUALITY_API_JWT_SECRET_FILE" placeholder:"FILE" help:"File (mode 0600) with the HS256 secret, at least 32 bytes. Without it: local mode, on loopback only."`
	JWTIssuer        string              `name:"jwt-issuer" env:"EQUALITY_API_JWT_ISSUER" placeholder:"ISS" help:"The iss that tokens must have."`
	JWTAudience      string              `name:"jwt-audience" env:"EQUALITY_API_JWT_AUDIENCE" placeholder:"AUD" help:"The aud that tokens must have."`
	JWTRequireExpiry Switch              `name:"jwt-require-expiry" env:"EQUALITY_API_JWT_REQUIRE_EXPIRY" help:"Refuse tokens without exp."`
	Groups           map[string][]string `kong:"-"` // in the file only

	CORSOrigins    []string `name:"cors-origins" env:"EQUALITY_API_CORS_ORIGINS" placeholder:"ORIGIN" help:"Origins whose pages may call the API, exactly as browsers send them."`
	RequireIfMatch Switch   `name:"require-if-match" env:"EQUALITY_API_REQUIRE_IF_MATCH" help:"Refuse a change without If-Match (428)."`
	RequirePurpose Switch   `name:"require-purpose" env:"EQUALITY_API_REQUIRE_PURPOSE" help:"Refuse a request for personal data without X-Access-Purpose."`

	RateLimit              string   `name:"rate-limit" env:"EQUALITY_API_RATE_LIMIT" default:"50" placeholder:"N" help:"Requests a second for each caller; 0 is off (${default})."`
	RateBurst              string   `name:"rate-burst" env:"EQUALITY_API_RATE_BURST" default:"100" placeholder:"N" help:"Requests a caller may send at once before the rate counts (${default})."`
	MaxConcurrentPerCaller string   `name:"max-concurrent-per-caller" env:"EQUALITY_API_MAX_CONCURRENT_PER_CALLER" default:"64" placeholder:"N" help:"Requests of one caller in progress together; 0 is off (${default})."`
	TrustedProxies         []string `name:"trusted-proxies" env:"EQUALITY_API_TRUSTED_PROXIES" placeholder:"CIDR" help:"Networks of the proxies whose X-Forwarded headers are believed."`
	TLSCert                string   `name:"tls-cert" env:"EQUALITY_API_TLS_CERT" placeholder:"FILE" help:"TLS certificate chain (PEM)."`
	TLSKey                 string   `name:"tls-key" env:"EQUALITY_API_TLS_KEY" placeholder:"FILE" help:"TLS private key (PEM, mode 0600)."`

	IdempotencyRetention string `name:"idempotency-retention" env:"EQUALITY_API_IDEMPOTENCY_RETENTION" default:"24h" placeholder:"DURATION" help:"How long the outcome of an Idempotency-Key is kept (${default})."`
	EventRetention       string `name:"event-retention" env:"EQUALITY_API_EVENT_RETENTION" default:"2160h" placeholder:"DURATION" help:"How long events are kept (${default}, 90 days)."`
	ShutdownTimeout      string `name:"shutdown-timeout" env:"EQUALITY_API_SHUTDOWN_TIMEOUT" default:"20s" placeholder:"DURATION" help:"How long requests in progress may take to finish at shutdown (${default})."`
	LogLevel             string `name:"log-level" env:"EQUALITY_API_LOG_LEVEL" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`

	DemoPeople        string `name:"demo-people" env:"EQUALITY_API_DEMO_PEOPLE" default:"0" placeholder:"N" help:"Made-up people to start with; local mode only (${default})."`
	Council           string `name:"council" env:"EQUALITY_API_COUNCIL" default:"Hackney Council" placeholder:"NAME" help:"The council that labels of reference data name (${default})."`
	LocalEthnicGroups Switch `name:"local-ethnic-groups" env:"EQUALITY_API_LOCAL_ETHNIC_GROUPS" help:"Offer the local ethnic groups besides the national ones."`

	MMHCodes string `name:"mmh-codes" env:"EQUALITY_API_MMH_CODES" default:"record" placeholder:"RULE" help:"What becomes of a code that no list has when a front end sends it to /mmh: record (kept as sent) or strict (refused) (${default})."`

	SNSTopicARN string `name:"sns-topic-arn" env:"EQUALITY_API_SNS_TOPIC_ARN" placeholder:"ARN" help:"FIFO topic of Amazon SNS that is told of every change, as the front ends' listeners read it; empty is off."`
	SNSPayload  string `name:"sns-payload" env:"EQUALITY_API_SNS_PAYLOAD" default:"names" placeholder:"WHAT" help:"What a message holds of a record: names (of the members, without values) or full (personal data leaves with every message) (${default})."`
	SNSEndpoint string `name:"sns-endpoint" env:"EQUALITY_API_SNS_ENDPOINT" placeholder:"URL" help:"Where SNS is found, for tests and private endpoints; empty is AWS's endpoint of the topic's region."`

	fileErrs []error // what is wrong with the settings file
}

// Switch is a yes or no as it was written: a flag without a value is "true".
type Switch string

// Decode takes the flag's value, if it has one, as text.
func (s *Switch) Decode(ctx *kong.DecodeContext) error {
	if ctx.Scan.Peek().Type == kong.FlagValueToken {
		return ctx.Scan.PopValueInto("yes or no", (*string)(s))
	}
	*s = "true"
	return nil
}

// IsBool tells kong that the flag may stand without a value.
func (*Switch) IsBool() bool { return true }

// BeforeResolve reads the settings file, if there is one, and has kong ask it.
// What is wrong with the file waits for Settings, to be told with the rest.
func (c *Config) BeforeResolve(ctx *kong.Context) error {
	path := c.ConfigFile
	for _, flag := range ctx.Flags() {
		if flag.Target.CanAddr() && flag.Target.Addr().Interface() == any(&c.ConfigFile) {
			path = ctx.FlagValue(flag).(string)
		}
	}
	if path == "" {
		return nil
	}
	f := readFile(path)
	c.Groups, c.fileErrs = f.groups, f.errs
	ctx.AddResolver(f)
	return nil
}
