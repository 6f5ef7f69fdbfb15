// Package api owns the HTTP contract: the OpenAPI document as it was written,
// the same document as JSON, and what every kind of problem means. It serves
// nothing and checks no request.
package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"go.yaml.in/yaml/v3"
)

// YAML is the OpenAPI 3.1 document as it was written. It is not to be changed.
//
//go:embed openapi.yaml
var YAML []byte

// JSON gives the document as JSON, its members in alphabetical order. It is
// converted once; the caller is not to change it.
func JSON() []byte { return document().json }

// Version is the document's info.version.
func Version() string { return document().version }

type converted struct {
	json    []byte
	version string
}

// document converts the embedded YAML. A document that cannot be converted is
// a fault of the build, which the tests find.
var document = sync.OnceValue(func() converted {
	var tree any
	if err := yaml.Unmarshal(YAML, &tree); err != nil {
		panic(fmt.Errorf("api: openapi.yaml: %w", err))
	}
	text, err := json.Marshal(tree)
	if err != nil {
		panic(fmt.Errorf("api: openapi.yaml: %w", err))
	}
	var head struct{ Info struct{ Version string } }
	if err := json.Unmarshal(text, &head); err != nil {
		panic(fmt.Errorf("api: openapi.yaml: %w", err))
	}
	return converted{json: text, version: head.Info.Version}
})
