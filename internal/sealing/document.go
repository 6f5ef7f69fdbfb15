package sealing

import (
	"encoding/binary"
	"math"

	"github.com/google/uuid"
)

// OwnerKind says what kind of owner a data key has. The numbers are part of the format.
type OwnerKind byte

const (
	OwnerRecord OwnerKind = 1
	OwnerPerson OwnerKind = 2 // an entry in the directory, whose id may also be a record's
)

// Owner is the owner of the documents that a data key seals. Destroying the wrapped data
// key erases all of them.
type Owner struct {
	Kind OwnerKind
	ID   uuid.UUID
}

// Kind is the kind of a document. The numbers are part of the format.
type Kind byte

const (
	KindRecord   Kind = 1 // a record, current or past
	KindExtended Kind = 2 // what a service area adds to a record; its name is the area's
	KindPerson   Kind = 3 // a person's entry
	KindLink     Kind = 4 // whom a person was merged into, and who was merged into the person
)

// kinds describes every kind of document. For a new kind, add a row.
var kinds = [...]struct {
	name   string    // in the access log
	format byte      // of its blobs, and their first byte
	owner  OwnerKind // the kind of owner whose data key seals it
	named  bool      // an owner may have several, with different names
}{
	KindRecord:   {name: "record", format: 1, owner: OwnerRecord},
	KindExtended: {name: "extended", format: 2, owner: OwnerRecord, named: true},
	KindPerson:   {name: "person", format: 2, owner: OwnerPerson},
	KindLink:     {name: "link", format: 2, owner: OwnerPerson},
}

// Kinds lists every kind of document.
func Kinds() (all []Kind) {
	for kind := range kinds {
		if kinds[kind].format != 0 {
			all = append(all, Kind(kind))
		}
	}
	return all
}

// String is the kind's name in the access log; empty for a number that is no kind.
func (k Kind) String() string {
	if int(k) >= len(kinds) {
		return ""
	}
	return kinds[k].name
}

// Owner is whose data key seals documents of the kind.
func (k Kind) Owner() OwnerKind { return kinds[k].owner }

// Named says whether an owner may have several documents of the kind, with
// different names.
func (k Kind) Named() bool { return kinds[k].named }

// Document says which of its owner's documents a blob holds. It is bound into
// the seal, so that no document can take another's place.
type Document struct {
	Kind    Kind
	Version uint64
	Name    string // at most 65,535 bytes, empty unless the kind has names
}

// associated is the data that a blob is sealed with; ok is false if the owner cannot
// have the document. Its first byte is also the blob's.
//
//	format 1: 1 ‖ kind (1) ‖ owner id (16) ‖ version (8)
//	format 2: 2 ‖ kind (1) ‖ owner kind (1) ‖ owner id (16) ‖ version (8) ‖ length of name (2) ‖ name
//
// Numbers are big-endian. Only records have format 1, whose kind says everything else.
func (d Document) associated(owner Owner) (data []byte, ok bool) {
	if int(d.Kind) >= len(kinds) {
		return nil, false
	}
	kind := kinds[d.Kind]
	if kind.format == 0 || kind.owner != owner.Kind || kind.named != (d.Name != "") || len(d.Name) > math.MaxUint16 {
		return nil, false
	}
	data = make([]byte, 0, 1+1+1+len(owner.ID)+8+2+len(d.Name))
	data = append(data, kind.format, byte(d.Kind))
	if kind.format > 1 {
		data = append(data, byte(owner.Kind))
	}
	data = append(data, owner.ID[:]...)
	data = binary.BigEndian.AppendUint64(data, d.Version)
	if kind.format > 1 {
		data = binary.BigEndian.AppendUint16(data, uint16(len(d.Name)))
		data = append(data, d.Name...)
	}
	return data, true
}

// wrapAssociated is the data that a data key is wrapped with:
//
//	of a record:      "dek" ‖ owner id (16)
//	of another owner: "dek2" ‖ owner kind (1) ‖ owner id (16)
func (o Owner) wrapAssociated() []byte {
	if o.Kind == OwnerRecord {
		return append([]byte("dek"), o.ID[:]...)
	}
	return append(append([]byte("dek2"), byte(o.Kind)), o.ID[:]...)
}
