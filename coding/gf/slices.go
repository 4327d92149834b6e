package gf

import "fmt"

// Add adds src to dst: dst ^= src.
func Add(dst, src []byte) { best.Add(dst, src) }

// MulSlice sets dst to c·src. dst may be src itself.
func MulSlice(dst, src []byte, c byte) { best.MulSlice(dst, src, c) }

// MulAdd adds c·src to dst: dst ^= c·src.
func MulAdd(dst, src []byte, c byte) { best.MulAdd(dst, src, c) }

// Dot sets dst to the sum of coefs[i]·srcs[i]; to zeros if there are no sources. There is a coefficient for each source.
func Dot(dst []byte, srcs [][]byte, coefs []byte) { best.Dot(dst, srcs, coefs) }

// DotAdd adds the sum of coefs[i]·srcs[i] to dst. There is a coefficient for each source.
func DotAdd(dst []byte, srcs [][]byte, coefs []byte) { best.DotAdd(dst, srcs, coefs) }

// MatMul sets each dsts[j] to the sum of rows[j][i]·srcs[i]: a matrix, given by rows, times the sources. There is a row
// for each destination and in it a coefficient for each source.
func MatMul(dsts, srcs, rows [][]byte) { best.MatMul(dsts, srcs, rows) }

// MatMulAdd adds to each dsts[j] the sum of rows[j][i]·srcs[i]. There is a row for each destination and in it a
// coefficient for each source.
func MatMulAdd(dsts, srcs, rows [][]byte) { best.MatMulAdd(dsts, srcs, rows) }

func checkPair(dst, src []byte) {
	if len(dst) != len(src) {
		panic(fmt.Sprintf("gf: dst has %d bytes and src %d; make them equal", len(dst), len(src)))
	}
}

func checkSum(dst []byte, srcs [][]byte, coefs []byte) {
	if len(srcs) != len(coefs) {
		panic(fmt.Sprintf("gf: %d sources and %d coefficients; there must be one for each source", len(srcs), len(coefs)))
	}
	checkSources(len(dst), srcs)
}

func checkSources(size int, srcs [][]byte) {
	if !allOfSize(size, srcs) {
		for i, src := range srcs {
			if len(src) != size {
				panic(fmt.Sprintf("gf: source %d has %d bytes and the destination %d; make them equal", i, len(src), size))
			}
		}
	}
}

// allOfSize looks at eight sources a turn. One a turn would take a tenth of the time that it takes to code 32 packets of
// 1 KB.
func allOfSize(size int, srcs [][]byte) bool {
	differ := 0
	for ; len(srcs) >= 8; srcs = srcs[8:] {
		p := (*[8][]byte)(srcs)
		differ |= (len(p[0]) ^ size | len(p[1]) ^ size) | (len(p[2]) ^ size | len(p[3]) ^ size) |
			(len(p[4]) ^ size | len(p[5]) ^ size) | (len(p[6]) ^ size | len(p[7]) ^ size)
	}
	for _, src := range srcs {
		differ |= len(src) ^ size
	}
	return differ == 0
}

func checkMatrix(dsts, srcs, rows [][]byte) {
	if len(dsts) != len(rows) {
		panic(fmt.Sprintf("gf: %d destinations and %d rows; there must be one for each destination", len(dsts), len(rows)))
	}
	if len(dsts) == 0 {
		return
	}
	size := len(dsts[0])
	for j, dst := range dsts {
		if len(dst) != size {
			panic(fmt.Sprintf("gf: destination %d has %d bytes and the first %d; make them equal", j, len(dst), size))
		}
		if len(rows[j]) != len(srcs) {
			panic(fmt.Sprintf("gf: row %d has %d coefficients and there are %d sources; there must be one for each", j, len(rows[j]), len(srcs)))
		}
	}
	checkSources(size, srcs)
}
