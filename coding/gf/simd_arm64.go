//go:build !noasm

package gf

import (
	"github.com/klauspost/cpuid/v2"
	"github.com/klauspost/reedsolomon"
)

// neon is the library, whose NEON kernels serve here; there are none of our own.
var neon reedsolomon.LowLevel

func available(l Level) bool {
	return l == Generic || l == NEON && cpuid.CPU.Supports(cpuid.ASIMD)
}

func (k Kernels) mulAdd(dst, src []byte, c byte) {
	if k.level == Generic {
		mulAddGeneric(dst, src, c)
		return
	}
	neon.GalMulSliceXor(c, src, dst)
}

func (k Kernels) mul(dst, src []byte, c byte) {
	if k.level == Generic {
		mulGeneric(dst, src, c)
		return
	}
	neon.GalMulSlice(c, src, dst)
}

func (k Kernels) add(dst, src []byte) { addGeneric(dst, src) }

func (k Kernels) dot(dst []byte, srcs [][]byte, coefs []byte, m mode) {
	dsts, rows := [1][]byte{dst}, [1][]byte{coefs}
	k.matMul(dsts[:], srcs, rows[:], m)
}

func (k Kernels) matMul(dsts, srcs, rows [][]byte, m mode) {
	if k.level == Generic || len(srcs) == 0 {
		matMulGeneric(dsts, srcs, rows, m)
		return
	}
	matMulNEON(dsts, srcs, rows, m)
}

// matMulLibrary makes sums source by source, which is all that the library offers for coefficients that come at random.
func matMulNEON(dsts, srcs, rows [][]byte, m mode) {
	for j, dst := range dsts {
		for i, src := range srcs {
			if i == 0 && m == set {
				neon.GalMulSlice(rows[j][i], src, dst)
			} else {
				neon.GalMulSliceXor(rows[j][i], src, dst)
			}
		}
	}
}

// tuningOf returns what suits a level: there is nothing to choose here.
func tuningOf(Level) tuning { return tuning{} }

func (Kernels) on512(int) bool { return false }

func mulAddOn512(_, _ []byte, _ byte) {}
