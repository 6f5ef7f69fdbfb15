package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/go-json-experiment/json"

	"equality-information-api/api"
	"equality-information-api/internal/etag"
	"equality-information-api/internal/refdata"
)

type listsDocument struct {
	Lists []listSummary `json:"lists"`
}

type listSummary struct {
	Name    string `json:"name"`
	Label   string `json:"label"`
	Version string `json:"version"`
}

type codesDocument struct {
	Name    string         `json:"name"`
	Version string         `json:"version"`
	Codes   []refdata.Code `json:"codes"`
}

// referenceLists answers GET /reference-data.
func (a *API) referenceLists(c *call) error {
	var doc listsDocument
	versions := sha256.New()
	for _, list := range a.lists.All() {
		doc.Lists = append(doc.Lists, listSummary{list.Name, list.Label, list.Version})
		versions.Write([]byte(list.Version))
	}
	return c.cacheable(hex.EncodeToString(versions.Sum(nil)[:6]), doc)
}

// referenceList answers GET /reference-data/{list}.
func (a *API) referenceList(c *call) error {
	list, ok := a.lists.Get(c.r.PathValue("list"))
	all := c.boolean("includeInactive")
	if err := c.checked(); err != nil {
		return err
	}
	if !ok {
		return problem{Code: api.NotFound, Detail: "There is no reference list with this name. GET " + Prefix + "/reference-data lists them all."}
	}
	doc, tag := codesDocument{Name: list.Name, Version: list.Version, Codes: list.Codes}, list.Version
	if all {
		tag += "-all"
	} else {
		doc.Codes = nil
		for _, code := range list.Codes {
			if code.Active {
				doc.Codes = append(doc.Codes, code)
			}
		}
	}
	return c.cacheable(tag, doc)
}

// boolean returns a query parameter that is true or false.
func (c *call) boolean(name string) bool {
	switch value := c.query.Get(name); {
	case !c.query.Has(name), value == "false":
		return false
	case value == "true":
		return true
	}
	c.wrong("query."+name, "The query parameter "+name+" must be true or false.")
	return false
}

// cacheable sends a document without personal data, unless the caller already has it.
func (c *call) cacheable(tag string, document any) error {
	none, _ := c.condition("If-None-Match")
	if err := c.checked(); err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("ETag", etag.Quoted(tag))
	h.Set("Cache-Control", "no-cache")
	if none.Has(tag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := json.Marshal(document, json.Deterministic(true))
	if err != nil {
		return err
	}
	c.write(http.StatusOK, "application/json", body)
	return nil
}
