// Package gfbench measures arithmetic in GF(2^8) on packets: package coding/gf at each level of the processor against
// the functions that the library klauspost/reedsolomon offers for coefficients that come at random, LowLevel.
//
// What is compared does the same work on the same packets in one thread: LowLevel multiplies and adds one source at a
// time, and decodes as the textbook does, by Gauss-Jordan elimination on coefficients and payload of each packet as it
// comes. At a level that the library can be held to it is held to it; otherwise it runs at its best.
//
// How it is measured: in rounds; a round measures every row once with every contestant, in an order that rotates. A
// figure is the median over the rounds, with the smallest and the largest. Ratios are taken within a round first. Time
// is the thread's CPU time where the system tells it, because other tenants of the machine stop the clock on the wall
// but not that one. Before anything is measured its result is compared with the library's.
//
// What is counted: bytes of sources times results, so that coding four packets at once out of 32 of 5 KB counts 640 KB;
// for decoding, bytes of the generation. Packets begin at multiples of 64 bytes, unless the plan says otherwise, and no
// two of them lie a multiple of 4096 bytes apart.
package gfbench
