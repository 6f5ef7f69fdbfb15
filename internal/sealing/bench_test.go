package sealing_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// document is as long as the JSON of a full record.
var document = bytes.Repeat([]byte("1"), 1300)

// The cost of a GET.
func BenchmarkOpenDataKeyAndOpen(b *testing.B) {
	keys, record := generate(b), uuid.New()
	d, wrapped := newDataKey(b, keys, recordOwner(record))
	blob := d.Seal(version(1), document)
	b.ReportAllocs()
	for b.Loop() {
		d, err := keys.OpenDataKey(recordOwner(record), wrapped)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := d.Open(version(1), blob); err != nil {
			b.Fatal(err)
		}
	}
}

// The cost of a create.
func BenchmarkNewDataKeyAndSeal(b *testing.B) {
	keys, record := generate(b), uuid.New()
	b.ReportAllocs()
	for b.Loop() {
		d, _, err := keys.NewDataKey(recordOwner(record))
		if err != nil {
			b.Fatal(err)
		}
		d.Seal(version(1), document)
	}
}

func BenchmarkOpenDataKey(b *testing.B) {
	keys, record := generate(b), uuid.New()
	_, wrapped := newDataKey(b, keys, recordOwner(record))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.OpenDataKey(recordOwner(record), wrapped); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	d, _ := newDataKey(b, generate(b), recordOwner(uuid.New()))
	blob := d.Seal(version(1), document)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Open(version(1), blob); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	d, _ := newDataKey(b, generate(b), recordOwner(uuid.New()))
	b.ReportAllocs()
	for b.Loop() {
		d.Seal(version(1), document)
	}
}

// An entry of the access log: about 300 bytes in twenty fields.
func BenchmarkMAC(b *testing.B) {
	keys := generate(b)
	fields := make([][]byte, 20)
	for i := range fields {
		fields[i] = []byte("fifteen bytes..")
	}
	b.ReportAllocs()
	for b.Loop() {
		keys.MAC(sealing.MACAudit, fields...)
	}
}

func BenchmarkCursor(b *testing.B) {
	keys := generate(b)
	content := []byte(`{"after":"0f8fad5b-d9cb-469f-a165-70867728950e"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.OpenCursor(keys.SealCursor(content, nil), nil); err != nil {
			b.Fatal(err)
		}
	}
}
