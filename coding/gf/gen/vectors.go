package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vectors is an instruction set with registers of one width, as far as the kernels need it.
type vectors interface {
	name() string      // ends a kernel's name
	width() int        // bytes in a register
	masks() bool       // whether loads and stores can be cut at any byte
	pairs() bool       // whether three registers are added in one instruction
	tableType() string // the Go type of a pointer to the table of factors; "" if there is none
	factorType() string

	register() VecVirtual
	load(m Mem, to VecVirtual)
	store(from VecVirtual, m Mem)
	zero(v VecVirtual)
	xor(a Op, to VecVirtual) // to ^= a
	and(a, to VecVirtual)    // to &= a
	end()                    // before a kernel returns

	// begin loads constants; called once, first, in every kernel that multiplies.
	begin()
	// factor loads what multiplies by the coefficient that lies at coef.
	factor(table Register, coef Mem) factor
	// factorAt loads what multiplies from where it is.
	factorAt(m Mem) factor
	// split prepares bytes for multiplying; x is lost.
	split(x VecVirtual) operand
	// times puts the product into to.
	times(f factor, x operand, to VecVirtual)
}

// factor is what multiplies by one coefficient: a matrix, or two tables of 16 products. operand is what is multiplied:
// bytes, or their lower and upper halves.
type (
	factor  []VecVirtual
	operand []VecVirtual
)

// gfni512 multiplies 64 bytes by an 8 by 8 bit matrix in one instruction.
type gfni512 struct{}

func (gfni512) name() string              { return "GFNI512" }
func (gfni512) width() int                { return 64 }
func (gfni512) masks() bool               { return true }
func (gfni512) pairs() bool               { return true }
func (gfni512) tableType() string         { return "*[256]uint64" }
func (gfni512) factorType() string        { return "*uint64" }
func (gfni512) register() VecVirtual      { return ZMM() }
func (gfni512) load(m Mem, to VecVirtual) { VMOVDQU64(m, to) }
func (gfni512) store(v VecVirtual, m Mem) { VMOVDQU64(v, m) }
func (gfni512) zero(v VecVirtual)         { VPXORQ(v, v, v) }
func (gfni512) xor(a Op, to VecVirtual)   { VPXORQ(a, to, to) }
func (gfni512) and(a, to VecVirtual)      { VPANDQ(a, to, to) }
func (gfni512) end()                      { VZEROUPPER() }
func (gfni512) begin()                    {}
func (g gfni512) factor(table Register, coef Mem) factor {
	return g.factorAt(Mem{Base: table, Index: loaded(coef), Scale: 8})
}
func (gfni512) factorAt(m Mem) factor {
	v := ZMM()
	VPBROADCASTQ(m, v)
	return factor{v}
}
func (gfni512) split(x VecVirtual) operand { return operand{x} }
func (gfni512) times(f factor, x operand, to VecVirtual) {
	VGF2P8AFFINEQB(U8(0), f[0], x[0], to)
}

// loaded returns a register with the byte at m.
func loaded(m Mem) GPVirtual {
	c := GP64()
	MOVBQZX(m, c)
	return c
}

// gfni512Computed computes matrices from coefficients instead of loading them from a table, which takes two instructions
// more and leaves the cache to the packets. It pays where a matrix multiplies many registers at a time.
type gfni512Computed struct {
	gfni512
	basis  VecVirtual // eight matrices; the i-th makes byte i of a coefficient's matrix out of the coefficient
	gather VecVirtual // puts the first bytes of eight words next to each other, in every word
}

func (*gfni512Computed) tableType() string { return "" }

func (g *gfni512Computed) begin() {
	g.basis, g.gather = ZMM(), ZMM()
	g.load(words("basis", basisWords()), g.basis)
	g.load(words("gather", gatherWords()), g.gather)
}

func (g *gfni512Computed) factor(_ Register, coef Mem) factor {
	v := ZMM()
	VPBROADCASTB(coef, v)
	VGF2P8AFFINEQB(U8(0), g.basis, v, v)
	VPERMB(v, g.gather, v)
	return factor{v}
}

// ymm is what both sets with 32-byte registers share.
type ymm struct{}

func (ymm) width() int                { return 32 }
func (ymm) masks() bool               { return false }
func (ymm) pairs() bool               { return false }
func (ymm) register() VecVirtual      { return YMM() }
func (ymm) load(m Mem, to VecVirtual) { VMOVDQU(m, to) }
func (ymm) store(v VecVirtual, m Mem) { VMOVDQU(v, m) }
func (ymm) zero(v VecVirtual)         { VPXOR(v, v, v) }
func (ymm) xor(a Op, to VecVirtual)   { VPXOR(a, to, to) }
func (ymm) and(a, to VecVirtual)      { VPAND(a, to, to) }
func (ymm) end()                      { VZEROUPPER() }

// gfni256 does the same on 32 bytes, where the processor has GFNI but not AVX-512.
type gfni256 struct{ ymm }

func (gfni256) name() string       { return "GFNI256" }
func (gfni256) tableType() string  { return "*[256]uint64" }
func (gfni256) factorType() string { return "*uint64" }
func (gfni256) begin()             {}
func (g gfni256) factor(table Register, coef Mem) factor {
	return g.factorAt(Mem{Base: table, Index: loaded(coef), Scale: 8})
}
func (gfni256) factorAt(m Mem) factor {
	v := YMM()
	VPBROADCASTQ(m, v)
	return factor{v}
}
func (gfni256) split(x VecVirtual) operand { return operand{x} }
func (gfni256) times(f factor, x operand, to VecVirtual) {
	VGF2P8AFFINEQB(U8(0), f[0], x[0], to)
}

// avx2 looks up the products of a byte's lower and upper four bits, 32 bytes at a time.
type avx2 struct {
	ymm
	low VecVirtual // 0x0f in every byte
}

func (*avx2) name() string       { return "AVX2" }
func (*avx2) tableType() string  { return "*[256][32]byte" }
func (*avx2) factorType() string { return "*[32]byte" }
func (a *avx2) begin() {
	a.low = YMM()
	x, c := XMM(), GP32()
	MOVL(U32(0x0f0f0f0f), c)
	VMOVD(c, x)
	VPBROADCASTD(x, a.low)
}
func (a *avx2) factor(table Register, coef Mem) factor {
	c := loaded(coef)
	SHLQ(U8(5), c)
	return a.factorAt(Mem{Base: table, Index: c, Scale: 1})
}
func (*avx2) factorAt(m Mem) factor {
	lower, upper := YMM(), YMM()
	VBROADCASTI128(m, lower)
	VBROADCASTI128(m.Offset(16), upper)
	return factor{lower, upper}
}
func (a *avx2) split(x VecVirtual) operand {
	upper := YMM()
	VPSRLQ(U8(4), x, upper)
	VPAND(a.low, x, x)
	VPAND(a.low, upper, upper)
	return operand{x, upper}
}
func (*avx2) times(f factor, x operand, to VecVirtual) {
	upper := YMM()
	VPSHUFB(x[0], f[0], to)
	VPSHUFB(x[1], f[1], upper)
	VPXOR(upper, to, to)
}

// ssse3 does the same as avx2 on 16 bytes. Its instructions overwrite one of their operands.
type ssse3 struct {
	low VecVirtual // 0x0f in every byte
}

func (*ssse3) name() string              { return "SSSE3" }
func (*ssse3) width() int                { return 16 }
func (*ssse3) masks() bool               { return false }
func (*ssse3) pairs() bool               { return false }
func (*ssse3) tableType() string         { return "*[256][32]byte" }
func (*ssse3) factorType() string        { return "*[32]byte" }
func (*ssse3) register() VecVirtual      { return XMM() }
func (*ssse3) load(m Mem, to VecVirtual) { MOVOU(m, to) }
func (*ssse3) store(v VecVirtual, m Mem) { MOVOU(v, m) }
func (*ssse3) zero(v VecVirtual)         { PXOR(v, v) }
func (*ssse3) and(a, to VecVirtual)      { PAND(a, to) }
func (*ssse3) end()                      {}

// xor loads what lies in memory first: as an operand it would have to be aligned.
func (*ssse3) xor(a Op, to VecVirtual) {
	if m, memory := a.(Mem); memory {
		x := XMM()
		MOVOU(m, x)
		a = x
	}
	PXOR(a, to)
}

func (s *ssse3) begin() {
	s.low = XMM()
	c := GP32()
	MOVL(U32(0x0f0f0f0f), c)
	MOVD(c, s.low)
	PSHUFL(U8(0), s.low, s.low)
}

func (s *ssse3) factor(table Register, coef Mem) factor {
	c := loaded(coef)
	SHLQ(U8(5), c)
	return s.factorAt(Mem{Base: table, Index: c, Scale: 1})
}

func (*ssse3) factorAt(m Mem) factor {
	lower, upper := XMM(), XMM()
	MOVOU(m, lower)
	MOVOU(m.Offset(16), upper)
	return factor{lower, upper}
}

func (s *ssse3) split(x VecVirtual) operand {
	upper := XMM()
	MOVO(x, upper)
	PSRLQ(U8(4), upper)
	PAND(s.low, x)
	PAND(s.low, upper)
	return operand{x, upper}
}

func (*ssse3) times(f factor, x operand, to VecVirtual) {
	upper := XMM()
	MOVO(f[0], to)
	PSHUFB(x[0], to)
	MOVO(f[1], upper)
	PSHUFB(x[1], upper)
	PXOR(upper, to)
}
