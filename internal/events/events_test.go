package events_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
)

// The form is part of the contract: readers have kept events in it.
func TestAppendJSON(t *testing.T) {
	t.Parallel()
	id := func(n byte) uuid.UUID { return uuid.UUID{15: n} }
	e := events.Event{Position: 7, ID: id(1), At: time.Date(2026, 11, 23, 19, 37, 28, 120000, time.UTC), Type: events.Updated,
		Record: id(2), Target: id(3), Version: 4, Members: []string{"ageGroup", "sensitive"}, CorrelationID: id(5)}
	const head = `{"specversion":"1.0","id":"00000000-0000-0000-0000-000000000001","source":"/equality-information","type":`
	const tail = `"time":"2026-11-23T19:37:28.00012Z","datacontenttype":"application/json",` +
		`"correlationid":"00000000-0000-0000-0000-000000000005","data":{`
	const record = `"subject":"00000000-0000-0000-0000-000000000003",` + tail +
		`"id":"00000000-0000-0000-0000-000000000002","targetId":"00000000-0000-0000-0000-000000000003","version":4,"members":`
	check := func(want string) {
		t.Helper()
		if got := string(e.AppendJSON(nil)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	check(head + `"equality-information.updated",` + record + `["ageGroup","sensitive"]}}`)
	e.Members = []string{`"`}
	check(head + `"equality-information.updated",` + record + `["\""]}}`)
	e.Type, e.Members = events.Erased, nil
	check(head + `"equality-information.erased",` + record + `[]}}`)
	e.Type = events.ImportCompleted
	check(head + `"equality-information.import-completed",` + tail + `"count":4}}`)
	e.Record = uuid.Nil
	for _, kind := range []string{events.PersonCreated, events.PersonUpdated, events.PersonErased} {
		e.Type = kind
		check(strings.Replace(head, "/equality-information", "/persons", 1) + `"` + kind + `","subject":"00000000-0000-0000-0000-000000000003",` + tail +
			`"id":"00000000-0000-0000-0000-000000000003","version":4}}`)
	}
}
