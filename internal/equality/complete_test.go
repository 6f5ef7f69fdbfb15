package equality

import (
	"reflect"
	"strings"
	"testing"
)

// A member missing from the table of members would be lost silently: a patch of
// only that member would count as no change.
func TestEveryMemberOfARecordIsInTheTableOfMembers(t *testing.T) {
	t.Parallel()
	listed := make(map[string]bool)
	for _, m := range members {
		listed[m.Name] = true
	}
	for field := range reflect.TypeFor[Record]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "id" || name == "targetId" || name == "-" {
			continue
		}
		if !listed[name] {
			t.Errorf("%s is not in the table of members.go", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("%s is in the table of members.go and not in record.go", name)
	}
}
