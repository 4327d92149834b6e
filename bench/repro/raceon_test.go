//go:build race

package repro

// raceOn says that tests run under the race detector, which here comes with a record of who
// holds every slab: throughput over minutes of virtual time would take minutes.
const raceOn = true
