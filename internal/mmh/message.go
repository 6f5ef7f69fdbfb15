package mmh

import (
	"bytes"
	"iter"
	"net/mail"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/service"
)

// messageTypes are the events that the listeners know; they throw on any other.
var messageTypes = map[string]string{
	events.Created: "EqualityInformationCreatedEvent",
	events.Updated: "EqualityInformationUpdatedEvent",
}

// Published says whether events of a type go to the listeners.
func Published(eventType string) bool { return messageTypes[eventType] != "" }

// Message is a change in the form that the listeners read: now is the event's version, old
// the one before, or nil if the record was created. A created record is shown in full, of
// an updated one only the members that changed. Without values every member except the two
// ids is null. If gender or pregnancyOrMaternity changed, both are named: naming one would
// reveal too much.
func (c *Codec) Message(event events.Event, old *service.Shown, now service.Shown, values bool) []byte {
	e := encoder{}
	e.begin()
	e.text("id", event.ID.String())
	e.text("eventType", messageTypes[event.Type])
	e.text("sourceDomain", "EqualityInformation")
	e.text("sourceSystem", "EqualityInformationAPI")
	e.text("version", "v1")
	e.text("correlationId", event.CorrelationID.String())
	e.text("dateTime", event.At.UTC().Format(time.RFC3339Nano))
	e.name("user")
	e.begin()
	e.name("name")
	e.quote(now.Provenance.Name)
	e.name("email")
	e.quote(email(now.Provenance.Subject))
	e.end()
	e.text("entityId", event.Target.String())
	e.name("eventData")
	e.begin()
	e.name("oldData")
	show := func(string) bool { return true }
	if old != nil {
		changed := frontMembers(now.Provenance.Members, values)
		show = func(name string) bool { return slices.Contains(changed, name) }
		e.members(c.Encode(&old.Record), show, values)
	} else {
		e.null()
	}
	e.name("newData")
	e.members(c.Encode(&now.Record), show, values)
	e.end()
	e.end()
	return e.out
}

// email returns the subject if it is an email address, otherwise "".
func email(subject string) string {
	if address, err := mail.ParseAddress(subject); err == nil && address.Address == subject {
		return subject
	}
	return ""
}

// partOf names the front ends' member that a member of the record belongs to.
var partOf = map[string]string{
	"communicationRequirementsIfOther": "communicationRequirements",
	"economicSituationIfOther":         "economicSituation",
	"homeSituationIfOther":             "homeSituation",
}

// sensitive are the members whose name alone reveals too much.
var sensitive = equality.SensitiveMembers()

// frontMembers returns the front ends' members that members of a record belong
// to. Without values, either sensitive member stands for both.
func frontMembers(members []string, values bool) (names []string) {
	for _, name := range members {
		if whole := partOf[name]; whole != "" {
			name = whole
		}
		names = append(names, name)
		if !values && slices.Contains(sensitive, name) {
			names = append(names, sensitive...)
		}
	}
	return names
}

// members writes the members of an encoded record that the message shows.
func (e *encoder) members(record []byte, show func(string) bool, values bool) {
	e.begin()
	defer e.end()
	for name, value := range membersOf(record) {
		if !show(name) {
			continue
		}
		e.name(name)
		if values || name == "id" || name == "targetId" {
			e.out = append(e.out, value...)
		} else {
			e.null()
		}
	}
}

// membersOf gives the members of an object of this package's own.
func membersOf(object []byte) iter.Seq2[string, []byte] {
	return func(yield func(name string, value []byte) bool) {
		d := jsontext.NewDecoder(bytes.NewReader(object))
		_, _ = d.ReadToken() // well formed, because this package wrote it
		for d.PeekKind() == '"' {
			name, _ := d.ReadToken()
			text := name.String()
			value, _ := d.ReadValue()
			if !yield(text, value) {
				return
			}
		}
	}
}
