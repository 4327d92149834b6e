package main

import (
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// sliceHeader is the size of a slice in Go: pointer, length, capacity.
const sliceHeader = 24

// maxRows is for how many results at once there is a kernel: as many as leave registers for long enough blocks.
func maxRows(v vectors) int {
	if halves(v) {
		return 2 // a factor takes two registers
	}
	return 4
}

// halves reports whether a factor is two tables.
func halves(v vectors) bool { return strings.Contains(v.factorType(), "byte") }

// unroll is how many registers of each result a block has.
func unroll(v vectors, rows int) int {
	if v.masks() {
		return []int{8, 4, 4, 4}[rows-1] // of 32 registers
	}
	if halves(v) {
		return []int{8, 2}[rows-1]
	}
	return []int{8, 4, 3, 2}[rows-1]
}

// dotKernel is a kernel under way: results j of 0 to rows-1 are sums of the sources' bytes times coefficients.
type dotKernel struct {
	vectors
	rows  int
	coefs []Register // where each row's coefficients begin
	k     Register   // number of sources
	table Register
	off   GPVirtual // first byte of the block
}

// dot writes the kernel for a number of results. It walks down the bytes in blocks; for each block it passes over all
// sources, so that the sums stay in registers and a source's bytes are loaded once for all results.
func dot(v vectors, rows int) {
	TEXT(fmt.Sprintf("dot%d%s", rows, v.name()), NOSPLIT,
		"func(dsts, srcs, rows *[]byte, k, from, to, add int"+tableParameter(v)+")")
	Pragma("noescape")
	Doc(fmt.Sprintf("dot%d%s sets bytes from to to-1 of %d results to sums over k sources, or adds if add is 1.", rows, v.name(), rows))
	d := &dotKernel{vectors: v, rows: rows}
	d.k = Load(Param("k"), GP64())
	if v.tableType() != "" {
		d.table = Load(Param("table"), GP64())
	}
	first := Load(Param("rows"), GP64())
	for r := range rows {
		row := GP64()
		MOVQ(Mem{Base: first, Disp: r * sliceHeader}, row)
		d.coefs = append(d.coefs, row)
	}
	d.off = Load(Param("from"), GP64()).(GPVirtual)
	v.begin()

	// Long blocks leave much behind them, which smaller ones take up.
	least := unroll(v, rows)
	if least == 8 {
		least = 2
	}
	for n := unroll(v, rows); n >= least; n /= 2 {
		rest := fmt.Sprintf("below%d", n)
		d.blocks(fmt.Sprintf("blocks%d", n), rest, n)
		Label(rest)
	}
	if v.masks() {
		d.maskedBlocks()
	} else {
		d.blocks("singles", "tail", 1)
		Label("tail")
		d.overlappedBlock()
	}
	Label("done")
	v.end()
	RET()
}

func tableParameter(v vectors) string {
	if v.tableType() == "" {
		return ""
	}
	return ", table " + v.tableType()
}

// blocks handles blocks of n registers while they fit, then goes on at next.
func (d *dotKernel) blocks(label, next string, n int) {
	Label(label)
	CMPQ(d.left(), U32(n*d.width()))
	JL(LabelRef(next))
	sums := d.sum(label, n, d.load)
	d.each(label, sums, func(sum VecVirtual, at Mem) { d.xor(at, sum) })
	d.eachDst(sums, d.store)
	ADDQ(U32(n*d.width()), d.off)
	JMP(LabelRef(label))
}

// left returns how many bytes there are from off on.
func (d *dotKernel) left() GPVirtual {
	n := Load(Param("to"), GP64()).(GPVirtual)
	SUBQ(d.off, n)
	return n
}

// maskedBlocks handles the rest register by register, the last of them partly.
func (d *dotKernel) maskedBlocks() {
	Label("masked")
	left, all, bits := d.left(), GP64(), GP64()
	JLE(LabelRef("done"))
	MOVQ(U32(64), all)
	CMPQ(left, all)
	CMOVQGT(all, left)
	MOVQ(I32(-1), bits)
	BZHIQ(left, bits, bits)
	mask := K()
	KMOVQ(bits, mask)
	sums := d.sum("masked", 1, func(m Mem, to VecVirtual) { VMOVDQU8_Z(m, mask, to) })
	d.each("masked", sums, func(sum VecVirtual, at Mem) {
		old := d.register()
		VMOVDQU8_Z(at, mask, old)
		d.xor(old, sum)
	})
	d.eachDst(sums, func(sum VecVirtual, at Mem) { VMOVDQU8(sum, mask, at) })
	ADDQ(U32(64), d.off)
	JMP(LabelRef("masked"))
}

// overlappedBlock handles the last bytes, fewer than a register has, with those before them once more: setting them
// again changes nothing, and adding to them is masked out. There are at least as many bytes up to to as a register has..
func (d *dotKernel) overlappedBlock() {
	left := d.left()
	JLE(LabelRef("done"))
	last := d.register()
	lastBytes(d, left, last)
	SUBQ(U32(d.width()), left)
	ADDQ(left, d.off)
	sums := d.sum("overlapped", 1, d.load)
	d.each("overlapped", sums, func(sum VecVirtual, at Mem) {
		d.and(last, sum)
		d.xor(at, sum)
	})
	d.eachDst(sums, d.store)
}

// sum leaves the sums over all sources of n registers at off, for each row.
func (d *dotKernel) sum(label string, n int, load func(Mem, VecVirtual)) [][]VecVirtual {
	sums := make([][]VecVirtual, d.rows)
	for r := range sums {
		for range n {
			v := d.register()
			d.zero(v)
			sums[r] = append(sums[r], v)
		}
	}
	src, i := Load(Param("srcs"), GP64()).(GPVirtual), GP64()
	XORQ(i, i)
	if d.pairs() {
		next := GP64()
		MOVQ(U32(2), next)
		Label(label + "Pairs")
		CMPQ(next, d.k)
		JG(LabelRef(label + "Odd"))
		d.addPair(sums, src, i, load)
		MOVQ(next, i)
		ADDQ(U32(2), next)
		ADDQ(U32(2*sliceHeader), src)
		JMP(LabelRef(label + "Pairs"))
		Label(label + "Odd")
		CMPQ(i, d.k)
		JGE(LabelRef(label + "Summed"))
		d.addOne(sums, src, i, load)
	} else {
		Label(label + "Sources")
		CMPQ(i, d.k)
		JGE(LabelRef(label + "Summed"))
		d.addOne(sums, src, i, load)
		INCQ(i)
		ADDQ(U32(sliceHeader), src)
		JMP(LabelRef(label + "Sources"))
	}
	Label(label + "Summed")
	return sums
}

// addOne adds the products of one source.
func (d *dotKernel) addOne(sums [][]VecVirtual, src, i GPVirtual, load func(Mem, VecVirtual)) {
	at := d.source(src, 0)
	factors := d.factors(i, 0)
	for u := range sums[0] {
		x := d.register()
		load(at.Offset(u*d.width()), x)
		halves := d.split(x)
		for r := range d.rows {
			p := d.register()
			d.times(factors[r], halves, p)
			d.xor(p, sums[r][u])
		}
	}
}

// addPair adds the products of two sources, both with one instruction.
func (d *dotKernel) addPair(sums [][]VecVirtual, src, i GPVirtual, load func(Mem, VecVirtual)) {
	at0, at1 := d.source(src, 0), d.source(src, 1)
	factors0, factors1 := d.factors(i, 0), d.factors(i, 1)
	for u := range sums[0] {
		x0, x1 := d.register(), d.register()
		load(at0.Offset(u*d.width()), x0)
		load(at1.Offset(u*d.width()), x1)
		for r := range d.rows {
			p0, p1 := d.register(), d.register()
			d.times(factors0[r], d.split(x0), p0)
			d.times(factors1[r], d.split(x1), p1)
			VPTERNLOGQ(U8(0x96), p0, p1, sums[r][u])
		}
	}
}

// source returns where the block lies in a source, n after the one that src points to.
func (d *dotKernel) source(src GPVirtual, n int) Mem {
	p := GP64()
	MOVQ(Mem{Base: src, Disp: n * sliceHeader}, p)
	return Mem{Base: p, Index: d.off, Scale: 1}
}

// factors loads what multiplies source i+n, for each row.
func (d *dotKernel) factors(i GPVirtual, n int) []factor {
	var fs []factor
	for _, row := range d.coefs {
		fs = append(fs, d.factor(d.table, Mem{Base: row, Index: i, Scale: 1, Disp: n}))
	}
	return fs
}

// each does something to every sum and its place in the results if results are to be added to.
func (d *dotKernel) each(label string, sums [][]VecVirtual, do func(VecVirtual, Mem)) {
	add := Load(Param("add"), GP64())
	TESTQ(add, add)
	JZ(LabelRef(label + "Store"))
	d.eachDst(sums, do)
	Label(label + "Store")
}

func (d *dotKernel) eachDst(sums [][]VecVirtual, do func(VecVirtual, Mem)) {
	dsts := Load(Param("dsts"), GP64())
	for r := range sums {
		p := GP64()
		MOVQ(Mem{Base: dsts, Disp: r * sliceHeader}, p)
		for u, sum := range sums[r] {
			do(sum, Mem{Base: p, Index: d.off, Scale: 1, Disp: u * d.width()})
		}
	}
}
