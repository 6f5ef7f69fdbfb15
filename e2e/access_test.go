package e2e

import (
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/identity"
	"equality-information-api/internal/service"
)

// TestEveryRoleWithEveryOperation goes through the table of operations: each role may do
// what its permissions allow and nothing else, and a refusal names the permission. New
// operations are included automatically.
func TestEveryRoleWithEveryOperation(t *testing.T) {
	t.Parallel()
	p, sign := startPublicMode(t, "--rate-limit", "0", "--max-concurrent-per-caller", "0")
	m := p.create(t, sign("officer"), "")
	for _, op := range service.Operations {
		if op.Path == "" {
			continue
		}
		path := placeholders.Replace(strings.ReplaceAll(op.Path, "{id}", m.id))
		p.checkAccess(t, sign, op, path, op.Action.Permission())
		for parameter, action := range op.When {
			p.checkAccess(t, sign, op, path+"?"+parameter+"="+m.target, action.Permission())
		}
		for name, further := range op.Include {
			p.checkAccess(t, sign, op, path+"?include="+name, append([]identity.Permission{op.Action.Permission()}, further...)...)
		}
	}
}

// checkAccess sends an operation as each role, as a caller without one, and without a token.
func (p *program) checkAccess(t *testing.T, sign func(...string) string, op service.Operation, path string, needs ...identity.Permission) {
	t.Helper()
	var body []byte
	if op.Method == "POST" || op.Method == "PATCH" || op.Method == "PUT" {
		body = []byte("{}")
	}
	roles := identity.Roles()
	roles["of nobody"] = nil
	for role, permissions := range roles {
		r := p.do(t, op.Method, path, request{token: sign(role), body: body})
		lacks := slices.IndexFunc(needs, func(p identity.Permission) bool { return !(identity.Caller{}).With(permissions...).May(p) })
		switch may := !op.Restricted() || lacks < 0; {
		case may && (r.status == 401 || r.status == 403):
			t.Errorf("%s (%s %s) by %s is refused: %d", op.ID, op.Method, path, role, r.status)
		case !may:
			if told := r.problem(t, 403, "forbidden"); told.Detail != "You need the permission `"+string(needs[lacks])+"`." {
				t.Errorf("%s by %s is told %q", op.ID, role, told.Detail)
			}
		}
	}
	if r := p.do(t, op.Method, path, request{body: body}); (r.status == 401) == op.Open {
		t.Errorf("%s by nobody is answered %d", op.ID, r.status)
	}
}
