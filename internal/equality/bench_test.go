package equality_test

import (
	"testing"

	"equality-information-api/internal/equality"
)

func BenchmarkRecord(b *testing.B) {
	body, rules := seed(b), newRules(b)
	patch, err := rules.DecodePatch(body, today)
	if err != nil {
		b.Fatal(err)
	}
	record := patch.Apply(equality.Record{})
	document := record.Encode()

	b.Run("DecodePatch", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := rules.DecodePatch(body, today); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Apply", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			patch.Apply(equality.Record{})
		}
	})
	b.Run("Validate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := rules.Validate(patch, equality.Record{}, record); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			record.Encode()
		}
	})
	b.Run("Decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := equality.Decode(document); err != nil {
				b.Fatal(err)
			}
		}
	})
}
