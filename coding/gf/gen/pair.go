package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	// pairUnroll is how many registers a turn of the loops over one source handles; with masks pairUnrollMasked.
	pairUnroll, pairUnrollMasked = 4, 8
	// alignFrom is from how many bytes on it pays to begin with few bytes, so that the rest of dst is aligned; with masks
	// from alignFromMasked.
	alignFrom, alignFromMasked = 2048, 512
)

// pairKernel is a kernel from one source to one result under way.
type pairKernel struct {
	vectors
	dst, src Register  // where the next bytes are
	left     GPVirtual // how many there are
	f        factor    // nil to leave the source as it is
	add      bool      // to dst, rather than replace it
}

// product writes dst = f·src.
func product(v vectors) {
	pair(&pairKernel{vectors: v}, "mul", "sets n bytes of dst to f times those of src", v.factorType())
}

// productAdd writes dst ^= f·src.
func productAdd(v vectors) {
	pair(&pairKernel{vectors: v, add: true}, "mulAdd", "adds f times src to n bytes of dst", v.factorType())
}

// sum writes dst ^= src.
func sum(v vectors) {
	pair(&pairKernel{vectors: v, add: true}, "add", "adds src to n bytes of dst", "")
}

// pair writes one kernel: blocks of four registers, then single ones, then what is left.
func pair(p *pairKernel, name, what, factorType string) {
	signature := "func(dst, src *byte, n int)"
	if factorType != "" {
		signature = "func(dst, src *byte, n int, f " + factorType + ")"
	}
	TEXT(name+p.name(), NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + p.name() + " " + what + ".")
	p.dst, p.src = Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	p.left = Load(Param("n"), GP64()).(GPVirtual)
	if factorType != "" {
		p.begin()
		p.f = p.factorAt(Mem{Base: Load(Param("f"), GP64())})
	}
	rest := p.masked
	if p.masks() {
		p.alignDstMasked()
	} else {
		rest = p.overlapped()
		if p.add {
			p.alignDst()
		}
	}
	unroll := pairUnroll
	if p.masks() {
		unroll = pairUnrollMasked
	}
	p.turns("blocks", "singles", unroll)
	p.turns("singles", "tail", 1)
	Label("tail")
	TESTQ(p.left, p.left)
	JZ(LabelRef("done"))
	rest()
	Label("done")
	p.end()
	RET()
}

// turns handles n registers a turn while there are so many bytes, then goes on at next.
func (p *pairKernel) turns(label, next string, n int) {
	Label(label)
	CMPQ(p.left, U32(n*p.width()))
	JL(LabelRef(next))
	again := label + "Again"
	Label(again)
	load := func(u int) VecVirtual {
		x := p.register()
		p.load(Mem{Base: p.src, Disp: u * p.width()}, x)
		return x
	}
	// One is loaded ahead, so that registers alternate: Zen 5 runs a loop that uses one alone at half the speed.
	ahead := load(0)
	for u := range n {
		x := ahead
		if u+1 < n {
			ahead = load(u + 1)
		}
		at := Mem{Base: p.dst, Disp: u * p.width()}
		result := p.times1(x)
		if p.add {
			p.xor(at, result)
		}
		p.store(result, at)
	}
	p.advance(U32(n * p.width()))
	CMPQ(p.left, U32(n*p.width()))
	JGE(LabelRef(again))
	if n == 1 {
		return
	}
	JMP(LabelRef(next))
}

func (p *pairKernel) advance(bytes Op) {
	ADDQ(bytes, p.src)
	ADDQ(bytes, p.dst)
	SUBQ(bytes, p.left)
}

// times1 returns what x contributes to dst.
func (p *pairKernel) times1(x VecVirtual) VecVirtual {
	if p.f == nil {
		return x
	}
	result := p.register()
	p.times(p.f, p.split(x), result)
	return result
}

// masked handles the bytes left, fewer than a register has, and touches no others.
func (p *pairKernel) masked() { p.some(p.left) }

// some handles the next n bytes, fewer than a register has, and touches no others.
func (p *pairKernel) some(n Register) {
	bits, mask := GP64(), K()
	MOVQ(I32(-1), bits)
	BZHIQ(n, bits, bits)
	KMOVQ(bits, mask)
	x := p.register()
	VMOVDQU8_Z(Mem{Base: p.src}, mask, x)
	result := p.times1(x)
	if p.add {
		old := p.register()
		VMOVDQU8_Z(Mem{Base: p.dst}, mask, old)
		p.xor(old, result)
	}
	VMOVDQU8(result, mask, Mem{Base: p.dst})
}

// alignDstMasked handles the first bytes of many, so that the others begin where a cache line does in dst.
func (p *pairKernel) alignDstMasked() {
	CMPQ(p.left, U32(alignFromMasked))
	JL(LabelRef("blocks"))
	first := GP64()
	MOVQ(p.dst, first)
	NEGQ(first)
	ANDQ(U32(p.width()-1), first)
	JZ(LabelRef("blocks"))
	p.some(first)
	p.advance(first)
}

// alignDst handles the first bytes of many, so that the others begin where a register's width ends in dst: a store
// across two cache lines costs two. The register is stored whole, those of its bytes unchanged that come later.
func (p *pairKernel) alignDst() {
	CMPQ(p.left, U32(alignFrom))
	JL(LabelRef("blocks"))
	first := GP64()
	MOVQ(p.dst, first)
	NEGQ(first)
	ANDQ(U32(p.width()-1), first)
	JZ(LabelRef("blocks"))
	x, keep := p.register(), p.register()
	p.load(Mem{Base: p.src}, x)
	result := p.times1(x)
	firstBytes(p, first, keep)
	p.and(keep, result)
	p.xor(Mem{Base: p.dst}, result)
	p.store(result, Mem{Base: p.dst})
	p.advance(first)
}

// overlapped works out what the last register's width of src contributes before anything is stored, because src may be
// dst. It returns what writes the code for the bytes left: all of that is stored, or what is left of it is added. n is
// at least a register's width.
func (p *pairKernel) overlapped() func() {
	x := p.register()
	p.load(Mem{Base: p.src, Index: p.left, Scale: 1, Disp: -p.width()}, x)
	result := p.times1(x)
	return func() {
		at := Mem{Base: p.dst, Index: p.left, Scale: 1, Disp: -p.width()}
		if p.add {
			mask := p.register()
			lastBytes(p, p.left, mask)
			p.and(mask, result)
			p.xor(at, result)
		}
		p.store(result, at)
	}
}
