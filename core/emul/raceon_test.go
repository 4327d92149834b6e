//go:build race

package emul

// raceOn says that tests run under the race detector, under which the distribution of
// millions of drawn delays, which one goroutine computes, takes a minute and a half.
const raceOn = true
