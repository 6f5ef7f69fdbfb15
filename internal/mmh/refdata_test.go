package mmh_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

type items = map[string][]map[string]any

func (b both) references(t *testing.T, query string) items {
	t.Helper()
	var got items
	text := wants(t, b.ask("GET", "/mmh/api/v1/reference-data"+query, ""), 200)
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	// encoding/json loses the order, so look at the text.
	last := -1
	for _, name := range slices.Sorted(maps.Keys(got)) {
		at := strings.Index(text, `"`+name+`":[`)
		if at < last {
			t.Errorf("%s comes before its turn", name)
		}
		last = at
	}
	return got
}

func TestReferenceData(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const category = "?category=equality-information"
	all := b.references(t, category)
	want := []string{"age-bracket", "answers", "armed-forces-c", "communication-requirement", "economic-situation", "ethnic-group-a", "gender",
		"home-situation", "hours-spent-caring-b", "language", "nationality", "religion-belief", "sexual-orientation"}
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, want) {
		t.Errorf("the sub-categories are %v\nwant %v: only the lists that the table in refdata.go names", got, want)
	}
	ids := make(map[string]bool)
	for name, list := range all {
		for i, item := range list {
			if len(item) != 9 || item["category"] != "equality-information" || item["subCategory"] != name || item["isActive"] != true ||
				len(item["tags"].([]any)) != 0 || item["createdAt"] == "" {
				t.Errorf("%v", item)
			}
			if i > 0 && strings.ToLower(list[i-1]["value"].(string)) > strings.ToLower(item["value"].(string)) {
				t.Errorf("%s: %v comes before %v", name, list[i-1]["value"], item["value"])
			}
			ids[item["id"].(string)] = true
		}
	}
	total := 0
	for _, list := range all {
		total += len(list)
	}
	if len(ids) != total {
		t.Errorf("%d ids of %d items", len(ids), total)
	}
	for name, code := range map[string]string{"ethnic-group-a": "whiteOrWhiteBritish", "age-bracket": "eightyFiveandPlus", "answers": "yes",
		"armed-forces-c": "servingMemberOfTheArmedForces", "home-situation": "TemporaryAccommodationPlacedByHackneyCouncil"} {
		if !slices.ContainsFunc(all[name], func(i map[string]any) bool { return i["code"] == code }) {
			t.Errorf("%s has no %s", name, code)
		}
	}
	if got := b.references(t, category+"&subCategory=gender"); len(got) != 1 || len(got["gender"]) != 5 {
		t.Errorf("gender alone: %v", got)
	}
	if got := b.references(t, category+"&subCategory=ethnic-group-a&includeInactive=TRUE"); len(got["ethnic-group-a"]) <= len(all["ethnic-group-a"]) {
		t.Error("there are no retired ones")
	}
	for _, query := range []string{"", "?category=other", category + "&subCategory=other"} {
		if got := b.references(t, query); len(got) != 0 {
			t.Errorf("%s: %v", query, got)
		}
	}
	wants(t, b.ask("GET", "/mmh/api/v1/reference-data"+category+"&includeInactive=perhaps", ""), 400)
	wants(t, b.ask("GET", "/mmh/api/v1/reference-data"+category, "", header{"Authorization": ""}), 401)
	wants(t, b.ask("GET", "/mmh/api/v1/reference-data"+category, "", b.as("admin")), 200)
}
