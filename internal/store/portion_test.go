package store

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// numbered is a row with a place and a length.
type numbered struct{ place, size int }

func (n numbered) Size() int { return n.size }

// However long rows are, and however many an engine gives at once, each is read once, in order,
// and no more than a portion and a row are in memory.
func TestPortionsTogetherAreTheRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var rows []numbered
		for i, size := range rapid.SliceOfN(rapid.SampledFrom([]int{0, 300, 3000, 400_000, PortionBytes - 1, PortionBytes, 3 * PortionBytes}), 0, 400).Draw(t, "sizes") {
			rows = append(rows, numbered{i, size})
		}
		limit, stop := rapid.IntRange(0, 450).Draw(t, "limit"), rapid.IntRange(-1, 450).Draw(t, "stop")
		var got []numbered
		err := inPortions(limit, func(most int) (portion []numbered, err error) {
			full := Portion[numbered]()
			for _, row := range rows[len(got):] {
				if len(portion) == most {
					break
				}
				if portion = append(portion, row); full(row) {
					break
				}
			}
			bytes := 0
			for _, row := range portion[:max(0, len(portion)-1)] {
				bytes += row.size
			}
			if bytes >= PortionBytes || len(got)+most > limit {
				t.Fatalf("a portion of %d rows and %d bytes, asked for %d after %d of %d", len(portion), bytes, most, len(got), limit)
			}
			return portion, nil
		}, func(row numbered) (bool, error) {
			if row.place == stop {
				return false, nil
			}
			got = append(got, row)
			return true, nil
		})
		want := rows[:min(limit, len(rows))]
		if stop >= 0 {
			want = want[:min(stop, len(want))]
		}
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%d rows of %d, %v", len(got), len(want), err)
		}
	})
}
