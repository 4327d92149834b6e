package gf

import (
	"crypto/subtle"
)

// The plain kernels, in Go without assembly. Lengths were checked by the caller.

func addGeneric(dst, src []byte) { subtle.XORBytes(dst, dst, src) }

func mulGeneric(dst, src []byte, c byte) {
	row := &mulTable[c]
	dst = dst[:len(src)]
	for i, x := range src {
		dst[i] = row[x]
	}
}

func mulAddGeneric(dst, src []byte, c byte) {
	row := &mulTable[c]
	dst = dst[:len(src)]
	for i, x := range src {
		dst[i] ^= row[x]
	}
}

func dotAddGeneric(dst []byte, srcs [][]byte, coefs []byte) {
	// Four sources in one pass load and store dst once rather than four times.
	for len(srcs) >= 4 {
		mulAdd4Generic(dst, [4][]byte(srcs), [4]byte(coefs))
		srcs, coefs = srcs[4:], coefs[4:]
	}
	for i, src := range srcs {
		mulAddGeneric(dst, src, coefs[i])
	}
}

func mulAdd4Generic(dst []byte, srcs [4][]byte, coefs [4]byte) {
	r0, r1, r2, r3 := &mulTable[coefs[0]], &mulTable[coefs[1]], &mulTable[coefs[2]], &mulTable[coefs[3]]
	s0, s1, s2, s3 := srcs[0][:len(dst)], srcs[1][:len(dst)], srcs[2][:len(dst)], srcs[3][:len(dst)]
	for i := range dst {
		dst[i] ^= r0[s0[i]] ^ r1[s1[i]] ^ r2[s2[i]] ^ r3[s3[i]]
	}
}

func dotGeneric(dst []byte, srcs [][]byte, coefs []byte, m mode) {
	if m == set {
		clear(dst)
	}
	dotAddGeneric(dst, srcs, coefs)
}

func matMulGeneric(dsts, srcs, rows [][]byte, m mode) {
	for j, dst := range dsts {
		dotGeneric(dst, srcs, rows[j], m)
	}
}
