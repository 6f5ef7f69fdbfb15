//go:build race

package e2e

// raceEnabled builds the program with the race detector if the tests use it.
const raceEnabled = true
