// Package events owns the content of an event and its form in the feed. There is
// one event for each effective change, with the names of the members that
// changed and never their values. The package stores and numbers no events: a
// store does that, in the transaction of the change.
package events

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// The types of events.
const (
	Created = "equality-information.created"
	Updated = "equality-information.updated"
	// Erased tells that a record was erased: its version is the last one, and it
	// names no members.
	Erased = "equality-information.erased"
	// ImportCompleted says that an import without an event for each record has
	// finished. It is about no single record; its version is how many there are.
	ImportCompleted = "equality-information.import-completed"
	// PersonCreated, PersonUpdated and PersonErased tell of a person's entry in the
	// directory, and nothing of what stands in it.
	PersonCreated = "person.created"
	PersonUpdated = "person.updated"
	PersonErased  = "person.erased"
	// Merged tells that a person was merged into another, and Unmerged that this was undone.
	// The record is the person's, at its version; zero if there is none.
	Merged   = "equality-information.merged"
	Unmerged = "equality-information.unmerged"
)

// OfPerson says whether events of a type are about entries in the directory.
func OfPerson(eventType string) bool {
	return eventType == PersonCreated || eventType == PersonUpdated || eventType == PersonErased
}

// Event is one effective change.
type Event struct {
	Position      int64 // in the feed; increasing, with gaps
	ID            uuid.UUID
	At            time.Time // UTC, microseconds
	Type          string
	Record        uuid.UUID // zero if it is about no record
	Target        uuid.UUID // the person
	Version       int64
	Members       []string // sensitive ones masked
	CorrelationID uuid.UUID
	Into          uuid.UUID // of a merge: the survivor; zero in other events
}

// AppendJSON appends the event in the feed's form: a CloudEvent (CloudEvents 1.0,
// JSON format). Its data are the record's id, target, version and members, the
// person's id and the version of the entry, or how many records an import created. It is written by hand for speed: a reader who
// catches up reads many.
func (e *Event) AppendJSON(dst []byte) []byte {
	text := func(parts ...string) {
		for _, part := range parts {
			dst = append(dst, part...)
		}
	}
	quote := func(name string) {
		dst, _ = jsontext.AppendQuote(dst, name) // replaces invalid UTF-8
	}
	ofPerson, source := OfPerson(e.Type), "/equality-information"
	if ofPerson {
		source = "/persons"
	}
	text(`{"specversion":"1.0","id":"`, e.ID.String(), `","source":"`, source, `","type":`)
	quote(e.Type)
	if e.Type != ImportCompleted { // which is about no single record
		text(`,"subject":"`, e.Target.String(), `"`)
	}
	text(`,"time":"`, e.At.Format(time.RFC3339Nano), `","datacontenttype":"application/json","correlationid":"`,
		e.CorrelationID.String(), `","data":{`)
	version := strconv.FormatInt(e.Version, 10)
	if e.Type == ImportCompleted {
		text(`"count":`, version, `}}`)
		return dst
	}
	if ofPerson {
		text(`"id":"`, e.Target.String(), `","version":`, version, `}}`)
		return dst
	}
	if e.Record != uuid.Nil {
		text(`"id":"`, e.Record.String(), `","targetId":"`, e.Target.String(), `","version":`, version, `,"members":[`)
	} else { // the person has no record
		text(`"targetId":"`, e.Target.String(), `","members":[`)
	}
	for i, member := range e.Members {
		if i > 0 {
			text(`,`)
		}
		quote(member)
	}
	text(`]`)
	if e.Into != uuid.Nil {
		text(`,"mergedInto":"`, e.Into.String(), `"`)
	}
	text(`}}`)
	return dst
}
