package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// abreastSources is how many sources such a kernel reads side by side: their pointers and factors fill the registers.
const abreastSources = 8

// abreast writes a kernel for one result out of sources that come from beyond the first cache: it passes over a few of
// them line by line, so that the processor sees as many sequential streams and reads ahead in each of them, and keeps
// their factors in registers. The result is loaded and stored once for so many sources.
func abreast() {
	v := &gfni512Computed{}
	TEXT(fmt.Sprintf("abreast%d%s", abreastSources, v.name()), NOSPLIT, "func(dst *byte, srcs *[]byte, coefs *byte, from, to, add int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("abreast%d%s sets bytes from to to-1 of dst, a multiple of 64, to the sum over %d sources, or adds if add is 1.",
		abreastSources, v.name(), abreastSources))
	list, coefs := Load(Param("srcs"), GP64()), Load(Param("coefs"), GP64())
	v.begin()
	var factors []factor
	for i := range abreastSources {
		factors = append(factors, v.factor(nil, Mem{Base: coefs, Disp: i}))
	}
	var srcs []Register
	for i := range abreastSources {
		p := GP64()
		MOVQ(Mem{Base: list, Disp: i * sliceHeader}, p)
		srcs = append(srcs, p)
	}
	dst, off, to := Load(Param("dst"), GP64()), Load(Param("from"), GP64()), Load(Param("to"), GP64())
	add := Load(Param("add"), GP64())
	TESTQ(add, add)
	JNZ(LabelRef("add"))
	for _, more := range []bool{false, true} {
		label := "set"
		if more {
			label = "add"
		}
		Label(label)
		CMPQ(off, to)
		JGE(LabelRef("done"))
		sum := v.register()
		if more {
			v.load(Mem{Base: dst, Index: off, Scale: 1}, sum)
		} else {
			v.zero(sum)
		}
		var products []VecVirtual
		for i := range abreastSources {
			p := v.register()
			v.load(Mem{Base: srcs[i], Index: off, Scale: 1}, p)
			products = append(products, p)
		}
		for i, p := range products {
			v.times(factors[i], operand{p}, p)
		}
		for i := 0; i < abreastSources; i += 2 {
			VPTERNLOGQ(U8(0x96), products[i], products[i+1], sum)
		}
		v.store(sum, Mem{Base: dst, Index: off, Scale: 1})
		ADDQ(U32(v.width()), off)
		JMP(LabelRef(label))
	}
	Label("done")
	v.end()
	RET()
}
