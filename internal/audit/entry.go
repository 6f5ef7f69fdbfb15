// Package audit owns the access log: what an entry holds, how entries are chained so that
// nobody can alter, remove or reorder them unnoticed, and how to verify a log. It does not
// store entries; a store engine writes them in the same transaction as the change they
// record.
package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// Outcome says how a request ended that touched personal data, or was refused.
type Outcome string

// The outcomes of an entry.
const (
	Done        Outcome = "done"         // read, changed or created
	Unchanged   Outcome = "unchanged"    // a write that changed nothing
	NotModified Outcome = "not-modified" // a conditional read that got a 304
	NotFound    Outcome = "not-found"
	Erased      Outcome = "erased"
	Refused     Outcome = "refused" // permission, version, conflict or a rule
	Replayed    Outcome = "replayed"
)

// An Object is the kind of object that an entry names by id and version.
type Object string

// The kinds of objects. Their names are those of the kinds of documents.
const (
	ObjectRecord Object = "record" // a person's record of equality information
	ObjectPerson Object = "person" // a person's entry in the directory
	ObjectLink   Object = "link"   // whom a person was merged into, and who into the person
)

// An Entry is one request that touched personal data, or was refused. It holds the names of
// members, never their values.
type Entry struct {
	ID            uuid.UUID
	At            time.Time // UTC, microseconds
	Subject       string    // who made the request: the token's subject
	Name          string
	Kind          string // person or service
	Permission    string
	Purpose       string // X-Access-Purpose, may be empty
	Action        string
	Target        uuid.UUID // the id in the request; zero if it has none
	Record        uuid.UUID // the record of that id, or the owner of another kind of object; zero if there is none
	Version       int64     // the version read or written
	Members       []string  // names of the changed members, sensitive ones masked
	Outcome       Outcome
	Status        int // HTTP status of the response
	CorrelationID uuid.UUID
	Address       []byte // HMAC of the client's address
	Document      []byte // SHA-256 of the sealed document that a change wrote, otherwise empty
	// Scope and Count are set if one entry is about many records: what an import or an
	// export covered, and how many records it had. Scope also says what else a read was shown
	// with its records.
	Scope string
	Count int64
	// Object is the kind of the objects in Record, Version, Document and Touched.
	// ObjectName distinguishes objects of the same kind and owner (the area of an extended
	// document). Both are empty if the entry is about no object.
	Object     Object
	ObjectName string
	Roles      []string // the caller's roles, sorted
	// Previous is the SHA-256 of the sealed document that Document replaced, if a stored
	// version was sealed again; otherwise empty.
	Previous []byte
	Touched  Touched // the objects of an entry about many
}

// ActionCreate is the action of an entry about the first version of a record.
const ActionCreate = "create"

// ActionErase is the action of an entry about an erasure. Only such an entry explains why a
// record is missing, so verification looks for it.
const ActionErase = "erase"

// ActionMerge and ActionUnmerge are the actions of entries about what is written when two people
// become one, and two again. Versions that they write may follow any earlier one, or none.
const (
	ActionMerge   = "merge"
	ActionUnmerge = "unmerge"
)

// ActionImport is the action of an entry about the records that an import wrote; its count
// says how many. They have no entries of their own: the packed list of the entry has each
// version. Before format 3 only their number was recorded.
const ActionImport = "import"

// ActionBackup and ActionRestore are the actions of entries about taking a backup, and
// about restoring the database from one. Their count says how many records the backup has.
const (
	ActionBackup  = "backup"
	ActionRestore = "restore"
)

// HashSize is the length of a chain hash in bytes.
const HashSize = sha256.Size

// Format is the format of a new entry: the time of an entry about versions that were written
// is that of the first, and each further one was written a microsecond after the one before
// it. Earlier versions of the program wrote formats 1 to 3, in which it is a time shortly
// before.
const Format = 4

// The earlier formats. Entries of the first have no scope and no count; those of the first
// two do not record the kind of an object, roles, a previous document or a packed list.
const (
	formatOne    = 1
	formatScope  = 2
	formatPacked = 3
)

// encode appends the entry in the one form that is hashed: the format byte,
// then these fields in order, each behind its length as four bytes, big-endian.
//
//	format 1  ID, At (microseconds), Subject, Name, Kind, Permission, Purpose, Action, Target, Record, Version,
//	          Members, rows, Outcome, Status, CorrelationID, Address, Document
//	format 2  those, Scope, Count
//	format 3  those, Object, ObjectName, Roles, Previous, Touched
//	format 4  the same
//
// Numbers are eight bytes; a list is the concatenation of its length-prefixed items. rows
// are the records of an entry about many before format 3, which were stored in rows of
// their own; later formats have none. The order within a format may never change.
func (e *Entry) encode(dst []byte, format byte, rows []uuid.UUID) []byte {
	dst = append(dst, format)
	dst = appendField(dst, e.ID[:])
	dst = appendNumber(dst, e.At.UnixMicro())
	dst = appendField(dst, e.Subject)
	dst = appendField(dst, e.Name)
	dst = appendField(dst, e.Kind)
	dst = appendField(dst, e.Permission)
	dst = appendField(dst, e.Purpose)
	dst = appendField(dst, e.Action)
	dst = appendField(dst, e.Target[:])
	dst = appendField(dst, e.Record[:])
	dst = appendNumber(dst, e.Version)
	dst = appendNames(dst, e.Members)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(rows)*(4+len(uuid.UUID{}))))
	for _, id := range rows {
		dst = appendField(dst, id[:])
	}
	dst = appendField(dst, string(e.Outcome))
	dst = appendNumber(dst, int64(e.Status))
	dst = appendField(dst, e.CorrelationID[:])
	dst = appendField(dst, e.Address)
	dst = appendField(dst, e.Document)
	if format == formatOne {
		return dst
	}
	dst = appendField(dst, e.Scope)
	dst = appendNumber(dst, e.Count)
	if format == formatScope {
		return dst
	}
	dst = appendField(dst, string(e.Object))
	dst = appendField(dst, e.ObjectName)
	dst = appendNames(dst, e.Roles)
	dst = appendField(dst, e.Previous)
	return appendField(dst, []byte(e.Touched))
}

func appendField[T string | []byte](dst []byte, field T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(field)))
	return append(dst, field...)
}

func appendNumber(dst []byte, n int64) []byte {
	dst = binary.BigEndian.AppendUint32(dst, 8)
	return binary.BigEndian.AppendUint64(dst, uint64(n))
}

func appendNames(dst []byte, names []string) []byte {
	length := 4 * len(names)
	for _, name := range names {
		length += len(name)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(length))
	for _, name := range names {
		dst = appendField(dst, name)
	}
	return dst
}
