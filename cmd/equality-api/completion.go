package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish. Write the output to a file that the shell reads when it starts."`
}

// Run prints a script made from the commands and flags, so that it cannot be out of date.
func (c completionCommand) Run(parser *kong.Kong, o output) error {
	script := bashCompletion(parser.Model)
	switch c.Shell {
	case "zsh":
		script = "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n" + script
	case "fish":
		script = fishCompletion(parser.Model)
	}
	_, err := fmt.Fprint(o.out, script)
	return err
}

// place is a point of the command line where something can be completed.
type place struct {
	path     string // of commands, "" before the first
	commands []*kong.Node
	flags    []*kong.Flag
	values   []string // of the first argument, if it takes only these
}

// places are all the places, each after the one it is in.
func places(node *kong.Node, path string) []place {
	at := place{path: path}
	for _, group := range node.AllFlags(true) {
		at.flags = append(at.flags, group...)
	}
	if len(node.Positional) > 0 && node.Positional[0].Enum != "" {
		at.values = node.Positional[0].EnumSlice()
	}
	all := []place{at}
	for _, child := range node.Children {
		if child.Type == kong.CommandNode {
			all[0].commands = append(all[0].commands, child)
			all = append(all, places(child, strings.TrimSpace(path+" "+child.Name))...)
		}
	}
	return all
}

// values are what a flag takes, if it takes only these.
func values(f *kong.Flag) []string {
	switch {
	case f.Enum != "":
		return f.EnumSlice()
	case strings.Contains(f.PlaceHolder, "|"):
		return strings.Split(f.PlaceHolder, "|")
	}
	return nil
}

func bashCompletion(app *kong.Application) string {
	var paths, words, ofFlags strings.Builder
	for _, at := range places(app.Node, "") {
		offered := append([]string{}, at.values...)
		for _, command := range at.commands {
			offered = append(offered, command.Name)
			fmt.Fprintf(&paths, "      %q) path=%q ;;\n", at.path+"/"+command.Name, strings.TrimSpace(at.path+" "+command.Name))
		}
		for _, flag := range at.flags {
			offered = append(offered, "--"+flag.Name)
			if values := values(flag); values != nil {
				fmt.Fprintf(&ofFlags, "    %q) words=%q ;;\n", at.path+"/--"+flag.Name, strings.Join(values, " "))
			} else if !flag.IsBool() && flag.Name != "help" {
				fmt.Fprintf(&ofFlags, "    %q) return ;;\n", at.path+"/--"+flag.Name)
			}
		}
		fmt.Fprintf(&words, "    %q) words=%q ;;\n", at.path, strings.Join(offered, " "))
	}
	return fmt.Sprintf(`_equality_api() {
  local path="" words="" current="${COMP_WORDS[COMP_CWORD]}" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/${COMP_WORDS[i]}" in
%s    esac
  done
  case "$path" in
%s  esac
  COMPREPLY=()
  case "$path/${COMP_WORDS[COMP_CWORD-1]}" in
%s  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _equality_api equality-api
`, paths.String(), words.String(), ofFlags.String())
}

func fishCompletion(app *kong.Application) string {
	var script, paths strings.Builder
	for _, at := range places(app.Node, "") {
		here := fmt.Sprintf("complete -c equality-api -n '__equality_api_at %q'", at.path)
		if len(at.commands)+len(at.values) > 0 {
			here += " -f"
		}
		for _, command := range at.commands {
			fmt.Fprintf(&paths, " %q", strings.TrimSpace(at.path+" "+command.Name))
			fmt.Fprintf(&script, "%s -a %s -d %s\n", here, command.Name, quoted(sentence(command.Help)))
		}
		for _, value := range at.values {
			fmt.Fprintf(&script, "%s -a %s\n", here, value)
		}
		for _, flag := range at.flags {
			takes := ""
			if values := values(flag); values != nil {
				takes = " -x -a " + quoted(strings.Join(values, " "))
			} else if !flag.IsBool() && flag.Name != "help" {
				takes = " -r"
			}
			fmt.Fprintf(&script, "%s -l %s%s -d %s\n", here, flag.Name, takes, quoted(sentence(flag.Help)))
		}
	}
	return fmt.Sprintf(`function __equality_api_at
  set -l at ""
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$at $word")
    if contains -- "$next"%s
      set at "$next"
    end
  end
  test "$at" = "$argv"
end
%s`, paths.String(), script.String())
}

// sentence is the first sentence of a help text, without what kong would put in.
func sentence(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(strings.TrimSuffix(first, "."), " (${default})")
}

// quoted is text in fish's single quotes.
func quoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}
