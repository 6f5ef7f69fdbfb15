package audit

import (
	"encoding/binary"
	"errors"

	"github.com/google/uuid"
)

// Touched is the packed list of the objects in an entry about many: a byte for the layout
// of the items, then the items in order. It is empty if there are none. The layouts are
// permanent; a new layout gets a new byte.
type Touched []byte

// The layouts of a packed list.
const (
	touchedIDs      = 1 // the id (16 bytes): an object that was shown
	touchedVersions = 2 // the id (16), the version (8, big-endian), the SHA-256 of its sealed document (32): one that was written
)

// Lengths of items in bytes.
const (
	idSize      = len(uuid.UUID{})
	versionSize = idSize + 8 + HashSize
)

// ErrTouched means that this program cannot read a packed list.
var ErrTouched = errors.New("the list of objects in an entry cannot be read")

// An Item is one object of a packed list.
type Item struct {
	ID uuid.UUID
	// For an object that was written: its version, and the SHA-256 of its sealed document.
	Version  int64
	Document []byte
}

// AppendID adds an object that was shown. A list holds either objects that were shown or
// versions that were written.
func (t Touched) AppendID(id uuid.UUID) Touched {
	return append(t.of(touchedIDs), id[:]...)
}

// AppendVersion adds a version that was written, with the SHA-256 of its sealed document.
func (t Touched) AppendVersion(id uuid.UUID, version int64, document [HashSize]byte) Touched {
	t = append(t.of(touchedVersions), id[:]...)
	t = binary.BigEndian.AppendUint64(t, uint64(version))
	return append(t, document[:]...)
}

func (t Touched) of(layout byte) Touched {
	if len(t) == 0 {
		return append(t, layout)
	}
	if t[0] != layout {
		panic("audit: two kinds of items in one list")
	}
	return t
}

// Items unpacks the list. Error: ErrTouched.
func (t Touched) Items() ([]Item, error) {
	if len(t) == 0 {
		return nil, nil
	}
	layout, rest := t[0], t[1:]
	size := idSize
	if layout == touchedVersions {
		size = versionSize
	}
	if layout != touchedIDs && layout != touchedVersions || len(rest) == 0 || len(rest)%size != 0 {
		return nil, ErrTouched
	}
	items := make([]Item, 0, len(rest)/size)
	for ; len(rest) > 0; rest = rest[size:] {
		item := Item{ID: uuid.UUID(rest[:idSize])}
		if layout == touchedVersions {
			item.Version = int64(binary.BigEndian.Uint64(rest[idSize:]))
			item.Document = rest[idSize+8 : size]
		}
		items = append(items, item)
	}
	return items, nil
}
