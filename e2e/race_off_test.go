//go:build !race

package e2e

// raceEnabled has the program built with the race detector where the tests are.
const raceEnabled = false
