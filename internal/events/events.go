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
	return Document{
		SpecVersion: "1.0", ID: e.ID, Source: "/equality-information", Type: e.Type, Subject: e.Target, Time: e.At,
		DataContentType: "application/json", CorrelationID: e.CorrelationID,
		Data: Data{ID: e.Record, TargetID: e.Target, Version: e.Version, Members: e.Members},
	}
}

// Document is the JSON form of an event.
type Document struct {
	SpecVersion     string    `json:"specversion"`
	ID              uuid.UUID `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         uuid.UUID `json:"subject"` // the target
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	CorrelationID   uuid.UUID `json:"correlationid"`
	Data            Data      `json:"data"`
}

// Data is what an event says of the record.
type Data struct {
	ID       uuid.UUID `json:"id"`
	TargetID uuid.UUID `json:"targetId"`
	Version  int64     `json:"version"`
	Members  []string  `json:"members"`
}
