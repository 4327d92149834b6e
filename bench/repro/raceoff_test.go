//go:build !race

package repro

// raceOn is explained in raceon_test.go.
const raceOn = false
