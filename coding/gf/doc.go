// Package gf is arithmetic in GF(2^8), the field with 256 elements, on single bytes and on whole packets: what linear
// network codes are made of.
//
// An element is a byte whose bits are the coefficients of a polynomial over GF(2). Addition is exclusive or;
// multiplication is that of polynomials modulo x^8 + x^4 + x^3 + x^2 + 1 ([Poly], 0x11d), in which x, the byte 2,
// generates all elements but 0. That is the field of most Reed-Solomon codes, so that their tables and tools agree.
//
// The functions on slices are the hot ones: [MulAdd] for one packet, [Dot] for a coded packet out of many, [MatMul] for
// several at once (repair packets, recoding, decoding). The more they are told at once the faster they are: Dot loads
// and stores the result once rather than once a source, and MatMul loads a source once for several results. They run
// on the best instructions that the processor has, see [Level], and at the level [GFNI512] in the way that it was found
// to run fastest when the program began, see [Kernels.Tuning]. None allocates, and any length and alignment will do.
// Sums are up to a quarter faster if the sources begin at multiples of 64 bytes, or lie multiples of 64 apart: packets
// behind headers do if header and payload together are a multiple of 64.
//
// [EliminateRow] is a step of elimination on coefficients where a row is one register.
//
// Lengths must be equal, and the slices of one call must not overlap, except where a function says that they may.
// Unequal lengths are a programmer's mistake and panic. Everything here is safe for concurrent use on slices that
// nobody else writes.
package gf
