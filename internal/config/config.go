// Package config owns what the serve command can be told: one descriptor for
// each setting (settings.go), from which come its flag, environment variable,
// key in the settings file, help and row in the documents; the rules between
// settings; and the typed Settings that come out. A flag wins over the
// environment, the environment over the file, the file over the default.
//
// It does not own what a role may do or which roles there are
// (internal/identity), the local mode's signing key, or opening anything: the
// files it reads are the settings file, the token secret and, to see that they
// fit, the TLS certificate and key.
package config

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// Config is the settings as they were written, for kong to fill. Make it with
// New and embed it in a command. Every value is text here, so that Settings can
// report all errors at once where kong would stop at the first.
type Config struct {
	ConfigFile string       `name:"config" env:"EQUALITY_API_CONFIG" placeholder:"FILE" help:"YAML file of settings. The key of a setting is its flag without the dashes. Some settings, such as groups, are possible only in the file."`
	Flags      kong.Plugins `embed:""` // a struct of one field for each setting that has a flag

	texts    map[string]reflect.Value // by name: the fields of Flags
	trees    map[string]*yaml.Node    // by name: what the file says of settings without a flag
	fileErrs []error                  // what is wrong with the file
}

// New gives a Config with a flag for each setting.
func New() Config {
	c := Config{texts: make(map[string]reflect.Value)}
	for _, section := range sections(new(Settings)) {
		for _, s := range section.settings {
			if s.flag == nil {
				continue
			}
			field := reflect.StructField{Name: "Value", Type: s.flag, Tag: s.tag(section.title)}
			target := reflect.New(reflect.StructOf([]reflect.StructField{field}))
			c.Flags = append(c.Flags, target.Interface())
			c.texts[s.name] = target.Elem().Field(0)
		}
	}
	return c
}

// tag describes the setting's flag to kong, which shows flags by group.
func (s setting) tag(group string) reflect.StructTag {
	help := strings.ReplaceAll(s.help, "`", "")
	if s.fallback != "" {
		help += " Default: ${default}."
	}
	var tag strings.Builder
	for _, item := range [][2]string{
		{"name", s.name}, {"env", variable(s.name)}, {"group", group}, {"placeholder", s.placeholder}, {"default", s.fallback}, {"help", help},
	} {
		if item[1] != "" {
			tag.WriteString(item[0] + ":" + strconv.Quote(item[1]) + " ")
		}
	}
	return reflect.StructTag(strings.TrimSpace(tag.String()))
}

// BeforeResolve reads the settings file, if there is one, and has kong ask it.
// Settings reports what is wrong with the file, together with the rest.
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
	c.trees, c.fileErrs = f.trees, f.errs
	ctx.AddResolver(f)
	return nil
}

// Settings parses and checks. The error joins everything that is wrong, one
// line each: flag, environment variable, key and rule, never the value. Settings
// returned with an error hold the values that are valid, for further checks.
func (c Config) Settings() (Settings, error) {
	var s Settings
	r := report{errs: c.fileErrs}
	for _, section := range sections(&s) {
		for _, setting := range section.settings {
			if setting.flag != nil {
				for _, rule := range setting.set(texts(c.texts[setting.name])) {
					r.fail(setting.name, rule)
				}
			} else if node := c.trees[setting.name]; node != nil {
				setting.read(&r, setting.name, node)
			}
		}
	}
	s.Local = s.JWTSecret == nil
	r.tls(s)
	r.exposure(s)
	if s.Local {
		s.RateLimit, s.MaxConcurrentPerCaller = 0, 0
	}
	return s, errors.Join(r.errs...)
}

// texts are the values that kong has put into a flag's field.
func texts(field reflect.Value) []string {
	if list, ok := field.Interface().([]string); ok {
		return list
	}
	return []string{field.String()}
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
