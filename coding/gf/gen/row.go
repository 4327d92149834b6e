package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// eliminate writes the kernel for elimination where a row fits one register.
func eliminate() {
	v := gfni512{}
	TEXT("eliminateRow"+v.name(), NOSPLIT,
		"func(row, rows, pivots *byte, n int, columns uint64, table, inverses *[256]uint64) int")
	Pragma("noescape")
	Doc("eliminateRow"+v.name()+" reduces row by n rows with pivots, all modulo 64, and gives it the first of columns that it has for",
		"its pivot, in which it is made 1 and the others 0. It returns the column, or -1 if it has none.")
	row, n, table := Load(Param("row"), GP64()), Load(Param("n"), GP64()), Load(Param("table"), GP64())
	reduced := reduce(v, row, n, table)

	// Bits of the bytes that are not 0.
	has, bits := K(), GP64()
	VPTESTMB(reduced, reduced, has)
	KMOVQ(has, bits)
	ANDQ(Load(Param("columns"), GP64()), bits)
	column := GP64()
	MOVQ(I32(-1), column)
	JZ(LabelRef("return"))
	TZCNTQ(bits, column)
	v.store(reduced, Mem{Base: row})
	v.times(v.factor(Load(Param("inverses"), GP64()), Mem{Base: row, Index: column, Scale: 1}), operand{reduced}, reduced)
	v.store(reduced, Mem{Base: row})
	clearColumn(v, reduced, column, n, table)
	Label("return")
	v.end()
	Store(column, ReturnIndex(0))
	RET()
}

// reduce returns row plus the sum, over the rows, of its byte at their pivot times them.
func reduce(v gfni512, row, count, table Register) VecVirtual {
	at, pivots, n := Load(Param("rows"), GP64()), Load(Param("pivots"), GP64()), GP64()
	MOVQ(count, n)
	// Two sums, so that additions wait for each other half as long. The factors come from the row as it was.
	sums := [2]VecVirtual{v.register(), v.register()}
	v.load(Mem{Base: row}, sums[0])
	v.zero(sums[1])
	add := func(i int) {
		p, x := GP64(), v.register()
		MOVBQZX(Mem{Base: pivots, Disp: i}, p)
		ANDQ(U8(63), p)
		f := v.factor(table, Mem{Base: row, Index: p, Scale: 1})
		v.load(Mem{Base: at, Disp: i * v.width()}, x)
		v.times(f, operand{x}, x)
		v.xor(x, sums[i])
	}
	Label("pairs")
	SUBQ(U8(2), n)
	JL(LabelRef("odd"))
	add(0)
	add(1)
	ADDQ(U8(2), pivots)
	ADDQ(U32(2*v.width()), at)
	JMP(LabelRef("pairs"))
	Label("odd")
	CMPQ(n, I8(-1))
	JNE(LabelRef("reduced"))
	add(0)
	Label("reduced")
	v.xor(sums[1], sums[0])
	return sums[0]
}

// clearColumn adds to each of the rows its byte at column times x.
func clearColumn(v gfni512, x VecVirtual, column, n, table Register) {
	at := Load(Param("rows"), GP64())
	Label("rows")
	SUBQ(U8(1), n)
	JL(LabelRef("return"))
	p := v.register()
	v.times(v.factor(table, Mem{Base: at, Index: column, Scale: 1}), operand{x}, p)
	v.xor(Mem{Base: at}, p)
	v.store(p, Mem{Base: at})
	ADDQ(U32(v.width()), at)
	JMP(LabelRef("rows"))
}
