package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parser parses settings and collects what is wrong with them. After an error
// it gives the zero value.
type parser struct{ errs []error }

// fail names a setting in the ways it can be given, and the rule it broke.
func (p *parser) fail(flag, rule string) {
	env := "EQUALITY_API_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
	p.errs = append(p.errs, fmt.Errorf("--%s (%s, %s in the file): %s", flag, env, flag, rule))
}

func (p *parser) required(flag, text string) string {
	if text == "" {
		p.fail(flag, "must be set")
	}
	return text
}

func (p *parser) choice(flag, text string, choices ...string) string {
	if !slices.Contains(choices, text) {
		p.fail(flag, "must be "+strings.Join(choices, " or "))
	}
	return text
}

func (p *parser) yes(flag string, text Switch) bool {
	if text == "" {
		return false
	}
	yes, err := strconv.ParseBool(string(text))
	if err != nil {
		p.fail(flag, "must be true or false")
	}
	return yes
}

func (p *parser) number(flag, text string, least int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > maxNumber {
		p.fail(flag, fmt.Sprintf("must be a whole number from %d to %d", least, maxNumber))
		return 0
	}
	return n
}

func (p *parser) rate(flag, text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n <= maxNumber) { // so written that NaN fails
		p.fail(flag, fmt.Sprintf("must be a number from 0 to %d", maxNumber))
		return 0
	}
	return n
}

func (p *parser) duration(flag, text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		p.fail(flag, "must be a time over 0, such as 20s or 24h")
		return 0
	}
	return d
}

func (p *parser) level(flag, text string) slog.Level {
	switch strings.ToLower(text) {
	case "debug":
		return slog.LevelDebug
	case "info":
		return slog.LevelInfo
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	p.fail(flag, "must be debug, info, warn or error")
	return slog.LevelInfo
}

// address checks host:port. The port may be 0, for any free one.
func (p *parser) address(flag, text string) string {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		p.fail(flag, "must be host:port, such as 127.0.0.1:8080")
		return ""
	}
	return text
}

// isLoopback tells of host:port whether only this machine can reach it. A name
// other than localhost could be anything.
func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host == "localhost"
	}
	return ip.Unmap().IsLoopback()
}

func (p *parser) publicURL(flag, text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || !isWeb(u) || u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		p.fail(flag, "must be an absolute http or https URL without user, query or fragment")
		return ""
	}
	return strings.TrimRight(text, "/")
}

// topicForm is the ARN of a FIFO topic, whose name ends so.
var topicForm = regexp.MustCompile(`^arn:aws[a-z-]*:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,251}\.fifo$`)

func (p *parser) topic(flag, text string) (arn, region string) {
	if text == "" {
		return "", ""
	}
	parts := topicForm.FindStringSubmatch(text)
	if parts == nil {
		p.fail(flag, "must be the ARN of a FIFO topic, such as arn:aws:sns:eu-west-2:000000000000:equality.fifo")
		return "", ""
	}
	return text, parts[1]
}

// endpoint checks a server that is sent messages about people: in clear they go
// no further than this machine.
func (p *parser) endpoint(flag, text string) string {
	text = p.publicURL(flag, text)
	u, err := url.Parse(text) // it could be
	if err == nil && u.Scheme == "http" && !isLoopback(net.JoinHostPort(u.Hostname(), "0")) {
		p.fail(flag, "must be an https URL: messages about people would go in clear; http is for loopback addresses alone")
		return ""
	}
	return text
}

func isWeb(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil && u.Opaque == ""
}

// origins checks that each is what a browser would send: it is compared as
// text, so another spelling of the same origin would never match.
func (p *parser) origins(flag string, texts []string) []string {
	var out []string
	for i, text := range texts {
		text = strings.TrimSpace(text)
		u, err := url.Parse(text)
		if err != nil || !isWeb(u) || text != u.Scheme+"://"+u.Host || text != strings.ToLower(text) || strings.Contains(text, "*") ||
			strings.HasSuffix(text, ":") || u.Port() == map[string]string{"http": "80", "https": "443"}[u.Scheme] && u.Port() != "" {
			p.fail(flag, fmt.Sprintf("entry %d: must be an origin, such as https://example.gov.uk: lower case, no path, no default port, no wildcard", i+1))
			continue
		}
		out = append(out, text)
	}
	return out
}

// networks parses CIDRs; an address alone is a network of one.
func (p *parser) networks(flag string, texts []string) []netip.Prefix {
	var out []netip.Prefix
	for i, text := range texts {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(text); err == nil {
				prefix, err = addr.Prefix(addr.BitLen())
			}
		}
		switch {
		case err != nil || prefix.Addr().Is4In6():
			p.fail(flag, fmt.Sprintf("entry %d: must be a network, such as 10.0.0.0/8", i+1))
		case prefix.Bits() == 0:
			p.fail(flag, fmt.Sprintf("entry %d: would trust everybody", i+1))
		default:
			out = append(out, prefix.Masked())
		}
	}
	return out
}
