// Package events owns the content of an event and its form in the feed. There is
// one event for each effective change, with the names of the members that
// changed and never their values. The package stores and numbers no events: a
// store does that, in the transaction of the change.
package events

import (
	"time"

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
)

// Event is one effective change.
type Event struct {
	Position      int64 // in the feed; increasing, with gaps
	ID            uuid.UUID
	At            time.Time // UTC, microseconds
	Type          string
	Record        uuid.UUID
	Target        uuid.UUID
	Version       int64
	Members       []string // sensitive ones masked
	CorrelationID uuid.UUID
}

// Document returns the event in the feed's form: a CloudEvent (CloudEvents 1.0, JSON format).
func (e Event) Document() Document {
	d := Document{
		SpecVersion: "1.0", ID: e.ID, Source: "/equality-information", Type: e.Type, Time: e.At,
		DataContentType: "application/json", CorrelationID: e.CorrelationID,
	}
	if e.Type == ImportCompleted {
		d.Data = Completed{Count: e.Version}
		return d
	}
	d.Subject = e.Target
	d.Data = Data{ID: e.Record, TargetID: e.Target, Version: e.Version, Members: e.Members}
	return d
}

// Document is the JSON form of an event.
type Document struct {
	SpecVersion     string    `json:"specversion"`
	ID              uuid.UUID `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         uuid.UUID `json:"subject,omitzero"` // the target; absent if the event is about no single record
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	CorrelationID   uuid.UUID `json:"correlationid"`
	Data            any       `json:"data"` // Data or Completed
}

// Completed is the data of an import's event: how many records it created.
type Completed struct {
	Count int64 `json:"count"`
}

// Data is the data of a record's event.
type Data struct {
	ID       uuid.UUID `json:"id"`
	TargetID uuid.UUID `json:"targetId"`
	Version  int64     `json:"version"`
	Members  []string  `json:"members"`
}
