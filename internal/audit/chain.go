package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// A Head is the last entry of a lane: its sequence number, counted from 1, and
// its hash. The zero Head of a lane stands before its first entry.
type Head struct {
	Lane int
	Seq  int64
	Hash [HashSize]byte
}

// Next returns the head after e is appended, a new entry. The hash is
// HMAC-SHA-256 under the audit key over the previous hash and the encoded
// entry; lane and sequence number go in too, so that a lane cannot stand in
// for another.
func (h Head) Next(keys *sealing.Keyset, e Entry) Head {
	return h.next(keys, e.encode(make([]byte, 0, 640), Format, nil)) // seldom longer, so on the stack
}

func (h Head) next(keys *sealing.Keyset, encoded []byte) Head {
	next := Head{Lane: h.Lane, Seq: h.Seq + 1}
	var position [16]byte
	binary.BigEndian.PutUint64(position[:8], uint64(next.Lane))
	binary.BigEndian.PutUint64(position[8:], uint64(next.Seq))
	next.Hash = keys.MAC(sealing.MACAudit, h.Hash[:], position[:], encoded)
	return next
}

// Signature authenticates a head that is written outside the database, where
// it later proves that the log has not been cut behind it.
func (h Head) Signature(keys *sealing.Keyset) [32]byte {
	var position [16]byte
	binary.BigEndian.PutUint64(position[:8], uint64(h.Lane))
	binary.BigEndian.PutUint64(position[8:], uint64(h.Seq))
	return keys.MAC(sealing.MACAudit, []byte("head"), position[:], h.Hash[:])
}

// A Logged is an entry as a store gives it back: with its place and hash.
type Logged struct {
	Lane int
	Seq  int64
	Hash []byte
	// Format is that of the entry, or 0 for 1 or 2, which were not noted with
	// it: what an entry of those formats cannot have was not recorded.
	Format int
	Entry  Entry
	// Rows are the records of an entry about many that is older than format 3.
	Rows []uuid.UUID
}

// encode gives what the entry's hash is over; nil where its format is unknown,
// or where it holds what an entry of its format cannot have.
func (l *Logged) encode() []byte {
	e, dst := &l.Entry, make([]byte, 0, 640)
	switch {
	case l.Format == Format:
		return e.encode(dst, Format, l.Rows)
	case l.Format != 0 || e.Object != "" || e.ObjectName != "" || len(e.Roles)+len(e.Previous)+len(e.Touched) > 0:
		return nil
	case e.Scope == "" && e.Count == 0:
		return e.encode(dst, formatOne, l.Rows)
	}
	return e.encode(dst, formatScope, l.Rows)
}

// A Verifier follows one lane from its first entry. Feed it every entry in
// order of sequence number.
type Verifier struct {
	keys *sealing.Keyset
	head Head
}

// NewVerifier starts before the first entry of a lane.
func NewVerifier(keys *sealing.Keyset, lane int) *Verifier {
	return &Verifier{keys: keys, head: Head{Lane: lane}}
}

// Head is the last entry that was verified.
func (v *Verifier) Head() Head { return v.head }

// Check verifies one more entry. The error says which place of the log is
// wrong and how; nothing behind a broken place can be relied on.
func (v *Verifier) Check(l Logged) error {
	if l.Lane != v.head.Lane {
		return fmt.Errorf("lane %d: an entry of lane %d stands in it", v.head.Lane, l.Lane)
	}
	if l.Seq != v.head.Seq+1 {
		return fmt.Errorf("lane %d: entry %d is missing, entry %d follows %d", l.Lane, v.head.Seq+1, l.Seq, v.head.Seq)
	}
	if l.Format > Format {
		return fmt.Errorf("lane %d: entry %d has format %d, which this version of the program does not know", l.Lane, l.Seq, l.Format)
	}
	encoded := l.encode()
	next := v.head.next(v.keys, encoded)
	if encoded == nil || !bytes.Equal(next.Hash[:], l.Hash) {
		return fmt.Errorf("lane %d: entry %d does not match its hash: it, or the one before it, was altered, removed or moved", l.Lane, l.Seq)
	}
	v.head = next
	return nil
}
