package config

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"
)

// Settings are the checked and parsed settings. They show no secret when printed or logged.
type Settings struct {
	DataDir  string
	Database string // of PostgreSQL; "" means SQLite in DataDir
	// Local is the mode without a token issuer: loopback only, JWTSecret is nil (the
	// program keeps its own key in DataDir), and there are no limits.
	Local           bool
	Listen          string // host:port
	TelemetryListen string // host:port on loopback; "" means none
	PublicURL       string // absolute, without a slash at its end; "" means none
	TrustedProxies  []netip.Prefix
	TLSCert, TLSKey string // a pair of files; "" means no TLS

	JWTSecret              Secret // at least 32 bytes; nil in local mode
	JWTIssuer, JWTAudience string // "" means any
	JWTRequireExpiry       bool
	Groups                 map[string][]string // group to roles, which identity.New checks
	Purposes               string              // open, separated or collect-only: see identity.Preset

	CORSOrigins                    []string
	RequireIfMatch, RequirePurpose bool
	RateLimit                      float64 // requests a second for each caller; 0 means no limit
	RateBurst                      int     // at least 1
	MaxConcurrentPerCaller         int     // 0 means no limit

	IdempotencyRetention, EventRetention, CopyRetention, ShutdownTimeout time.Duration // over 0
	LogLevel                                                             slog.Level

	DemoPeople        int
	Council           string // the name in labels
	LocalEthnicGroups bool

	// PersonAPI says that the directory of people is Hackney's Person API, at DirectoryURL
	// (without a slash at its end), with the token in DirectoryTokenFile.
	PersonAPI                        bool
	DirectoryURL, DirectoryTokenFile string

	MMHStrictCodes bool // /mmh refuses codes that are in no list

	SNSTopicARN, SNSRegion string // of a FIFO topic; "" means no publishing
	SNSFull                bool   // messages contain values
	SNSEndpoint            string // "" means AWS's
}

// setting describes one setting: its flag, variable, key, help and row in
// docs/operations.md all come from this.
type setting struct {
	name     string // of the flag, and the key in the settings file
	kind            // how to write it, its rule, and its field of Settings
	fallback string // the default, as text; "" means none
	help     string // sentences, with code in Markdown's backticks
}

// variable returns the environment variable of the setting with this name.
func variable(name string) string {
	return "EQUALITY_API_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
}

// section is a group of settings in --help and in the documents.
type section struct {
	title    string
	settings []setting
}

// sections describes every setting. Each is bound to its field of s.
func sections(s *Settings) []section {
	return []section{
		{"Data", []setting{
			{name: "data-dir", kind: required(&s.DataDir, "DIR"),
				help: "Directory of the encryption keys and, unless `--database` is set, of the database."},
			{name: "database", kind: text(&s.Database, "DSN"),
				help: "PostgreSQL connection string, without a password: `passfile=FILE` names the file that has it. Without it, the database is SQLite in `--data-dir`."},
			{name: "copy-retention", kind: duration(&s.CopyRetention), fallback: "720h",
				help: "How long you keep copies of the database: backups, and PostgreSQL's archived WAL. An erasure's certificate says by which day they are gone. 720h is 30 days."},
		}},
		{"Addresses", []setting{
			{name: "listen", kind: address(&s.Listen), fallback: "127.0.0.1:8080",
				help: "Address of the API and its pages. One that other machines can reach needs `--jwt-secret-file`, and either TLS or `--trusted-proxies`."},
			{name: "telemetry-listen", kind: loopbackAddress(&s.TelemetryListen), fallback: "127.0.0.1:9464",
				help: "Address of metrics and profiles. With `none` the server offers neither."},
			{name: "public-url", kind: webURL(&s.PublicURL),
				help: "Address at which callers reach this server, for absolute links. If empty, links are paths."},
			{name: "trusted-proxies", kind: networks(&s.TrustedProxies),
				help: "Networks of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers the server believes."},
			{name: "tls-cert", kind: text(&s.TLSCert, "FILE"),
				help: "File of the TLS certificate chain (PEM)."},
			{name: "tls-key", kind: text(&s.TLSKey, "FILE"),
				help: "File of the private key of `--tls-cert` (PEM, mode 0600)."},
		}},
		{"Tokens", []setting{
			{name: "jwt-secret-file", kind: secretFile(&s.JWTSecret),
				help: "File of the secret that tokens are signed with (HS256). Without it, the server runs in local mode, on loopback only."},
			{name: "jwt-issuer", kind: text(&s.JWTIssuer, "ISS"),
				help: "The issuer (`iss`) that every token must name. Without it, any."},
			{name: "jwt-audience", kind: text(&s.JWTAudience, "AUD"),
				help: "The audience (`aud`) that every token must name. Without it, any."},
			{name: "jwt-require-expiry", kind: toggle(&s.JWTRequireExpiry),
				help: "Refuse tokens without an expiry time (`exp`)."},
			{name: "groups", kind: rolesOfGroups(&s.Groups),
				help: "The roles that each group in a token gives its caller."},
			{name: "purposes", kind: words(&s.Purposes, "open", "separated", "collect-only"), fallback: "open",
				help: "What officers and services may do with answers held for equality monitoring: with `open` see and set them, with `separated` neither, with `collect-only` set them without seeing them."},
		}},
		{"Requests", []setting{
			{name: "cors-origins", kind: origins(&s.CORSOrigins),
				help: "Origins whose pages may call the API, written exactly as browsers send them."},
			{name: "require-if-match", kind: toggle(&s.RequireIfMatch),
				help: "Refuse a change without an `If-Match` header (428)."},
			{name: "require-purpose", kind: toggle(&s.RequirePurpose),
				help: "Refuse a request for personal data without an `X-Access-Purpose` header."},
			{name: "rate-limit", kind: rate(&s.RateLimit), fallback: "50",
				help: "Requests a second that each caller may send. 0 means no limit."},
			{name: "rate-burst", kind: number(&s.RateBurst, 1), fallback: "100",
				help: "Requests that a caller may send at once before `--rate-limit` applies."},
			{name: "max-concurrent-per-caller", kind: number(&s.MaxConcurrentPerCaller, 0), fallback: "64",
				help: "Requests that each caller may have in progress at once. 0 means no limit."},
			{name: "idempotency-retention", kind: duration(&s.IdempotencyRetention), fallback: "24h",
				help: "How long to remember the outcome of an `Idempotency-Key`."},
		}},
		{"Running", []setting{
			{name: "shutdown-timeout", kind: duration(&s.ShutdownTimeout), fallback: "20s",
				help: "How long requests in progress may take to finish when the server stops."},
			{name: "log-level", kind: level(&s.LogLevel), fallback: "info",
				help: "The least severe messages to log."},
		}},
		{"Reference data", []setting{
			{name: "council", kind: text(&s.Council, "NAME"), fallback: "Hackney Council",
				help: "The council that labels of reference data name."},
			{name: "local-ethnic-groups", kind: toggle(&s.LocalEthnicGroups),
				help: "Offer the local ethnic groups as well as the national ones."},
			{name: "demo-people", kind: number(&s.DemoPeople, 0), fallback: "0",
				help: "Number of invented people to start with, in local mode only."},
		}},
		{"People", []setting{
			{name: "directory", kind: choice(&s.PersonAPI, option[bool]{"local", false}, option[bool]{"person-api", true}), fallback: "local",
				help: "Where names and dates of birth come from: `local` keeps them in this database, `person-api` asks Hackney's Person API for one person at a time."},
			{name: "directory-url", kind: personAPI(&s.DirectoryURL),
				help: "Address of the Person API. The server asks for `/api/v1/persons/{id}` below it."},
			{name: "directory-token-file", kind: tokenFile(&s.DirectoryTokenFile),
				help: "File of the service token for the Person API. It is read again for each request, so you can replace it while the server runs."},
		}},
		{"Front ends and events", []setting{
			{name: "mmh-codes", kind: choice(&s.MMHStrictCodes, option[bool]{"record", false}, option[bool]{"strict", true}), fallback: "record",
				help: "What to do when a front end sends `/mmh` a code that is in no list: `record` keeps it as sent, `strict` refuses it."},
			{name: "event-retention", kind: duration(&s.EventRetention), fallback: "2160h",
				help: "How long to keep events. 2160h is 90 days."},
			{name: "sns-topic-arn", kind: topic(&s.SNSTopicARN, &s.SNSRegion),
				help: "Amazon SNS topic that receives every change, in the form that the front ends' listeners read. Without it, nothing is published."},
			{name: "sns-payload", kind: choice(&s.SNSFull, option[bool]{"names", false}, option[bool]{"full", true}), fallback: "names",
				help: "What messages say of a record: `names` gives the names of its members without values; with `full` every message carries personal data."},
			{name: "sns-endpoint", kind: endpoint(&s.SNSEndpoint),
				help: "Address of SNS, for tests and private endpoints. Without it, AWS's endpoint in the topic's region."},
		}},
	}
}
