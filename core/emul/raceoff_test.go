//go:build !race

package emul

const raceOn = false
