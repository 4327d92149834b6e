package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// tables are the constants that were written.
var tables = map[string]Mem{}

// words returns a table of constants in memory, and writes it when it is first asked for.
func words(name string, values []uint64) Mem {
	m, written := tables[name]
	if !written {
		m = GLOBL(name, RODATA|NOPTR)
		for i, v := range values {
			DATA(8*i, U64(v))
		}
		tables[name] = m
	}
	return m
}

// poly is the field's polynomial, as in package gf.
const poly = 0x11d

// basisWords returns the matrices of gfni512Computed. Byte i of the matrix of a coefficient c marks the bits of a factor
// that add up to bit 7-i of the product: bit b is bit 7-i of c times 2^b, which is the sum of those of 2^j times 2^b over
// the bits j of c. A matrix has the row for its result's bit b in byte 7-b.
func basisWords() []uint64 {
	var powers [16]int
	for i, p := 0, 1; i < len(powers); i++ {
		powers[i] = p
		if p <<= 1; p > 255 {
			p ^= poly
		}
	}
	matrices := make([]uint64, 8)
	for i := range matrices {
		for b := range 8 {
			for j := range 8 {
				matrices[i] |= uint64(powers[j+b]>>(7-i)&1) << (8*(7-b) + j)
			}
		}
	}
	return matrices
}

func gatherWords() []uint64 {
	indices := make([]uint64, 8)
	for i := range indices {
		for b := range 8 {
			indices[i] |= uint64(8*b) << (8 * b)
		}
	}
	return indices
}
