// Package config owns the settings of the serve command. Each setting has one descriptor
// (settings.go), which gives its flag, environment variable, key in the settings file, help
// and row in the documents. The package also owns the rules between settings, and the typed
// Settings that result. A flag wins over the environment, the environment over the file,
// the file over the default.
//
// It does not own the roles and what they may do (internal/identity) or local mode's
// signing key, and it opens nothing except the settings file, the token secret and, to
// check them, the TLS certificate and key and the token for the Person API.
package config

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// Config holds the settings as text, for kong to fill in. Make it with New and embed it in
// a command. The values are text so that Settings can report all errors at once; kong would
// stop at the first.
type Config struct {
	ConfigFile string       `name:"config" env:"EQUALITY_API_CONFIG" placeholder:"FILE" help:"YAML file of settings. The key of a setting is its flag without the dashes. Some settings, such as groups, are possible only in the file."`
	Flags      kong.Plugins `embed:""` // a struct with a field for each setting that has a flag

	texts    map[string]reflect.Value // by name: the fields of Flags
	given    map[string]bool          // by name: the flags with a value, which may be their default
	trees    map[string]*yaml.Node    // by name: the file's values for settings without a flag
	fileErrs []error                  // what is wrong with the file
}

// New returns a Config with a flag for each setting.
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

// tag describes the setting's flag for kong, which shows flags by group.
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

// BeforeResolve reads the settings file, if there is one, and lets kong ask it for values.
// Settings reports the errors in the file together with the others.
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

// AfterApply notes which flags have a value.
func (c *Config) AfterApply(ctx *kong.Context) error {
	c.given = make(map[string]bool)
	for _, flag := range ctx.Flags() {
		c.given[flag.Name] = flag.Set
	}
	return nil
}

// Settings parses and checks the settings. Its error lists everything that is wrong, one
// line each, with flag, environment variable, key and rule, but never the value. If there
// is an error, the Settings hold the values that are valid, for further checks.
func (c Config) Settings() (Settings, error) {
	var s Settings
	r := report{errs: c.fileErrs}
	if c.given["config"] && blank(reflect.ValueOf(c.ConfigFile)) {
		r.failAt(0, notEmpty)
	}
	for _, section := range sections(&s) {
		for _, setting := range section.settings {
			if setting.flag == nil {
				if node := c.trees[setting.name]; node != nil {
					setting.read(&r, setting.name, node)
				}
				continue
			}
			for _, rule := range c.take(setting) {
				r.fail(setting.name, rule)
			}
		}
	}
	s.Local = !c.given["jwt-secret-file"]
	r.tls(s)
	r.exposure(s)
	r.directory(s, c.given)
	if s.Local {
		s.RateLimit, s.MaxConcurrentPerCaller = 0, 0
	}
	return s, errors.Join(r.errs...)
}

// take sets the setting's field of Settings, and returns the rules that its texts break.
func (c Config) take(s setting) (broken []string) {
	field := c.texts[s.name]
	switch {
	case !c.given[s.name] && s.needed:
		return []string{"must be set"}
	case !c.given[s.name]:
		return nil
	case blank(field):
		return []string{notEmpty}
	}
	return s.set(texts(field))
}

// texts returns the values that kong has put into a flag's field.
func texts(field reflect.Value) []string {
	if list, ok := field.Interface().([]string); ok {
		return list
	}
	return []string{field.String()}
}

// Switch is a yes or no as text: a flag without a value is "true".
type Switch string

// Decode reads the flag's value as text, if it has one.
func (s *Switch) Decode(ctx *kong.DecodeContext) error {
	if ctx.Scan.Peek().Type == kong.FlagValueToken {
		return ctx.Scan.PopValueInto("yes or no", (*string)(s))
	}
	*s = "true"
	return nil
}

// IsBool tells kong that the flag does not need a value.
func (*Switch) IsBool() bool { return true }
