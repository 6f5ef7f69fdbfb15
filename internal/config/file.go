package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"reflect"
	"regexp"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

const maxFile = 1 << 20 // bytes

// file is a settings file that has been read. It is a kong resolver. Kong lets resolvers
// win over the environment, so it returns nothing for settings that are in the environment.
type file struct {
	values map[string]any        // by name, of settings with a flag: a string, or an []any of strings
	trees  map[string]*yaml.Node // by name, of the others
	report
}

// Validate is for kong; Settings reports the errors.
func (*file) Validate(*kong.Application) error { return nil }

// Resolve returns the file's value for a flag, or nil if it has none or the environment has
// one.
func (f *file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Tag.Envs {
		if _, ok := os.LookupEnv(env); ok {
			return nil, nil
		}
	}
	return f.values[flag.Name], nil
}

func readFile(path string) *file {
	f := &file{values: make(map[string]any), trees: make(map[string]*yaml.Node)}
	root, err := parseFile(path)
	if err != nil {
		f.failAt(0, err.Error())
		return f
	}
	flags := make(map[string]reflect.Type)
	for _, section := range sections(new(Settings)) {
		for _, s := range section.settings {
			flags[s.name] = s.flag
		}
	}
	f.members(root, func(key string, at, value *yaml.Node) {
		flag, ok := flags[key]
		isList := flag == reflect.TypeFor[[]string]()
		switch {
		case !ok:
			f.failAt(at.Line, "unknown key"+printable(key))
		case flag == nil:
			f.trees[key] = value
		case value.Kind == yaml.SequenceNode && isList:
			var list []any // in the form that kong expects
			for _, text := range f.list(value) {
				list = append(list, text)
			}
			f.values[key] = list
		case value.Kind == yaml.ScalarNode && value.Tag != "!!null":
			f.values[key] = value.Value
		case isList:
			f.failAt(at.Line, key+" takes a list")
		default:
			f.failAt(at.Line, key+" takes one value")
		}
	})
	return f
}

// parseFile returns the file's mapping, or nil for an empty file. Its errors repeat nothing
// from the file.
func parseFile(path string) (*yaml.Node, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case len(data) > maxFile:
		return nil, errors.New("larger than 1 MiB")
	}
	var document yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(data))
	switch err := documents.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, errors.New("not YAML" + printable(lineOf.FindString(err.Error())))
	case !errors.Is(documents.Decode(new(yaml.Node)), io.EOF):
		return nil, errors.New("more than one YAML document: what follows a line with --- or ... would be passed over")
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

// printable returns text to append to a message, or nothing if the text may be a value that
// someone put in the wrong place.
func printable(text string) string {
	if !speakKey.MatchString(text) {
		return ""
	}
	return " (" + text + ")"
}

// members calls visit with each key of a mapping; a key given twice is an error.
func (r *report) members(mapping *yaml.Node, visit func(key string, at, value *yaml.Node)) {
	if mapping == nil {
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key := mapping.Content[i]
		if seen[key.Value] {
			r.failAt(key.Line, "a key is given twice"+printable(key.Value))
			continue
		}
		seen[key.Value] = true
		visit(key.Value, key, mapping.Content[i+1])
	}
}

// list returns the texts of a sequence.
func (r *report) list(sequence *yaml.Node) (texts []string) {
	for _, item := range sequence.Content {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			r.failAt(item.Line, "a list must have plain values only")
			continue
		}
		texts = append(texts, item.Value)
	}
	return texts
}

// withoutPath returns an I/O error without the path, which may be a secret that someone
// wrote instead of a file name.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
