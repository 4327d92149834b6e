// Package host is what a scenario puts around the algorithm of a node: it counts
// what passes, runs the node's sources, and obeys the scenario's timeline. The same
// host runs in every world, so a measure means the same in all of them.
//
// A [Host] is an algorithm that hands everything on to the one it was made around.
// All its methods belong to the node's loop.
package host
