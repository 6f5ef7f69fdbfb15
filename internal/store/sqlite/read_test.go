package sqlite

import (
	"math"
	"testing"
)

func TestAHistoryHasNoVersionTwiceWhenAChangeComesMeanwhile(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(3)
	found, err := f.findBy(f.queryRow(t.Context()), r.ID)
	ok(t, err)
	r.AgeGroup = "45-54"
	ok(t, f.write(r)) // what was found is in the history now
	versions, err := f.versions(t.Context(), found, math.MaxInt64, 10)
	ok(t, err)
	var got []int64
	for _, v := range versions {
		got = append(got, v.Version)
	}
	if len(got) != 3 || got[0] != 2 || got[1] != 1 || got[2] != 0 {
		t.Errorf("the versions are %v", got)
	}
}
