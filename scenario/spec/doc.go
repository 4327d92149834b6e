// Package spec is the format of scenario files: it reads one, says precisely what
// is wrong with it, and resolves it into a [Plan], in which nothing is left to
// look up or to draw. docs/scenario.md describes the format.
//
// Rooms, in the order in which a file meets them:
//
//	tree.go       YAML to a tree in which everything has a place
//	decode.go     the tree to the types of the format; unknown keys end here
//	file.go event.go        those types: one struct a mapping, one field a key
//	problem.go    what is wrong, where, and what to do
//	lex.go        words of the small languages inside values
//	units.go quantity.go draw.go   400KBps, uniform(50KBps, 200KBps)
//	names.go      A..G, A -> B
//	expr*.go      throughput(D) = 400KBps ± 2% between 5s and 10s
//	formula.go    one side of that, for experiments; override.go document.go serve them too
//	plan.go resolve*.go topology.go churn.go  the file to a Plan; send.go send_resolve.go: what a timeline sends
//	given.go      parameters that are given outside of a file
//	observed.go   whom nodes report to, and what they say of themselves
//	schema.go     the types of the format as a JSON Schema
//
// A scenario draws random numbers from its seed alone, each part from a stream of
// its own, so that a new link does not change what nodes draw.
package spec
