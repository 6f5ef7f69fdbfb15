package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// notEmpty is the rule for whatever is given. An empty value is most often a variable of a
// shell that is not set, and must not mean the same as no value: that could turn off a
// check or encryption that was asked for.
const notEmpty = "must not be empty: give it a value, or leave it out"

// Lists is kong's way to read lists, except that it keeps an entry after the last comma:
// that is an empty one, as anywhere else.
var Lists = kong.TypeMapper(reflect.TypeFor[[]string](), kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
	list := target.Addr().Interface().(*[]string)
	if ctx.Value.Flag == nil { // arguments, which have no commas
		for _, token := range ctx.Scan.PopWhile(kong.Token.IsValue) {
			*list = append(*list, token.String())
		}
		return nil
	}
	token, err := ctx.Scan.PopValue("list")
	if err != nil {
		return err
	}
	switch value := token.Value.(type) {
	case string:
		*list = append(*list, strings.Split(value, ",")...)
	case []any: // from a settings file
		for _, entry := range value {
			*list = append(*list, fmt.Sprint(entry))
		}
	}
	return nil
}))

// Empty returns an error for each flag and argument of a command that was given without a
// value, on the command line or in the environment. Settings does the same for a Config.
func Empty(ctx *kong.Context) (empty []error) {
	for _, flag := range ctx.Flags() {
		if flag.Set && blank(flag.Target) {
			name := "--" + flag.Name
			if len(flag.Tag.Envs) > 0 {
				name += " (" + strings.Join(flag.Tag.Envs, ", ") + ")"
			}
			empty = append(empty, fmt.Errorf("%s: %s", name, notEmpty))
		}
	}
	for _, argument := range ctx.Selected().Positional {
		if argument.Set && blank(argument.Target) {
			empty = append(empty, fmt.Errorf("<%s>: %s", argument.Name, notEmpty))
		}
	}
	return empty
}

// blank reports whether a value that was given holds nothing: no text, or a list without
// entries or with an empty one.
func blank(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.String:
		return strings.TrimSpace(value.String()) == ""
	case reflect.Slice:
		for i := range value.Len() {
			if blank(value.Index(i)) {
				return true
			}
		}
		return value.Len() == 0
	}
	return false
}
