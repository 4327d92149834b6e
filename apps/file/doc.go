// Package file brings one file from one node to many, over whatever algorithm passes data on, and makes sure of each byte: every block is
// proven against the transfer's number before anything is done with it, and what did not come is asked for until it has.
//
//	header.go    what begins the payload of every message
//	manifest.go  what a transfer is, and its number
//	merkle.go    the hashes of a file's blocks as a tree, and the proof that a block is its own
//	set.go       sets of blocks, and their ranges
//	request.go   what a receiver lacks, as it tells the source
//	source.go    the source: rounds of blocks, and polls between them (rounds.go)
//	sink.go      the sink: transfers that come to a node (transfer.go), and how it asks (ask.go)
//	beside.go    both beside an algorithm
//	memory.go    files and stores in memory
//	synthetic.go a file whose bytes follow from a number
//
// The protocol is of the kind of NORM (RFC 5740): the source sends all blocks once, then polls; receivers that lack some say
// so, at random moments, straight to the source; and the source sends what any of them lacks in the next round. docs/files.md has the
// messages, the counters and the limits.
//
// Nothing here reads a clock or does input and output: files are in package disk below, and in the command "ioverlay file". So
// a transfer behaves in virtual time as it does live.
package file
