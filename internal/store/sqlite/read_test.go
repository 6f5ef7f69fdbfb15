package sqlite

import (
	"context"
	"math"
	"testing"

	"equality-information-api/internal/store"
)

// overtaken are tables in which something changes before past rows are read.
type overtaken struct {
	store.Tables
	meanwhile func()
}

func (i overtaken) PastRows(ctx context.Context, number, from int64, limit int) ([]store.Row, error) {
	i.meanwhile()
	return i.Tables.PastRows(ctx, number, from, limit)
}

func TestAHistoryHasNoVersionTwiceWhenAChangeComesMeanwhile(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(3)
	r.AgeGroup = "45-54"
	reader := store.NewReader(overtaken{tables{f.reads}, func() {
		ok(t, f.write(r)) // the version that was found is now in the history
	}}, testKeys())
	_, versions, err := reader.History(t.Context(), r.ID, math.MaxInt64, 10)
	ok(t, err)
	var got []int64
	for _, v := range versions {
		got = append(got, v.Version)
	}
	if len(got) != 3 || got[0] != 2 || got[1] != 1 || got[2] != 0 {
		t.Errorf("the versions are %v", got)
	}
}
