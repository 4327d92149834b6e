package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// maskedBlocks handles blocks of n registers, then of half as many, and so on, each if all of its registers but the last
// are full. The first register of the first block and the last of the last are cut, so that ends cost no pass over the
// sources of their own.
func (d *dotKernel) maskedBlocks(n int) {
	begin, first, last := GP64(), K(), K()
	MOVQ(I32(-1), begin)
	SHLXQ(Load(Param("skip"), GP64()), begin, begin)
	KMOVQ(begin, first)
	for ; n >= 1; n /= 2 {
		label, next := fmt.Sprintf("blocks%d", n), fmt.Sprintf("blocks%d", n/2)
		if n == 1 {
			next = "done"
		}
		Label(label)
		left, full, bits := d.left(), GP64(), GP64()
		SUBQ(U32((n-1)*d.width()), left)
		JLE(LabelRef(next))
		MOVQ(U32(64), full)
		CMPQ(left, full)
		CMOVQGT(full, left)
		MOVQ(I32(-1), bits)
		BZHIQ(left, bits, bits)
		KMOVQ(bits, last)
		if n == 1 {
			KANDQ(first, last, last)
		}
		mask := func(u int) Register {
			switch u {
			case n - 1:
				return last
			case 0:
				return first
			}
			return nil
		}
		sums := d.sum(label, n, func(u int, m Mem, to VecVirtual) {
			if k := mask(u); k != nil {
				VMOVDQU8_Z(m, k, to)
			} else {
				d.load(m, to)
			}
		})
		d.each(label, sums, func(u int, sum VecVirtual, at Mem) {
			if k := mask(u); k != nil {
				old := d.register()
				VMOVDQU8_Z(at, k, old)
				d.xor(old, sum)
			} else {
				d.xor(at, sum)
			}
		})
		d.eachDst(sums, func(u int, sum VecVirtual, at Mem) {
			if k := mask(u); k != nil {
				VMOVDQU8(sum, k, at)
			} else {
				d.store(sum, at)
			}
		})
		KXNORQ(first, first, first)
		ADDQ(U32(n*d.width()), d.off)
		JMP(LabelRef(label))
	}
}
