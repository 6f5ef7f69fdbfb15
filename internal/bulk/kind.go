package bulk

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// A Kind is what the items of a file are. It holds all that differs between kinds: the rest
// of this package does the same with each.
type Kind[T any] struct {
	layout
	columns []column[T]
	// member holds the item in a line that has its version too, as an export writes it.
	member string
	// person returns the id of the person the item is about.
	person func(*T) uuid.UUID
	// line returns an export's line of the item, without what is not in the item.
	line func(*T) Exported
}

// newKind returns the kind with its columns, in the order of an export's header.
func newKind[T any](k Kind[T], columns []column[T]) *Kind[T] {
	k.columns = columns
	for _, c := range columns {
		k.add(c.form)
	}
	return &k
}

// Decode reads and checks the JSON of an item. An id that is not zero must be the item's.
// Its error is an [*equality.InvalidError].
type Decode[T any] func(text []byte, id uuid.UUID) (T, []equality.Finding, error)

// Item is an item of a file, and what was found in it. If the file has no id of a record,
// that is the zero UUID.
type Item[T any] struct {
	Value    T
	Version  int64
	Findings []equality.Finding
}

// A Decoder reads one line, or one row of CSV. Its error is an [*equality.InvalidError], or a
// [*RowError] for a malformed row. It is safe for use by several goroutines.
type Decoder[T any] func(line []byte) (Item[T], error)

// Prepare is a Decoder that makes an item ready to be stored. It knows kinds no longer.
type Prepare func(line []byte) (store.Arrival, []equality.Finding, error)

// Prepared returns the decoder with what seals its items, nil if they are only checked.
func (d Decoder[T]) Prepared(seal func(item T, version int64) (store.Arrival, error)) Prepare {
	return func(line []byte) (arrival store.Arrival, findings []equality.Finding, err error) {
		item, err := d(line)
		if err == nil && seal != nil {
			arrival, err = seal(item.Value, item.Version)
		}
		return arrival, item.Findings, err
	}
}

// Exported is a line of an export. One with a record is an entry of the HTTP contract's
// lists.
type Exported struct {
	ID         uuid.UUID      `json:"id"`
	TargetID   uuid.UUID      `json:"targetId,omitzero"`
	Version    int64          `json:"version"`
	ModifiedAt time.Time      `json:"modifiedAt"`
	Record     jsontext.Value `json:"record,omitzero"`
	Person     jsontext.Value `json:"person,omitzero"`
}
