// Package climit does sums of packets in GF(2^8) in C, for package gfbench to hold coding/gf against: with intrinsics of
// AVX-512 and GFNI in each of the ways that were found fast somewhere, and with Intel's ISA-L. It is part of builds with
// the tag isal only, which need a C compiler and ISA-L (Debian: libisal-dev); all others stay free of C, and [Available]
// is false in them.
package climit
