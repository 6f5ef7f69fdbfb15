// Package e2e holds what only whole-program tests need. Its tests run the real
// binary and speak to it over HTTP; every answer they get is validated against
// api/openapi.yaml.
package e2e
