package mmh

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/gate"
	"equality-information-api/internal/refdata"
)

// category is the only category.
const category = "equality-information"

// subCategories are the lists that the front ends are served, by their names for
// them. A new list is not served here unless it stands here too.
var subCategories = map[string]string{
	"age-bracket":               refdata.AgeGroup,
	"answers":                   refdata.Answer,
	"armed-forces-c":            refdata.ArmedForces,
	"communication-requirement": refdata.CommunicationRequirement,
	"economic-situation":        refdata.EconomicSituation,
	"ethnic-group-a":            refdata.EthnicGroup,
	"gender":                    refdata.Gender,
	"home-situation":            refdata.HomeSituation,
	"hours-spent-caring-b":      refdata.HoursOfUnpaidCare,
	"language":                  refdata.Language,
	"nationality":               refdata.Nationality,
	"religion-belief":           refdata.ReligionOrBelief,
	"sexual-orientation":        refdata.SexualOrientation,
}

// referenceItem is a code in the front ends' form.
type referenceItem struct {
	ID          uuid.UUID `json:"id"` // always the same for the same code
	Category    string    `json:"category"`
	SubCategory string    `json:"subCategory"`
	Code        string    `json:"code"`
	Value       string    `json:"value"`
	Description *string   `json:"description"`
	IsActive    bool      `json:"isActive"`
	CreatedAt   string    `json:"createdAt"`
	Tags        []string  `json:"tags"`
}

// firstOffered is when the lists were first used, for codes without a date.
const firstOffered = "2026-11-23"

// references are the sub-categories, sorted, and their items as JSON.
type references []subCategory

type subCategory struct {
	name        string
	active, all []byte // arrays
}

func newReferences(lists *refdata.Lists) (references, error) {
	var r references
	for _, name := range slices.Sorted(maps.Keys(subCategories)) {
		list, ok := lists.Get(subCategories[name])
		if !ok {
			return nil, fmt.Errorf("there is no reference list %s", subCategories[name])
		}
		sub := subCategory{name: name}
		items := referenceItems(name, list)
		var err error
		if sub.all, err = json.Marshal(items); err != nil {
			return nil, err
		}
		items = slices.DeleteFunc(items, func(i referenceItem) bool { return !i.IsActive })
		if sub.active, err = json.Marshal(items); err != nil {
			return nil, err
		}
		r = append(r, sub)
	}
	return r, nil
}

// referenceItems are a list's codes, sorted by value.
func referenceItems(name string, list *refdata.List) []referenceItem {
	var items []referenceItem
	for _, code := range list.Codes {
		item := referenceItem{
			ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(Prefix+"/reference-data/"+name+"/"+code.Code)), Category: category, SubCategory: name,
			Code: codes{list, spelling[list.Name]}.write(code.Code), Value: code.Label, IsActive: code.Active,
			CreatedAt: cmp.Or(code.ValidFrom, firstOffered) + "T00:00:00Z", Tags: []string{},
		}
		if code.Description != "" {
			item.Description = &code.Description
		}
		items = append(items, item)
	}
	slices.SortStableFunc(items, func(a, b referenceItem) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Value), strings.ToLower(b.Value)), cmp.Compare(a.Value, b.Value))
	})
	return items
}

// referenceData responds to GET /reference-data.
func (a *API) referenceData(c *call) error {
	all, err := strconv.ParseBool(cmp.Or(strings.ToLower(c.parameter("includeInactive")), "false"))
	if err != nil {
		c.wrong("includeInactive", "query.includeInactive", "Include Inactive must be true or false.")
	}
	if err := c.checked(); err != nil {
		return err
	}
	only := c.parameter("subCategory")
	body := []byte{'{'}
	for _, sub := range a.references {
		if !strings.EqualFold(c.parameter("category"), category) || only != "" && !strings.EqualFold(only, sub.name) {
			continue
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = append(append(append(body, '"'), sub.name...), `":`...)
		if all {
			body = append(body, sub.all...)
		} else {
			body = append(body, sub.active...)
		}
	}
	c.w.Header().Set("Cache-Control", "no-cache")
	gate.Send(c.w, c.r, http.StatusOK, contentType, append(body, '}'))
	return nil
}
