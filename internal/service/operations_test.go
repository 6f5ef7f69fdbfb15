package service

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/identity"
)

var update = flag.Bool("update", false, "write the tables of docs/roles.md")

func TestOperationsAreConsistent(t *testing.T) {
	t.Parallel()
	ids, routes := make(map[string]bool), make(map[string]bool)
	for _, op := range Operations {
		route := op.Method + " " + op.Path
		if op.ID == "" || ids[op.ID] || op.Path != "" && routes[route] || (op.Method == "") != (op.Path == "") {
			t.Errorf("%q (%s): the id is missing or used twice, or the route is used twice", op.ID, route)
		}
		ids[op.ID], routes[route] = true, true
		if (op.Action != Action{}) != op.Restricted() || op.Open && op.AnyToken {
			t.Errorf("%s: must have an action, be open, or accept any token", op.ID)
		}
		if op.Path != "" && op.Restricted() && op.Action.permission == "" {
			t.Errorf("%s: nobody may call it", op.ID)
		}
		if len(op.When) > 1 { // otherwise two parameters in one query could ask for different actions
			t.Errorf("%s: the action depends on several parameters", op.ID)
		}
	}
}

// TestRolesPage compares the tables in docs/roles.md with the program. With -update it
// writes them.
func TestRolesPage(t *testing.T) {
	const file = "../../docs/roles.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for mark, table := range map[string]string{"roles": rolesTable(), "operations": operationsTable()} {
		begin, end := "<!-- "+mark+": go generate ./internal/service -->\n", "<!-- end of "+mark+" -->"
		before, rest, found := strings.Cut(page, begin)
		_, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			t.Fatalf("docs/roles.md lacks the marks of the table %s", mark)
		}
		page = before + begin + table + end + after
	}
	switch {
	case page == string(text):
	case *update:
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("docs/roles.md is out of date. Run: go generate ./internal/service")
	}
}

func rolesTable() string {
	roles := identity.Roles()
	table := "| role | permissions |\n| --- | --- |\n"
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		var permissions []string
		for _, p := range roles[role] {
			permissions = append(permissions, "`"+string(p)+"`")
		}
		table += fmt.Sprintf("| `%s` | %s |\n", role, strings.Join(permissions, " "))
	}
	return table
}

func operationsTable() string {
	roles := slices.Sorted(maps.Keys(identity.Roles()))
	table := "| operation | permission | in the access log |"
	for _, role := range roles {
		table += " " + role + " |"
	}
	table += "\n| --- | --- | --- |" + strings.Repeat(" --- |", len(roles)) + "\n"
	row := func(op Operation, name string, action Action, further ...identity.Permission) {
		permission, logged := "`"+string(action.permission)+"`", "`"+action.name+"`"
		for _, p := range further {
			permission += ", `" + string(p) + "`"
		}
		switch {
		case op.Open:
			permission, logged = "no token", ""
		case op.AnyToken:
			permission, logged = "any valid token", ""
		case action.permission == "":
			permission = ""
		}
		table += fmt.Sprintf("| %s | %s | %s |", name, permission, logged)
		for _, role := range roles {
			may := ""
			_, lacks := Lacking(identity.Caller{}.With(identity.Roles()[role]...), action, further)
			if op.Open || op.AnyToken || !lacks {
				may = "yes"
			}
			table += " " + may + " |"
		}
		table += "\n"
	}
	for _, op := range Operations {
		if op.Path == "" {
			row(op, "command `"+op.ID+"`", op.Action)
			continue
		}
		row(op, "`"+op.Method+" "+op.Path+"`", op.Action)
		for _, parameter := range slices.Sorted(maps.Keys(op.When)) {
			row(op, "`"+op.Method+" "+op.Path+"?"+parameter+"=`", op.When[parameter])
		}
		for _, name := range slices.Sorted(maps.Keys(op.Include)) {
			row(op, "`"+op.Method+" "+op.Path+"?include="+name+"`", op.Action, op.Include[name]...)
		}
	}
	return table
}
