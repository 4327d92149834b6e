// Package codes is block codes behind one small interface, so that they can be compared: what
// a receiver needs beyond K packets, how long packets wait, and what it costs.
// docs/choosing-a-code.md is the comparison; "ioverlay bench codes" makes it.
//
//	codes.go        the interface, and the codes there are
//	linear.go       encoders that draw coefficients: dense, sparse, perpetual
//	solver.go       the decoder of dense and sparse codes
//	band.go         the decoder of perpetual codes
//	fulcrum.go      GF(2) on the way, GF(2^8) at the ends
//	reedsolomon.go  klauspost/reedsolomon as a code
//
// What crosses links of the overlay is not this package's but that of package coding
// (docs/coding.md), whose generations have 256 packets at most. Packets here are a short
// header and the payload, and belong to the encoder that made them.
package codes
