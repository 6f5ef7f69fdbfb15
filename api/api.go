// Package api owns the HTTP contract: the OpenAPI document as YAML and as JSON,
// and the meaning of every kind of problem. It does not serve or check requests.
package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"go.yaml.in/yaml/v3"
)

// YAML is the OpenAPI 3.1 document as written. Do not change it.
//
//go:embed openapi.yaml
var YAML []byte

// JSON returns the document as JSON, with its members in alphabetical order. It
// is converted once; the caller must not change it.
func JSON() []byte { return document().json }

// Version returns the document's info.version.
func Version() string { return document().version }

type converted struct {
	json    []byte
	version string
}

// document converts the embedded YAML. It panics if the document cannot be
// converted, which the tests would find.
var document = sync.OnceValue(func() converted {
	var tree any
	if err := yaml.Unmarshal(YAML, &tree); err != nil {
		panic(fmt.Errorf("openapi.yaml: %w", err))
	}
	text, err := json.Marshal(tree)
	if err != nil {
		panic(fmt.Errorf("openapi.yaml: %w", err))
	}
	var head struct{ Info struct{ Version string } }
	if err := json.Unmarshal(text, &head); err != nil {
		panic(fmt.Errorf("openapi.yaml: %w", err))
	}
	return converted{json: text, version: head.Info.Version}
})
