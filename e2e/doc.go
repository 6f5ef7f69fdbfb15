// Package e2e holds what only whole-program tests need. Its tests run the real binary and
// call it over HTTP; every response is validated against api/openapi.yaml.
package e2e
