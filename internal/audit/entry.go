// Package audit owns the access log: what an entry holds, how entries are
// chained so that none can be altered, removed or reordered unseen, and how a
// log is verified. It does not store entries; a store engine keeps them in the
// same transaction as what they record.
package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// Outcome says how a request that touched personal data, or was refused it, ended.
type Outcome string

// The outcomes of an entry.
const (
	Done        Outcome = "done"         // answered, changed or created
	Unchanged   Outcome = "unchanged"    // a write that changed nothing
	NotModified Outcome = "not-modified" // a conditional read answered by 304
	NotFound    Outcome = "not-found"
	Erased      Outcome = "erased"
	Refused     Outcome = "refused" // permission, version, conflict or a rule
	Replayed    Outcome = "replayed"
)

// An Entry is one request that touched personal data, or was refused it. It
// holds names of members and never their values.
type Entry struct {
	ID            uuid.UUID
	At            time.Time // UTC, microseconds
	Subject       string    // who asked: the token's subject
	Name          string
	Kind          string // person or service
	Permission    string
	Purpose       string // X-Access-Purpose, may be empty
	Action        string
	Target        uuid.UUID   // the id that was asked for; zero where there is none
	Record        uuid.UUID   // the record it led to; zero where there is none
	Version       int64       // the version read or written
	Members       []string    // names of the members changed, sensitive ones masked
	Records       []uuid.UUID // the records of a list page or of a feed page
	Outcome       Outcome
	Status        int // HTTP status of the answer
	CorrelationID uuid.UUID
	Address       []byte // HMAC of the client's address
	Document      []byte // SHA-256 of the sealed document a change wrote, else empty
	// Scope and Count are set where one entry tells of an act on many records:
	// what an import or an export covered, and how many records of it.
	Scope string
	Count int64
}

// ActionErase is the action of an entry that tells of an erasure. Only such an
// entry accounts for a record that is gone: verification looks for it. Its
// count is 1 where the record had come with an import, and 0 otherwise.
const ActionErase = "erase"

// ActionImport is the action of an entry whose count says how many records an
// import wrote. None of them has an entry of its own: verification counts them.
const ActionImport = "import"

// ActionBackup and ActionRestore are the actions of entries about a backup
// that was taken, and about one that the database was restored from. Their
// count says how many records it has.
const (
	ActionBackup  = "backup"
	ActionRestore = "restore"
)

// HashSize is the length of a chain hash in bytes.
const HashSize = sha256.Size

// The formats of an entry. An entry without scope and count is of the first,
// so that those written before there were any still verify.
const (
	formatOne   = 1
	formatScope = 2
)

// encode writes the entry in the one form that is hashed: the format byte,
// then every field in the order of the struct, each behind its length as four
// bytes, big-endian. Numbers are eight bytes; a list is the concatenation of
// its length-prefixed items. The order may never change under one format.
func (e Entry) encode(dst []byte) []byte {
	format := byte(formatOne)
	if e.Scope != "" || e.Count != 0 {
		format = formatScope
	}
	dst = append(dst, format)
	dst = appendField(dst, e.ID[:])
	dst = appendNumber(dst, e.At.UnixMicro())
	dst = appendField(dst, []byte(e.Subject))
	dst = appendField(dst, []byte(e.Name))
	dst = appendField(dst, []byte(e.Kind))
	dst = appendField(dst, []byte(e.Permission))
	dst = appendField(dst, []byte(e.Purpose))
	dst = appendField(dst, []byte(e.Action))
	dst = appendField(dst, e.Target[:])
	dst = appendField(dst, e.Record[:])
	dst = appendNumber(dst, e.Version)
	var list []byte
	for _, m := range e.Members {
		list = appendField(list, []byte(m))
	}
	dst = appendField(dst, list)
	list = list[:0]
	for _, id := range e.Records {
		list = appendField(list, id[:])
	}
	dst = appendField(dst, list)
	dst = appendField(dst, []byte(e.Outcome))
	dst = appendNumber(dst, int64(e.Status))
	dst = appendField(dst, e.CorrelationID[:])
	dst = appendField(dst, e.Address)
	dst = appendField(dst, e.Document)
	if format == formatOne {
		return dst
	}
	dst = appendField(dst, []byte(e.Scope))
	return appendNumber(dst, e.Count)
}

func appendField(dst, field []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(field)))
	return append(dst, field...)
}

func appendNumber(dst []byte, n int64) []byte {
	dst = binary.BigEndian.AppendUint32(dst, 8)
	return binary.BigEndian.AppendUint64(dst, uint64(n))
}
