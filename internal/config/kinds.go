package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const maxNumber = 1_000_000

// kind says how to write a setting, which values are valid, and which field the value goes
// to. Most settings have a flag, and set. A tree, such as groups, is possible only in the
// settings file, and has read instead.
type kind struct {
	placeholder string // of the value, in --help
	// rule follows "must be" in errors and documents, and contains a valid value; "" allows
	// any text.
	rule   string
	needed bool         // there is no server without it
	flag   reflect.Type // string, Switch or []string; nil for a tree
	// set parses the texts: one or more for a list, one for other kinds. It returns the
	// rules that they break, and ignores invalid values. No text is empty.
	set  func(texts []string) (broken []string)
	read func(r *report, name string, node *yaml.Node)
}

// parsed is the kind of a setting with one text. parse reports whether the text is valid.
func parsed[T any](to *T, k kind, parse func(text string) (T, bool)) kind {
	k.flag = reflect.TypeFor[string]()
	k.set = func(texts []string) []string {
		value, ok := parse(texts[0])
		if !ok {
			return []string{"must be " + k.rule}
		}
		*to = value
		return nil
	}
	return k
}

// listed is the kind of a setting with a list of texts, each parsed on its own.
func listed[T any](to *[]T, k kind, parse func(text string) (T, bool)) kind {
	k.flag = reflect.TypeFor[[]string]()
	k.set = func(texts []string) (broken []string) {
		for i, text := range texts {
			value, ok := parse(strings.TrimSpace(text))
			if !ok {
				broken = append(broken, fmt.Sprintf("entry %d: must be %s", i+1, k.rule))
				continue
			}
			*to = append(*to, value)
		}
		return broken
	}
	return k
}

func text(to *string, placeholder string) kind {
	return parsed(to, kind{placeholder: placeholder}, func(text string) (string, bool) { return text, true })
}

func required(to *string, placeholder string) kind {
	k := text(to, placeholder)
	k.rule, k.needed = "set", true
	return k
}

func toggle(to *bool) kind {
	k := parsed(to, kind{rule: "true or false"}, func(text string) (bool, bool) {
		yes, err := strconv.ParseBool(text)
		return yes, err == nil
	})
	k.flag = reflect.TypeFor[Switch]()
	return k
}

// option is one value of a choice, and its text.
type option[T any] struct {
	name  string
	value T
}

func choice[T any](to *T, options ...option[T]) kind {
	var names []string
	for _, o := range options {
		names = append(names, o.name)
	}
	last := len(names) - 1
	k := kind{placeholder: strings.Join(names, "|"), rule: strings.Join(names[:last], ", ") + " or " + names[last]}
	return parsed(to, k, func(text string) (value T, ok bool) {
		i := slices.Index(names, text)
		if i < 0 {
			return value, false
		}
		return options[i].value, true
	})
}

// words is a choice whose values are their texts.
func words(to *string, names ...string) kind {
	var options []option[string]
	for _, name := range names {
		options = append(options, option[string]{name, name})
	}
	return choice(to, options...)
}

// level is a choice that ignores case.
func level(to *slog.Level) kind {
	k := choice(to, option[slog.Level]{"debug", slog.LevelDebug}, option[slog.Level]{"info", slog.LevelInfo},
		option[slog.Level]{"warn", slog.LevelWarn}, option[slog.Level]{"error", slog.LevelError})
	set := k.set
	k.set = func(texts []string) []string { return set([]string{strings.ToLower(texts[0])}) }
	return k
}

func number(to *int, least int) kind {
	k := kind{placeholder: "N", rule: fmt.Sprintf("a whole number from %d to %d", least, maxNumber)}
	return parsed(to, k, func(text string) (int, bool) {
		n, err := strconv.Atoi(text)
		return n, err == nil && n >= least && n <= maxNumber
	})
}

func rate(to *float64) kind {
	k := kind{placeholder: "N", rule: fmt.Sprintf("a number from 0 to %d", maxNumber)}
	return parsed(to, k, func(text string) (float64, bool) {
		n, err := strconv.ParseFloat(text, 64)
		return n, err == nil && n >= 0 && n <= maxNumber // false for NaN
	})
}

func duration(to *time.Duration) kind {
	k := kind{placeholder: "DURATION", rule: "a time over 0, such as 20s or 24h"}
	return parsed(to, k, func(text string) (time.Duration, bool) {
		d, err := time.ParseDuration(text)
		return d, err == nil && d > 0
	})
}

// address is host:port. Port 0 means any free port.
func address(to *string) kind {
	k := kind{placeholder: "HOST:PORT", rule: "host:port, such as 127.0.0.1:8080"}
	return parsed(to, k, func(text string) (string, bool) { return text, isAddress(text) })
}

// none turns a setting off that has a default.
const none = "none"

// loopbackAddress is an address that no other machine can reach, or none.
func loopbackAddress(to *string) kind {
	k := kind{placeholder: "HOST:PORT", rule: none + ", or host:port on loopback, such as 127.0.0.1:9464"}
	return parsed(to, k, func(text string) (string, bool) {
		if text == none {
			return "", true
		}
		return text, isAddress(text) && isLoopback(text)
	})
}

func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	return err == nil
}

// isLoopback reports whether only this machine can reach host:port. A name other than
// localhost could mean any machine.
func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host == "localhost"
	}
	return ip.Unmap().IsLoopback()
}

func webURL(to *string) kind {
	k := kind{placeholder: "URL",
		rule: "an absolute http or https URL without user, query or fragment, such as https://example.gov.uk/equality"}
	return parsed(to, k, parseURL)
}

// endpoint is a server that receives messages about people.
func endpoint(to *string) kind {
	k := kind{placeholder: "URL", rule: "an absolute https URL without user, query or fragment, such as https://sns.example.gov.uk; " +
		"http is for loopback only, since messages about people would go in clear"}
	return parsed(to, k, parseConfidential)
}

// personAPI is the address of the Person API, whose paths all begin with apiVersion.
func personAPI(to *string) kind {
	k := kind{placeholder: "URL", rule: "an absolute https URL without user, query or fragment, and without " + apiVersion +
		" at its end, such as https://person.example.gov.uk/production; http is for loopback only, since names would go in clear"}
	return parsed(to, k, func(text string) (string, bool) {
		text, ok := parseConfidential(text)
		return text, ok && !strings.HasSuffix(text, apiVersion)
	})
}

const apiVersion = "/api/v1"

// parseConfidential is parseURL for a server to which nothing may go in clear, unless it is
// on this machine.
func parseConfidential(text string) (string, bool) {
	text, ok := parseURL(text)
	if u, err := url.Parse(text); err == nil && u.Scheme == "http" && !isLoopback(net.JoinHostPort(u.Hostname(), "0")) {
		return "", false
	}
	return text, ok
}

// parseURL removes slashes at the end of a URL.
func parseURL(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || !isWeb(u) || u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return "", false
	}
	return strings.TrimRight(text, "/"), true
}

func isWeb(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil && u.Opaque == ""
}

// origins are compared as text with what browsers send, so only the browsers' own spelling
// of an origin is valid.
func origins(to *[]string) kind {
	k := kind{placeholder: "ORIGIN", rule: "an origin, such as https://example.gov.uk: lower case, no path, no default port, no wildcard"}
	return listed(to, k, func(text string) (string, bool) {
		u, err := url.Parse(text)
		return text, err == nil && isWeb(u) && text == u.Scheme+"://"+u.Host && text == strings.ToLower(text) && !strings.Contains(text, "*") &&
			!strings.HasSuffix(text, ":") && (u.Port() == "" || u.Port() != map[string]string{"http": "80", "https": "443"}[u.Scheme])
	})
}

// networks are CIDRs; an address alone is a network with one address.
func networks(to *[]netip.Prefix) kind {
	k := kind{placeholder: "CIDR", rule: "a network, such as 10.0.0.0/8; a network of all addresses would trust everybody"}
	return listed(to, k, func(text string) (netip.Prefix, bool) {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(text); err == nil {
				prefix, err = addr.Prefix(addr.BitLen())
			}
		}
		return prefix.Masked(), err == nil && !prefix.Addr().Is4In6() && prefix.Bits() > 0
	})
}

// topicForm is the ARN of a FIFO topic, whose name always ends in .fifo.
var topicForm = regexp.MustCompile(`^arn:aws[a-z-]*:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,251}\.fifo$`)

func topic(arn, region *string) kind {
	k := kind{placeholder: "ARN", rule: "the ARN of a FIFO topic, such as arn:aws:sns:eu-west-2:000000000000:equality.fifo"}
	return parsed(arn, k, func(text string) (string, bool) {
		parts := topicForm.FindStringSubmatch(text)
		if parts == nil {
			return "", false
		}
		*region = parts[1]
		return text, true
	})
}

// secretFile is the kind of a secret, which is in a file: no flag, variable or key can hold
// it, and Secret is never printed. Without a file the Secret is nil.
func secretFile(to *Secret) kind {
	return privateFile(to, fmt.Sprintf("a secret of at least %d bytes", minSecret), ReadSecret)
}

// tokenFile is the kind of a file with a token, which is read again when the token is used.
func tokenFile(to *string) kind {
	return privateFile(to, "a token and nothing else", func(path string) (string, error) {
		_, err := ReadToken(path)
		return path, err
	})
}

func privateFile[T any](to *T, what string, read func(path string) (T, error)) kind {
	k := kind{placeholder: "FILE", rule: "a file of mode 0600 with " + what,
		flag: reflect.TypeFor[string]()}
	k.set = func(texts []string) []string {
		value, err := read(texts[0])
		if err != nil {
			return []string{"must be " + k.rule + ": " + err.Error()}
		}
		*to = value
		return nil
	}
	return k
}

// rolesOfGroups is a tree: a mapping of groups to lists of roles.
func rolesOfGroups(to *map[string][]string) kind {
	k := kind{rule: "a mapping of group to list of roles"}
	k.read = func(r *report, name string, node *yaml.Node) {
		if node.Kind != yaml.MappingNode {
			r.failAt(node.Line, name+" must be "+k.rule)
			return
		}
		groups := make(map[string][]string)
		r.members(node, func(group string, at, roles *yaml.Node) {
			if group == "" || roles.Kind != yaml.SequenceNode {
				r.failAt(at.Line, "a group must have a name and a list of roles")
				return
			}
			if texts := r.list(roles); len(texts) > 0 {
				groups[group] = texts
			}
		})
		*to = groups
	}
	return k
}
