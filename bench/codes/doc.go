// Package codes compares the codes of coding/codes: what a receiver needs beyond the K packets of a block, how long packets
// wait for it, and what coding and decoding cost. docs/choosing-a-code.md is what came of it.
//
//	channel.go  blocks over a channel that loses packets: overhead and delay
//	cost.go     CPU time of encoders and decoders
//	run.go      the measurement
//	table.go    for people
//	chart.go    one picture of all three
package codes
