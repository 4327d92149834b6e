package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// keepWords is the size of that table in words of eight bytes: 32 bytes of ones, 32 of zeros, 32 of ones.
const keepWords = 12

// lastBytes sets mask to ones in the last n bytes of a register, n less than its width, and to zeros in the others.
func lastBytes(v vectors, n Register, mask VecVirtual) {
	table := GP64()
	LEAQ(keepTable(), table)
	v.load(Mem{Base: table, Index: n, Scale: 1, Disp: 64 - v.width()}, mask)
}

// firstBytes does so for the first n.
func firstBytes(v vectors, n Register, mask VecVirtual) {
	table, before := GP64(), GP64()
	LEAQ(keepTable(), table)
	MOVQ(U32(32), before)
	SUBQ(n, before)
	v.load(Mem{Base: table, Index: before, Scale: 1}, mask)
}

// keepTable returns the table that masks are loaded from.
func keepTable() Mem {
	var table [keepWords]uint64
	for i := range table {
		if i/4 != 1 {
			table[i] = ^uint64(0)
		}
	}
	return words("keep", table[:])
}
