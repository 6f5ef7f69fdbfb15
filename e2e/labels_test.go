package e2e

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// A label of ours is taken from a front end; the other contract's error has its code, and
// names the list. One wrong type does not hide it.
func TestALabelMeansItsCode(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	told := p.patch(t, officer, m, `{"nationality":"British","languages":[{"language":"zebra","isPrimary":true}],"disabled":7}`).problem(t, 400, "invalid-body")
	var messages []string
	for _, e := range told.Errors {
		messages = append(messages, e.Pointer+" "+e.Message)
	}
	got := strings.Join(messages, "\n")
	for _, want := range []string{
		"/nationality is not a code in the reference list nationality; did you mean the code british?",
		"/languages/0/language is not a code in the reference list language", `/disabled must be true, false or "preferNotToSay"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	target := uuid.NewString()
	r, err := p.send("POST", front+"/equality-information", request{token: officer, body: []byte(`{"targetId":"` + target + `","nationality":"BRITISH",
		"languages":[{"language":"English","isPrimary":true}],"communicationRequirements":["Braille"]}`)})
	if err != nil {
		t.Fatal(err)
	}
	r.want(t, 201)
	same(t, without(p.do(t, "GET", "/equality-information/"+target, request{token: officer}).want(t, 200).document(t)),
		object(t, `{"nationality":"british","languages":[{"language":"english","isPrimary":true}],"communicationRequirements":["braille"]}`))
}
