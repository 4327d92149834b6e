//go:build !race

package gf_test

const raceEnabled = false
