// Package endpoint is where streams of package stream enter and leave the overlay of a live engine: MPEG-TS over UDP, over HTTP,
// and on standard input and output.
//
//	input.go   inputs, and what feeds a source with one
//	output.go  outputs: a queue for each reader, which never makes the node wait
//	serve.go   the output over HTTP, for any number of viewers
//
// It is the only part of apps that has sockets and goroutines, as core/engine is of core.
package endpoint
