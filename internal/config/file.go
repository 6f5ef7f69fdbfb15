package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"regexp"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

const (
	maxFile   = 1 << 20 // bytes
	groupsKey = "groups"
)

// file is a settings file that has been read. It is kong's resolver: kong lets
// resolvers win over the environment, so it keeps silent where that speaks.
type file struct {
	values map[string]any // by flag name: a string, or an []any of strings
	groups map[string][]string
	errs   []error
}

// Validate is for kong; the errors are reported by Settings.
func (*file) Validate(*kong.Application) error { return nil }

// Resolve gives the file's value for a flag, nil if it has none or if the
// environment has one.
func (f *file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Tag.Envs {
		if _, ok := os.LookupEnv(env); ok {
			return nil, nil
		}
	}
	return f.values[flag.Name], nil
}

// keys tells the keys that a file may have, and which of them take a list.
func keys() map[string]bool {
	keys := make(map[string]bool)
	for field := range reflect.TypeFor[Config]().Fields() {
		if name := field.Tag.Get("name"); name != "" && name != "config" {
			keys[name] = field.Type.Kind() == reflect.Slice
		}
	}
	return keys
}

func readFile(path string) *file {
	f := &file{values: make(map[string]any)}
	root, err := parseFile(path)
	if err != nil {
		f.fail(0, err.Error())
		return f
	}
	known := keys()
	f.members(root, func(key string, at, value *yaml.Node) {
		isList, ok := known[key]
		switch {
		case key == groupsKey:
			f.readGroups(value)
		case !ok:
			f.fail(at.Line, "unknown key"+printable(key))
		case value.Kind == yaml.SequenceNode && isList:
			f.values[key] = f.list(value)
		case value.Kind == yaml.ScalarNode && value.Tag != "!!null":
			f.values[key] = value.Value
		case isList:
			f.fail(at.Line, key+" takes a list")
		default:
			f.fail(at.Line, key+" takes one value")
		}
	})
	return f
}

// parseFile gives the file's one mapping, nil for an empty file. Its errors
// repeat nothing of the file.
func parseFile(path string) (*yaml.Node, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, reason(err)
	case len(data) > maxFile:
		return nil, errors.New("larger than 1 MiB")
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, errors.New("not YAML" + printable(lineOf.FindString(err.Error())))
	}
	if document.Kind == 0 {
		return nil, nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, errors.New("not a mapping of keys to values")
	}
	return root, nil
}

var (
	lineOf   = regexp.MustCompile(`line [0-9]+`)
	speakKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9 _-]{0,39}$`)
)

// printable gives text to append to a message, nothing if it may be a value
// that slipped into a key's place.
func printable(text string) string {
	if !speakKey.MatchString(text) {
		return ""
	}
	return " (" + text + ")"
}

// members calls visit with each key of a mapping; a key given twice is an error.
func (f *file) members(mapping *yaml.Node, visit func(key string, at, value *yaml.Node)) {
	if mapping == nil {
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key := mapping.Content[i]
		if seen[key.Value] {
			f.fail(key.Line, "a key is given twice"+printable(key.Value))
			continue
		}
		seen[key.Value] = true
		visit(key.Value, key, mapping.Content[i+1])
	}
}

func (f *file) readGroups(node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		f.fail(node.Line, groupsKey+" takes a mapping of group to list of roles")
		return
	}
	f.groups = make(map[string][]string)
	f.members(node, func(group string, at, roles *yaml.Node) {
		if group == "" || roles.Kind != yaml.SequenceNode {
			f.fail(at.Line, "a group has a name and a list of roles")
			return
		}
		for _, role := range f.list(roles) {
			f.groups[group] = append(f.groups[group], role.(string))
		}
	})
}

func (f *file) list(node *yaml.Node) []any {
	var out []any
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			f.fail(item.Line, "a list has plain values only")
			continue
		}
		out = append(out, item.Value)
	}
	return out
}

func (f *file) fail(line int, rule string) {
	where := "--config (EQUALITY_API_CONFIG)"
	if line > 0 {
		where += fmt.Sprintf(" line %d", line)
	}
	f.errs = append(f.errs, fmt.Errorf("%s: %s", where, rule))
}

// reason is an I/O error without the path, which may be a secret put where its
// file's name belongs.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
