package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// A Head is the last entry of a lane: its sequence number, counted from 1, and its hash.
// The zero Head of a lane comes before its first entry.
type Head struct {
	Lane int
	Seq  int64
	Hash [HashSize]byte
}

// Next returns the head after the new entry e is appended. The hash is HMAC-SHA-256 under
// the audit key over the previous hash and the encoded entry. It also covers lane and
// sequence number, so that one lane cannot be exchanged for another.
func (h Head) Next(keys *sealing.Keyset, e Entry) Head {
	return h.next(keys, e.encode(make([]byte, 0, 640), Format, nil)) // rarely longer, so it stays on the stack
}

func (h Head) next(keys *sealing.Keyset, encoded []byte) Head {
	next := Head{Lane: h.Lane, Seq: h.Seq + 1}
	var position [16]byte
	binary.BigEndian.PutUint64(position[:8], uint64(next.Lane))
	binary.BigEndian.PutUint64(position[8:], uint64(next.Seq))
	next.Hash = keys.MAC(sealing.MACAudit, h.Hash[:], position[:], encoded)
	return next
}

// Signature authenticates a head that is written outside the database. There it later
// proves that the entries up to it were not removed.
func (h Head) Signature(keys *sealing.Keyset) [32]byte {
	var position [16]byte
	binary.BigEndian.PutUint64(position[:8], uint64(h.Lane))
	binary.BigEndian.PutUint64(position[8:], uint64(h.Seq))
	return keys.MAC(sealing.MACAudit, []byte("head"), position[:], h.Hash[:])
}

// A Logged is an entry as a store returns it: with its position and hash.
type Logged struct {
	Lane int
	Seq  int64
	Hash []byte
	// Format is the entry's format, or 0 for 1 or 2, which were not stored: the entry then
	// has nothing that those formats do not record.
	Format int
	Entry  Entry
	// Rows are the records of an entry about many that is older than format 3.
	Rows []uuid.UUID
}

// encode returns the bytes that the entry's hash covers. It returns nil if the format is
// unknown, or if the entry has something that its format does not record.
func (l *Logged) encode() []byte {
	e, dst := &l.Entry, make([]byte, 0, 640)
	switch {
	case l.Format == Format || l.Format == formatPacked:
		return e.encode(dst, byte(l.Format), l.Rows)
	case l.Format != 0 || e.Object != "" || e.ObjectName != "" || len(e.Roles)+len(e.Previous)+len(e.Touched) > 0:
		return nil
	case e.Scope == "" && e.Count == 0:
		return e.encode(dst, formatOne, l.Rows)
	}
	return e.encode(dst, formatScope, l.Rows)
}

// A Verifier follows one lane from its first entry. Pass it every entry in order of
// sequence number.
type Verifier struct {
	keys *sealing.Keyset
	head Head
}

// NewVerifier starts before the first entry of a lane.
func NewVerifier(keys *sealing.Keyset, lane int) *Verifier {
	return &Verifier{keys: keys, head: Head{Lane: lane}}
}

// Head returns the last verified entry.
func (v *Verifier) Head() Head { return v.head }

// Check verifies the next entry. The error says which position of the log is wrong and how;
// do not rely on anything after it.
func (v *Verifier) Check(l Logged) error {
	if l.Lane != v.head.Lane {
		return fmt.Errorf("lane %d: it contains an entry of lane %d", v.head.Lane, l.Lane)
	}
	if l.Seq != v.head.Seq+1 {
		return fmt.Errorf("lane %d: entry %d is missing, entry %d follows %d", l.Lane, v.head.Seq+1, l.Seq, v.head.Seq)
	}
	if l.Format > Format {
		return fmt.Errorf("lane %d: entry %d has format %d, which this version of the program cannot read", l.Lane, l.Seq, l.Format)
	}
	encoded := l.encode()
	next := v.head.next(v.keys, encoded)
	if encoded == nil || !bytes.Equal(next.Hash[:], l.Hash) {
		return fmt.Errorf("lane %d: entry %d does not match its hash: it, or the one before it, was altered, removed or moved", l.Lane, l.Seq)
	}
	v.head = next
	return nil
}
