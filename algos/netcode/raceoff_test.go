//go:build !race

package netcode_test

// raceOn is explained in raceon_test.go.
const raceOn = false
