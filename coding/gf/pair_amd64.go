//go:build !noasm

package gf

// The assembly with 256-bit registers needs that many bytes; what is shorter is left to the plain loops. With 512 bits
// it cuts loads and stores at any byte. From two registers on, 256 bits are as good or better where there is one
// source: such loops wait for the cache, and half as many of their accesses cross two of its lines.
const (
	leastBytes256 = 32
	mostBytes512  = 63
)

func (k Kernels) mulAdd(dst, src []byte, c byte) {
	switch n := len(dst); {
	case n == 0:
	case k.level == SSSE3:
		ssse3.GalMulSliceXor(c, src, dst)
	case k.level == GFNI512 && n <= mostBytes512:
		mulAddGFNI512(&dst[0], &src[0], n, &matrixTable[c])
	case k.level == Generic || n < leastBytes256:
		mulAddGeneric(dst, src, c)
	case k.level == AVX2:
		mulAddAVX2(&dst[0], &src[0], n, &halfTable[c])
	default:
		mulAddGFNI256(&dst[0], &src[0], n, &matrixTable[c])
	}
}

func (k Kernels) mul(dst, src []byte, c byte) {
	switch n := len(dst); {
	case n == 0:
	case k.level == SSSE3:
		ssse3.GalMulSlice(c, src, dst)
	case k.level == GFNI512 && n <= mostBytes512:
		mulGFNI512(&dst[0], &src[0], n, &matrixTable[c])
	case k.level == Generic || n < leastBytes256:
		mulGeneric(dst, src, c)
	case k.level == AVX2:
		mulAVX2(&dst[0], &src[0], n, &halfTable[c])
	default:
		mulGFNI256(&dst[0], &src[0], n, &matrixTable[c])
	}
}

func (k Kernels) add(dst, src []byte) {
	switch n := len(dst); {
	case n == 0:
	case k.level == GFNI512 && n <= mostBytes512:
		addGFNI512(&dst[0], &src[0], n)
	case k.level < AVX2 || n < leastBytes256:
		addGeneric(dst, src)
	default:
		addAVX2(&dst[0], &src[0], n)
	}
}
