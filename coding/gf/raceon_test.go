//go:build race

package gf_test

const raceEnabled = true
