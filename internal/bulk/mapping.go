package bulk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
)

// A Mapping translates another system's columns and values to ours.
type Mapping struct {
	columns map[string]int // their column: our column's index
	ignore  map[string]bool
	values  map[int]map[string]string // our column: their value: our value, empty for none
	maps    map[int]string            // our column: the system whose values it uses
	invert  map[int]bool
	dates   []dateForm
}

// ParseMapping reads a mapping. The error lists everything wrong, line by line,
// and repeats nothing from the file.
func (l *layout) ParseMapping(content []byte, lists *refdata.Lists) (Mapping, error) {
	m := Mapping{
		columns: make(map[string]int), ignore: make(map[string]bool), values: make(map[int]map[string]string),
		maps: make(map[int]string), invert: make(map[int]bool),
	}
	var document yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(content))
	switch err := documents.Decode(&document); {
	case errors.Is(err, io.EOF):
		return m, nil
	case err != nil:
		return m, errors.New("the file is not YAML")
	case !errors.Is(documents.Decode(new(yaml.Node)), io.EOF):
		return m, errors.New("the file has more than one YAML document: what follows a line with --- or ... would be passed over")
	}
	p := mappingParser{layout: l, m: &m, lists: lists}
	p.members(document.Content[0], func(key, value *yaml.Node) {
		switch key.Value {
		case "columns":
			p.members(value, p.column)
		case "ignore":
			for _, name := range p.list(value) {
				m.ignore[name.Value] = true
			}
		case "values":
			p.members(value, p.valuesOf)
		case "maps":
			p.members(value, p.mapOf)
		case "invert":
			for _, name := range p.list(value) {
				if index, ok := p.place(name); ok && !l.forms[index].answer {
					p.fail(name, "is not a yes-or-no column")
				} else if ok {
					m.invert[index] = true
				}
			}
		case "dateFormat":
			forms := []*yaml.Node{value}
			if value.Kind != yaml.ScalarNode {
				forms = p.list(value)
			}
			for _, form := range forms {
				if f, ok := parseDateForm(form.Value); ok {
					m.dates = append(m.dates, f)
				} else {
					p.fail(form, "is not a date form; use forms such as DD/MM/YYYY and D-MMM-YY, or excel for numbers")
				}
			}
		default:
			p.fail(key, "is not a known key; the keys are columns, ignore, values, maps, invert and dateFormat")
		}
	})
	return m, errors.Join(p.errs...)
}

type mappingParser struct {
	*layout
	m     *Mapping
	lists *refdata.Lists
	errs  []error
}

func (p *mappingParser) fail(at *yaml.Node, rule string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("line %d %s", at.Line, fmt.Sprintf(rule, args...)))
}

// members visits the keys of a mapping. Each key may appear once.
func (p *mappingParser) members(node *yaml.Node, visit func(key, value *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		p.fail(node, "must be a mapping")
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			p.fail(key, "has a key that is not text")
		case seen[key.Value]:
			p.fail(key, "repeats a key")
		default:
			seen[key.Value] = true
			visit(key, value)
		}
	}
}

func (p *mappingParser) list(node *yaml.Node) []*yaml.Node {
	if node.Kind != yaml.SequenceNode {
		p.fail(node, "must be a list")
		return nil
	}
	return slices.DeleteFunc(slices.Clone(node.Content), func(item *yaml.Node) bool {
		if item.Kind != yaml.ScalarNode {
			p.fail(item, "must be text")
		}
		return item.Kind != yaml.ScalarNode
	})
}

// place finds one of our columns.
func (p *mappingParser) place(name *yaml.Node) (int, bool) {
	index, ok := p.places[name.Value]
	if name.Kind != yaml.ScalarNode || !ok {
		p.fail(name, "names an unknown column")
		return 0, false
	}
	return index, true
}

func (p *mappingParser) column(theirs, ours *yaml.Node) {
	if index, ok := p.place(ours); ok {
		p.m.columns[theirs.Value] = index
	}
}

func (p *mappingParser) valuesOf(ours, values *yaml.Node) {
	index, ok := p.place(ours)
	p.members(values, func(theirs, value *yaml.Node) {
		switch {
		case !ok:
		case value.Kind != yaml.ScalarNode:
			p.fail(value, "must be text")
		default:
			if p.m.values[index] == nil {
				p.m.values[index] = make(map[string]string)
			}
			p.m.values[index][theirs.Value] = value.Value
			if value.Tag == "!!null" {
				p.m.values[index][theirs.Value] = ""
			}
		}
	})
}

func (p *mappingParser) mapOf(ours, system *yaml.Node) {
	index, ok := p.place(ours)
	if !ok {
		return
	}
	list, coded := p.lists.Get(p.forms[index].listName())
	switch {
	case !coded:
		p.fail(ours, "is not a column of codes or answers")
	case list.Variables[system.Value] == "":
		p.fail(system, "names a system that the list %s has no map for", list.Name)
	default:
		p.m.maps[index] = system.Value
	}
}

// resolver translates the values of a row to ours.
type resolver struct {
	Mapping
	*layout
	codes map[int]map[string]string // by column and their value; empty if it stands for several of ours
}

func (m Mapping) resolved(l *layout, lists *refdata.Lists) *resolver {
	r := &resolver{m, l, make(map[int]map[string]string)}
	for index, system := range m.maps {
		list, _ := lists.Get(l.forms[index].listName())
		codes := make(map[string]string)
		for _, c := range list.Codes {
			theirs := c.Maps[system]
			if theirs == "" || !c.Active {
				continue
			}
			if _, taken := codes[theirs]; taken {
				codes[theirs] = ""
				continue
			}
			codes[theirs] = c.Code
		}
		r.codes[index] = codes
	}
	return r
}

// value returns our value for a cell's, or the cell's own if the mapping does
// not have it. rule is the rule that a value breaks whose meaning nobody has said.
func (r *resolver) value(index int, text string) (ours, rule string) {
	if !r.forms[index].list {
		return r.single(index, text)
	}
	var mapped []string
	for _, element := range elements(text) {
		element, _ := unguard(element)
		one, rule := r.single(index, element)
		if rule != "" {
			return "", rule
		}
		if one != "" || element == "" {
			mapped = append(mapped, one)
		}
	}
	return strings.Join(mapped, listSeparator), ""
}

func (r *resolver) single(index int, text string) (ours, rule string) {
	if ours, ok := r.values[index][text]; ok {
		text = ours
	} else if ours, ok := r.codes[index][text]; ok {
		if ours == "" {
			return "", AmbiguousMap
		}
		text = ours
	} else if r.forms[index].answer && (text == "0" || text == "2") {
		return "", AnswerCoding
	}
	switch {
	case r.invert[index]:
		text = inverted(text)
	case r.forms[index].date:
		return r.date(text, r.forms[index].lifetime)
	}
	return text, ""
}

// inverted is the answer to the opposite question. Text that is not an answer
// stays as it is, and is refused later.
func inverted(text string) string {
	answer, _ := equality.ParseImported(text)
	switch answer {
	case equality.Yes:
		return equality.No.String()
	case equality.No:
		return equality.Yes.String()
	}
	return text
}
