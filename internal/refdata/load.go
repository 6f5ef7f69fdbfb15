package refdata

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

//go:embed data/*.json
var embedded embed.FS

// Option changes a list that [Load] reads.
type Option func(*List)

// WithLocalCodes makes the local codes active. They are finer than the national
// standards; without this option they can only be read.
func WithLocalCodes() Option {
	return func(l *List) {
		for i := range l.Codes {
			if c := &l.Codes[i]; c.Local && c.ValidTo == "" {
				c.Active = true
			}
		}
	}
}

// WithCouncil puts the name of another council, such as "Camden Council", into
// the labels that name Hackney Council. The codes do not change.
func WithCouncil(name string) Option {
	return func(l *List) {
		for i := range l.Codes {
			c := &l.Codes[i]
			c.Label = strings.ReplaceAll(c.Label, "Hackney Council", name)
		}
	}
}

// Load reads the embedded lists and checks them. It only fails if a data file is
// wrong, and the error lists everything wrong with the first such file.
func Load(options ...Option) (*Lists, error) {
	data, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil, fmt.Errorf("%w", err)
	}
	return load(data, options...)
}

// load reads one file for each list from fsys.
func load(fsys fs.FS, options ...Option) (*Lists, error) {
	lists := &Lists{byName: make(map[string]*List, len(names))}
	for _, name := range names {
		content, err := fs.ReadFile(fsys, name+".json")
		if err != nil {
			return nil, fmt.Errorf("%w", err)
		}
		list, err := parse(name, content, options...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		lists.all = append(lists.all, list)
		lists.byName[name] = list
	}
	return lists, nil
}

// parse makes the list of that name from the content of its file.
func parse(name string, content []byte, options ...Option) (*List, error) {
	list := new(List)
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(list); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more text after the end of the list")
	}
	if err := check(name, list); err != nil {
		return nil, err
	}
	for _, option := range options {
		option(list)
	}
	if err := list.stamp(); err != nil {
		return nil, err
	}
	list.index()
	return list, nil
}

// stamp sets the version from the list's content, after the options have changed
// it, because the version is the ETag of the list as it is served.
func (l *List) stamp() error {
	content, err := json.Marshal(l)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	l.Version = hex.EncodeToString(sum[:6])
	return nil
}

// index prepares the look-ups.
func (l *List) index() {
	l.byCode = make(map[string]int, len(l.Codes))
	l.byAlias = make(map[string]int)
	for i, c := range l.Codes {
		l.byCode[c.Code] = i
		for _, alias := range c.Aliases {
			l.byAlias[strings.ToLower(alias)] = i
		}
		if !c.Active {
			continue
		}
		for _, text := range append([]string{c.Code, c.Label}, c.Aliases...) {
			l.spellings = append(l.spellings, spelling{code: i, letters: fold(text)})
		}
	}
	l.indexLabels()
}

// noCode stands for the code of a label that means several.
const noCode = -1

// indexLabels prepares the look-up of active codes by label. A label that is also
// another's label, code or alias means neither.
func (l *List) indexLabels() {
	l.byLabel = make(map[string]int)
	note := func(text string, i int) {
		text = strings.ToLower(text)
		if other, taken := l.byLabel[text]; taken && other != i {
			i = noCode
		}
		l.byLabel[text] = i
	}
	for i, c := range l.Codes {
		if c.Active {
			note(c.Label, i)
		}
	}
	for i, c := range l.Codes {
		for _, name := range append([]string{c.Code}, c.Aliases...) {
			if _, is := l.byLabel[strings.ToLower(name)]; is {
				note(name, i)
			}
		}
	}
}
