package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestCompletionKnowsEveryCommandAndFlag(t *testing.T) {
	t.Parallel()
	k, err := kong.New(newCLI())
	if err != nil {
		t.Fatal(err)
	}
	bash, zsh, fish := succeeds(t, "completion", "bash"), succeeds(t, "completion", "zsh"), succeeds(t, "completion", "fish")
	if !strings.HasSuffix(zsh, bash) || zsh == bash {
		t.Error("zsh does not get what bash gets, with what zsh needs for it")
	}
	for _, leaf := range k.Model.Leaves(true) {
		path := strings.TrimPrefix(leaf.FullPath(), k.Model.Name+" ")
		for _, flag := range leaf.Flags {
			if !strings.Contains(fish, fmt.Sprintf("complete -c equality-api -n '__equality_api_at %q' -l %s ", path, flag.Name)) &&
				!strings.Contains(fish, fmt.Sprintf("complete -c equality-api -n '__equality_api_at %q' -f -l %s ", path, flag.Name)) {
				t.Errorf("fish does not know %s --%s", path, flag.Name)
			}
		}
		group, name := "", path
		if i := strings.LastIndexByte(path, ' '); i >= 0 {
			group, name = path[:i], path[i+1:]
		}
		if !strings.Contains(fish, fmt.Sprintf("complete -c equality-api -n '__equality_api_at %q' -f -a %s -d '", group, name)) {
			t.Errorf("fish does not know %s", path)
		}
	}
	for _, script := range []string{bash, fish} {
		if strings.Contains(script, "${default}") || strings.Contains(script, "%!") {
			t.Error("a placeholder is left")
		}
	}
}
