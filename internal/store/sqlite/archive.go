package sqlite

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
)

// An archive is one of the two files of a backup, before it is encrypted:
//
//	magic ‖ mark ‖ tables ‖ 'E' ‖ MAC (32)
//
// The mark is JSON. A table is 'T' ‖ its name ‖ the number of its columns ‖ their names,
// and then for each row 'R' ‖ its values. A value is a byte for its type, then a varint for
// an integer, or a text or blob. Texts, blobs and the mark have their length, a uvarint,
// before them. The MAC, under the keyset's audit key, is over the SHA-256 of everything
// before it: nobody without the keyset can make a backup that restores.
const archiveMagic = "equality-information backup 1\n"

const (
	archiveTable = 'T'
	archiveRow   = 'R'
	archiveEnd   = 'E'

	valueNull    = 0
	valueInteger = 1
	valueText    = 3
	valueBlob    = 4

	macLabel = "backup"
	// maxField limits what a damaged length can do: no field is a tenth as long.
	maxField = 1 << 24
)

// The kinds of archives.
const (
	kindRecords = "records" // every table but the data keys
	kindKeys    = "keys"    // the data keys, and the tombstones
)

// A Mark describes a backup; both of its files have it.
type Mark struct {
	Kind    string     `json:"kind"`
	At      time.Time  `json:"at"`
	Epoch   uuid.UUID  `json:"epoch"`   // the feed's: different for each database, and after each restore
	Head    audit.Head `json:"head"`    // the last entry of the access log; within an epoch it only moves forward
	Schema  int64      `json:"schema"`  // the last migration
	Check   []byte     `json:"check"`   // the keyset's check value
	Records int64      `json:"records"` // how many records there are
}

var (
	// ErrDamaged means that an archive is incomplete or was altered on its way.
	ErrDamaged = errors.New("it is damaged or incomplete")
	// ErrNoBackup means that a file is not a backup.
	ErrNoBackup = errors.New("it is not a backup")
	// ErrForeign means that a different keyset made the archive.
	ErrForeign = errors.New("it was not made with the keyset of this directory")
)

// archiveWriter writes an archive. It keeps the first error, which close returns.
type archiveWriter struct {
	out  io.Writer
	buf  *bufio.Writer
	hash hash.Hash
	num  [binary.MaxVarintLen64]byte
}

func newArchiveWriter(out io.Writer, mark Mark) (*archiveWriter, error) {
	w := &archiveWriter{out: out, hash: sha256.New()}
	w.buf = bufio.NewWriterSize(io.MultiWriter(out, w.hash), 1<<16)
	text, err := json.Marshal(mark)
	if err != nil {
		return nil, err
	}
	_, _ = w.buf.WriteString(archiveMagic)
	w.text(string(text))
	return w, nil
}

func (w *archiveWriter) uvarint(n uint64) {
	_, _ = w.buf.Write(binary.AppendUvarint(w.num[:0], n))
}

func (w *archiveWriter) text(s string) {
	w.uvarint(uint64(len(s)))
	_, _ = w.buf.WriteString(s)
}

func (w *archiveWriter) table(name string, columns []string) {
	_ = w.buf.WriteByte(archiveTable)
	w.text(name)
	w.uvarint(uint64(len(columns)))
	for _, column := range columns {
		w.text(column)
	}
}

// row writes a row. It returns an error for a value that an archive cannot hold, or that
// cannot be written.
func (w *archiveWriter) row(values []any) error {
	_ = w.buf.WriteByte(archiveRow)
	for _, value := range values {
		switch v := value.(type) {
		case nil:
			_ = w.buf.WriteByte(valueNull)
		case int64:
			_ = w.buf.WriteByte(valueInteger)
			_, _ = w.buf.Write(binary.AppendVarint(w.num[:0], v))
		case string:
			_ = w.buf.WriteByte(valueText)
			w.text(v)
		case []byte:
			_ = w.buf.WriteByte(valueBlob)
			w.uvarint(uint64(len(v)))
			_, _ = w.buf.Write(v)
		default:
			return fmt.Errorf("a backup cannot hold values of type %T", v)
		}
	}
	_, err := w.buf.Write(nil) // returns the first error
	return err
}

func (w *archiveWriter) close(keys *sealing.Keyset) error {
	_ = w.buf.WriteByte(archiveEnd)
	if err := w.buf.Flush(); err != nil {
		return err
	}
	mac := keys.MAC(sealing.MACAudit, []byte(macLabel), w.hash.Sum(nil))
	_, err := w.out.Write(mac[:])
	return err
}

// body reads an archive without the MAC at its end, which it keeps.
type body struct {
	in   *bufio.Reader
	hash hash.Hash
	mac  []byte
}

func (b *body) Read(p []byte) (int, error) {
	held, err := b.in.Peek(b.in.Size())
	n := min(len(held)-sha256.Size, len(p))
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return 0, fmt.Errorf("%w: %w", ErrDamaged, err)
	case n < 0:
		return 0, ErrDamaged
	case n == 0:
		b.mac = held
		return 0, io.EOF
	}
	copy(p, held[:n])
	_, _ = b.hash.Write(held[:n])
	_, err = b.in.Discard(n)
	return n, err
}

// archiveReader reads an archive. Do not rely on anything in it before verify.
type archiveReader struct {
	Mark
	body *body
	buf  *bufio.Reader
}

// newArchiveReader reads up to the mark. Errors: ErrNoBackup, ErrDamaged.
func newArchiveReader(in io.Reader) (*archiveReader, error) {
	b := &body{in: bufio.NewReaderSize(in, 1<<16), hash: sha256.New()}
	r := &archiveReader{body: b, buf: bufio.NewReaderSize(b, 1<<15)}
	magic, err := r.buf.Peek(len(archiveMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(magic) != archiveMagic {
		return nil, ErrNoBackup
	}
	_, _ = r.buf.Discard(len(magic))
	text, err := r.bytes()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &r.Mark); err != nil {
		return nil, ErrDamaged
	}
	return r, nil
}

// verify reads to the end and checks that the keyset made the archive.
// Errors: ErrForeign, ErrDamaged.
func (r *archiveReader) verify(keys *sealing.Keyset) error {
	if _, err := io.Copy(io.Discard, r.buf); err != nil {
		return err
	}
	mac := keys.MAC(sealing.MACAudit, []byte(macLabel), r.body.hash.Sum(nil))
	if subtle.ConstantTimeCompare(mac[:], r.body.mac) != 1 {
		return ErrForeign
	}
	return nil
}

// damaged returns the error of an archive that ends, or continues, where it should not.
func damaged(err error) error {
	if errors.Is(err, ErrDamaged) {
		return err // with its cause
	}
	return ErrDamaged
}

func (r *archiveReader) count() (int, error) {
	n, err := binary.ReadUvarint(r.buf)
	if err != nil || n > maxField {
		return 0, damaged(err)
	}
	return int(n), nil
}

func (r *archiveReader) bytes() ([]byte, error) {
	n, err := r.count()
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r.buf, b); err != nil {
		return nil, damaged(err)
	}
	return b, nil
}

// tables passes every table to table, and every row to the function that table returns.
func (r *archiveReader) tables(table func(name string, columns []string) (row func([]any) error, err error)) error {
	var row func([]any) error
	var values []any
	for {
		switch kind, err := r.buf.ReadByte(); {
		case err != nil:
			return damaged(err)
		case kind == archiveEnd:
			return nil
		case kind == archiveTable:
			name, columns, err := r.table()
			if err != nil {
				return err
			}
			if row, err = table(name, columns); err != nil {
				return err
			}
			values = make([]any, len(columns))
		case kind == archiveRow && row != nil:
			for i := range values {
				if values[i], err = r.value(); err != nil {
					return err
				}
			}
			if err := row(values); err != nil {
				return err
			}
		default:
			return ErrDamaged
		}
	}
}

func (r *archiveReader) table() (string, []string, error) {
	name, err := r.bytes()
	if err != nil {
		return "", nil, err
	}
	n, err := r.count()
	if err != nil || n > math.MaxInt16 {
		return "", nil, damaged(err)
	}
	columns := make([]string, n)
	for i := range columns {
		column, err := r.bytes()
		if err != nil {
			return "", nil, err
		}
		columns[i] = string(column)
	}
	return string(name), columns, nil
}

func (r *archiveReader) value() (any, error) {
	kind, err := r.buf.ReadByte()
	if err != nil {
		return nil, damaged(err)
	}
	switch kind {
	case valueNull:
		return nil, nil
	case valueInteger:
		n, err := binary.ReadVarint(r.buf)
		if err != nil {
			return nil, damaged(err)
		}
		return n, nil
	case valueText:
		text, err := r.bytes()
		return string(text), err
	case valueBlob:
		return r.bytes()
	}
	return nil, ErrDamaged
}
