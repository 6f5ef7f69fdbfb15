package mmh_test

import (
	"os"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// BenchmarkCodec compares this codec with the main contract's.
func BenchmarkCodec(b *testing.B) {
	l, err := lists()
	if err != nil {
		b.Fatal(err)
	}
	rules, err := equality.NewRules(l)
	if err != nil {
		b.Fatal(err)
	}
	seed, err := os.ReadFile("../../examples/seed.json")
	if err != nil {
		b.Fatal(err)
	}
	ours, err := rules.DecodeCreate(seed, uuid.Nil, today)
	if err != nil {
		b.Fatal(err)
	}
	c := newCodec(b, false)
	theirs := []byte(full)
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			c.Encode(&ours)
		}
	})
	b.Run("encode ours", func(b *testing.B) {
		for b.Loop() {
			rules.Encode(ours)
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.DecodeCreate(theirs, uuid.Nil, today); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode ours", func(b *testing.B) {
		for b.Loop() {
			if _, err := rules.DecodeCreate(seed, uuid.Nil, today); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRead compares a whole GET without the network.
func BenchmarkRead(b *testing.B) {
	s := setup(b)
	wants(b, s.ask("POST", records, full), 201)
	for name, target := range map[string]string{"mmh": records + "?targetId=" + person, "ours": api + "/" + person} {
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if w := s.ask("GET", target, ""); w.Code != 200 {
						b.Error(w.Code)
					}
				}
			})
		})
	}
}
