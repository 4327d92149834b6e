package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// keepWords describes the table that masks are loaded from: 32 bytes of ones, 32 of zeros, 32 of ones.
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

// keepTable returns the table, and writes it when it is first asked for.
func keepTable() Mem {
	if keep == nil {
		m := GLOBL("keep", RODATA|NOPTR)
		for i := range keepWords {
			word := ^uint64(0)
			if i/4 == 1 {
				word = 0
			}
			DATA(8*i, U64(word))
		}
		keep = &m
	}
	return *keep
}

var keep *Mem
