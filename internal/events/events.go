// Package events owns what an event says: one for each effective change, with
// the names of the members that changed and never a value of theirs, and its
// form in the feed. It keeps no events and numbers none; a store does that, in
// the transaction of the change.
package events

import (
	"time"

	"github.com/google/uuid"
)

// The types of events.
const (
	Created = "equality-information.created"
	Updated = "equality-information.updated"
	// ImportCompleted tells that an import which raised no event for each of
	// its records is over. It is about no record; its version is their number.
	ImportCompleted = "equality-information.import-completed"
)

// Event is one effective change.
type Event struct {
	Position      int64 // in the feed; rising, with holes
	ID            uuid.UUID
	At            time.Time // UTC, microseconds
	Type          string
	Record        uuid.UUID
	Target        uuid.UUID
	Version       int64
	Members       []string // sensitive ones masked
	CorrelationID uuid.UUID
}

// Document is the event as the feed tells it: a CloudEvent (CloudEvents 1.0, JSON format).
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
	Subject         uuid.UUID `json:"subject,omitzero"` // the target; absent where it is about no record
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	CorrelationID   uuid.UUID `json:"correlationid"`
	Data            any       `json:"data"` // Data or Completed
}

// Completed is what the event of an import says: how many records it brought.
type Completed struct {
	Count int64 `json:"count"`
}

// Data is what an event says of the record.
type Data struct {
	ID       uuid.UUID `json:"id"`
	TargetID uuid.UUID `json:"targetId"`
	Version  int64     `json:"version"`
	Members  []string  `json:"members"`
}
