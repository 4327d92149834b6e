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
		return []int{16, 4, 4, 4}[rows-1] // of 32 registers
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
	// sums are the registers of the sums, by row: the same for all sizes of blocks, because the assembler library takes
	// a register that is cleared by itself for one that is read, and so for one that is in use from the beginning on.
	sums [][]VecVirtual
	off  GPVirtual // first byte of the block
}

// dot writes the kernel for a number of results. It walks down the bytes in blocks; for each block it passes over all
// sources, so that the sums stay in registers and a source's bytes are loaded once for all results.
func dot(v vectors, rows int) {
	skip, leaves := "", ""
	if v.masks() {
		skip, leaves = "skip, ", " It leaves out the first skip, fewer than 64; from may be negative."
	}
	TEXT(fmt.Sprintf("dot%d%s", rows, v.name()), NOSPLIT,
		"func(dsts, srcs, rows *[]byte, k, from, to, "+skip+"add int"+tableParameter(v)+")")
	Pragma("noescape")
	Doc(fmt.Sprintf("dot%d%s sets bytes from to to-1 of %d results to sums over k sources, or adds if add is 1.%s", rows, v.name(), rows, leaves))
	d := &dotKernel{vectors: v, rows: rows, sums: make([][]VecVirtual, rows)}
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
	if v.masks() {
		d.maskedBlocks(unroll(v, rows))
	} else {
		least := unroll(v, rows)
		if least == 8 {
			least = 2
		}
		for n := unroll(v, rows); n >= least; n /= 2 {
			rest := fmt.Sprintf("below%d", n)
			d.blocks(fmt.Sprintf("blocks%d", n), rest, n)
			Label(rest)
		}
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
	sums := d.sum(label, n, d.loadAll)
	d.each(label, sums, func(_ int, sum VecVirtual, at Mem) { d.xor(at, sum) })
	d.eachDst(sums, d.storeAll)
	ADDQ(U32(n*d.width()), d.off)
	JMP(LabelRef(label))
}

// left returns how many bytes there are from off on.
func (d *dotKernel) left() GPVirtual {
	n := Load(Param("to"), GP64()).(GPVirtual)
	SUBQ(d.off, n)
	return n
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
	sums := d.sum("overlapped", 1, d.loadAll)
	d.each("overlapped", sums, func(_ int, sum VecVirtual, at Mem) {
		d.and(last, sum)
		d.xor(at, sum)
	})
	d.eachDst(sums, d.storeAll)
}

func (d *dotKernel) loadAll(_ int, m Mem, to VecVirtual)  { d.load(m, to) }
func (d *dotKernel) storeAll(_ int, v VecVirtual, at Mem) { d.store(v, at) }

// sum leaves the sums over all sources of n registers at off, for each row. load loads the block's register u.
func (d *dotKernel) sum(label string, n int, load func(int, Mem, VecVirtual)) [][]VecVirtual {
	sums := make([][]VecVirtual, d.rows)
	for r := range sums {
		for len(d.sums[r]) < n {
			d.sums[r] = append(d.sums[r], d.register())
		}
		sums[r] = d.sums[r][:n]
		for _, v := range sums[r] {
			d.zero(v)
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
func (d *dotKernel) addOne(sums [][]VecVirtual, src, i GPVirtual, load func(int, Mem, VecVirtual)) {
	at := d.source(src, 0)
	factors := d.factors(i, 0)
	for u := range sums[0] {
		x := d.register()
		load(u, at.Offset(u*d.width()), x)
		halves := d.split(x)
		for r := range d.rows {
			p := d.register()
			d.times(factors[r], halves, p)
			d.xor(p, sums[r][u])
		}
	}
}

// addPair adds the products of two sources, both with one instruction.
func (d *dotKernel) addPair(sums [][]VecVirtual, src, i GPVirtual, load func(int, Mem, VecVirtual)) {
	at0, at1 := d.source(src, 0), d.source(src, 1)
	factors0, factors1 := d.factors(i, 0), d.factors(i, 1)
	for u := range sums[0] {
		x0, x1 := d.register(), d.register()
		load(u, at0.Offset(u*d.width()), x0)
		load(u, at1.Offset(u*d.width()), x1)
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
func (d *dotKernel) each(label string, sums [][]VecVirtual, do func(int, VecVirtual, Mem)) {
	add := Load(Param("add"), GP64())
	TESTQ(add, add)
	JZ(LabelRef(label + "Store"))
	d.eachDst(sums, do)
	Label(label + "Store")
}

func (d *dotKernel) eachDst(sums [][]VecVirtual, do func(int, VecVirtual, Mem)) {
	dsts := Load(Param("dsts"), GP64())
	for r := range sums {
		p := GP64()
		MOVQ(Mem{Base: dsts, Disp: r * sliceHeader}, p)
		for u, sum := range sums[r] {
			do(u, sum, Mem{Base: p, Index: d.off, Scale: 1, Disp: u * d.width()})
		}
	}
}
