//go:build race

package library

// raceOn says that tests run under the race detector, which makes thousands of nodes take minutes.
const raceOn = true
