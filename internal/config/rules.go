package config

import (
	"crypto/tls"
	"fmt"
	"os"
)

// report collects errors of settings.
type report struct{ errs []error }

// fail names a setting in all the ways to give it, and the rule that it breaks.
func (r *report) fail(name, rule string) {
	r.errs = append(r.errs, fmt.Errorf("--%s (%s, %s in the file): %s", name, variable(name), name, rule))
}

// failAt names a line of the settings file; 0 means the whole file.
func (r *report) failAt(line int, rule string) {
	where := "--config (EQUALITY_API_CONFIG)"
	if line > 0 {
		where += fmt.Sprintf(" line %d", line)
	}
	r.errs = append(r.errs, fmt.Errorf("%s: %s", where, rule))
}

// tls checks that certificate and key are both set, private and a pair.
func (r *report) tls(s Settings) {
	switch {
	case s.TLSCert == "" && s.TLSKey == "":
		return
	case s.TLSCert == "":
		r.fail("tls-cert", "must be set together with --tls-key")
		return
	case s.TLSKey == "":
		r.fail("tls-key", "must be set together with --tls-cert")
		return
	}
	key, err := os.Open(s.TLSKey)
	if err != nil {
		r.fail("tls-key", withoutPath(err).Error())
		return
	}
	defer key.Close()
	if err := private(key); err != nil {
		r.fail("tls-key", err.Error())
		return
	}
	if _, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey); err != nil {
		r.fail("tls-cert", "cannot be read, or does not fit --tls-key: both must be PEM files, of one pair")
	}
}

// exposure checks what the server needs before other machines can call it.
func (r *report) exposure(s Settings) {
	public := s.Listen != "" && !isLoopback(s.Listen)
	if public && s.Local {
		r.fail("listen", "a public listen address needs a token issuer: set --jwt-secret-file")
	}
	if public && s.TLSCert == "" && s.TLSKey == "" && len(s.TrustedProxies) == 0 {
		r.fail("listen", "a public listen address would send tokens in clear: set --tls-cert and --tls-key, or --trusted-proxies for the proxy that ends TLS")
	}
	if s.DemoPeople > 0 && !s.Local {
		r.fail("demo-people", "invented people are only for local mode, without --jwt-secret-file")
	}
}

// directory checks that the Person API has all that it needs, and that nobody believes to
// use it who does not. given says which settings have a value, right or wrong.
func (r *report) directory(s Settings, given map[string]bool) {
	for _, needed := range [][2]string{{"directory-url", s.DirectoryURL}, {"directory-token-file", s.DirectoryTokenFile}} {
		switch name, value := needed[0], needed[1]; {
		case s.PersonAPI && !given[name]:
			r.fail(name, "must be set for --directory person-api")
		case !s.PersonAPI && value != "":
			r.fail(name, "is only for --directory person-api")
		}
	}
}
