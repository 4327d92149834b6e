//go:build !noasm && (amd64 || arm64)

package gf

import "github.com/klauspost/reedsolomon"

// matMulLibrary makes sums source by source, which is all that the library offers for coefficients that come at random.
func matMulLibrary(l *reedsolomon.LowLevel, dsts, srcs, rows [][]byte, m mode) {
	for j, dst := range dsts {
		for i, src := range srcs {
			if i == 0 && m == set {
				l.GalMulSlice(rows[j][i], src, dst)
			} else {
				l.GalMulSliceXor(rows[j][i], src, dst)
			}
		}
	}
}
