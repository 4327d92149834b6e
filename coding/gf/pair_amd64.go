//go:build !noasm

package gf

// The assembly with registers of 128 and 256 bits needs that many bytes; what is shorter is left to the plain loops. With
// 512 bits it cuts loads and stores at any byte. From two registers on, 256 bits are as good or better on some processors
// where there is one source: such loops wait for the cache, and half as many of their accesses cross two of its lines.
const (
	leastBytes   = 32
	mostBytes512 = 63
)

// on512 reports whether n bytes of one source are handled on 512 bits.
func (k Kernels) on512(n int) bool {
	return k.level == GFNI512 && (k.tuning.wide || n <= mostBytes512) && n > 0
}

func mulAddOn512(dst, src []byte, c byte) {
	mulAddGFNI512(&dst[0], &src[0], len(dst), &matrixTable[c])
}

func (k Kernels) mulAdd(dst, src []byte, c byte) {
	switch n := len(dst); {
	case n == 0:
	case k.on512(n):
		mulAddOn512(dst, src, c)
	case k.level == Generic || n < leastBytes:
		mulAddGeneric(dst, src, c)
	case k.level == SSSE3:
		mulAddSSSE3(&dst[0], &src[0], n, &halfTable[c])
	case k.level == AVX2:
		mulAddAVX2(&dst[0], &src[0], n, &halfTable[c])
	default:
		mulAddGFNI256(&dst[0], &src[0], n, &matrixTable[c])
	}
}

func (k Kernels) mul(dst, src []byte, c byte) {
	switch n := len(dst); {
	case n == 0:
	case k.on512(n):
		mulGFNI512(&dst[0], &src[0], n, &matrixTable[c])
	case k.level == Generic || n < leastBytes:
		mulGeneric(dst, src, c)
	case k.level == SSSE3:
		mulSSSE3(&dst[0], &src[0], n, &halfTable[c])
	case k.level == AVX2:
		mulAVX2(&dst[0], &src[0], n, &halfTable[c])
	default:
		mulGFNI256(&dst[0], &src[0], n, &matrixTable[c])
	}
}

func (k Kernels) add(dst, src []byte) {
	switch n := len(dst); {
	case n == 0:
	case k.on512(n):
		addGFNI512(&dst[0], &src[0], n)
	case k.level == Generic || n < leastBytes:
		addGeneric(dst, src)
	case k.level == SSSE3:
		addSSSE3(&dst[0], &src[0], n)
	default:
		addAVX2(&dst[0], &src[0], n)
	}
}
