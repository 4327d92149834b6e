//go:build !noasm

package gf

import "unsafe"

// How a product of matrices is cut into calls of the assembly, measured on Zen 4.
const (
	// A call makes the sums of up to this many rows, loading each source once for all of them.
	rowsGFNI, rowsTables = 4, 2
	// With more rows than that the columns are cut into tiles, so that the second call finds the sources in the cache.
	tileBytes = 1024
	// With no more rows, sources of more than these bytes in all come from beyond the second cache. There the processor
	// foresees what is read next only if few sources are read side by side.
	farBytes                         = 256 << 10
	farSourcesGFNI, farSourcesTables = 16, 8
	// From so many bytes on it pays to make a few of them first, if the sources then lie at cache lines: a load across
	// two lines costs two, and with 512 bits every one would be.
	alignFrom, lineBytes = 512, 64
)

func (k Kernels) dot(dst []byte, srcs [][]byte, coefs []byte, m mode) {
	dsts, rows := [1][]byte{dst}, [1][]byte{coefs}
	if k.level == GFNI512 && len(srcs) > 0 && len(srcs)*len(dst) <= farBytes {
		// The shortest way, for the vectors of coefficients that decoders work on.
		head := k.head(len(dst), srcs)
		if head > 0 {
			dot1GFNI512(&dsts[0], &srcs[0], &rows[0], len(srcs), 0, head, int(m))
		}
		dot1GFNI512(&dsts[0], &srcs[0], &rows[0], len(srcs), head, len(dst), int(m))
		return
	}
	k.matMul(dsts[:], srcs, rows[:], m)
}

func (k Kernels) matMul(dsts, srcs, rows [][]byte, m mode) {
	switch {
	case len(dsts) == 0 || len(dsts[0]) == 0:
	case k.level == Generic || len(srcs) == 0 || k.level < GFNI512 && len(dsts[0]) < leastBytes:
		matMulGeneric(dsts, srcs, rows, m)
	case k.level < GFNI256:
		k.matMulAssembly(dsts, srcs, rows, m, rowsTables, farSourcesTables)
	default:
		k.matMulAssembly(dsts, srcs, rows, m, rowsGFNI, farSourcesGFNI)
	}
}

// matMulAssembly cuts a product so that each call has at most so many rows and, if they are far, so many sources.
func (k Kernels) matMulAssembly(dsts, srcs, rows [][]byte, m mode, maxRows, maxSrcs int) {
	size := len(dsts[0])
	if len(dsts) <= maxRows {
		near, head := len(srcs)*size <= farBytes, 0
		if near {
			maxSrcs = len(srcs)
		}
		if len(dsts) == 1 || !near {
			head = k.head(size, srcs) // several results wait for their products rather than for loads
		}
		for first := 0; first < len(srcs); first += maxSrcs {
			last := min(first+maxSrcs, len(srcs))
			if head > 0 {
				k.sums(dsts, srcs[first:last], rows, first, 0, head, m)
			}
			k.sums(dsts, srcs[first:last], rows, first, head, size, m)
			m = add
		}
		return
	}
	for from := 0; from < size; from += tileBytes {
		to := min(from+tileBytes, size)
		for j := 0; j < len(dsts); j += maxRows {
			end := min(j+maxRows, len(dsts))
			k.sums(dsts[j:end], srcs, rows[j:end], 0, from, to, m)
		}
	}
}

// head returns after how many bytes all sources reach a cache line, or 0 if they do not do so together or if it does not
// matter. They do in a block that is cut into packets of a multiple of 64 bytes.
func (k Kernels) head(size int, srcs [][]byte) int {
	begin := address(srcs[0])
	if k.level != GFNI512 || size < alignFrom || begin%lineBytes == 0 {
		return 0
	}
	differ := uintptr(0)
	for _, src := range srcs {
		differ |= address(src) ^ begin
	}
	if differ%lineBytes != 0 {
		return 0
	}
	return int(lineBytes - begin%lineBytes)
}

// address returns where a slice begins.
func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// sums makes bytes from to to-1 of up to four results. The sources' coefficients begin at index first in the rows. The
// calls are spelled out because a call through a variable would let the slices escape to the heap.
func (k Kernels) sums(dsts, srcs, rows [][]byte, first, from, to int, m mode) {
	if first > 0 {
		var later [rowsGFNI][]byte
		for j, row := range rows {
			later[j] = row[first:]
		}
		rows = later[:len(rows)]
	}
	d, s, r, n := &dsts[0], &srcs[0], &rows[0], len(srcs)
	switch k.level {
	case SSSE3:
		switch len(dsts) {
		case 1:
			dot1SSSE3(d, s, r, n, from, to, int(m), &halfTable)
		case 2:
			dot2SSSE3(d, s, r, n, from, to, int(m), &halfTable)
		}
	case AVX2:
		switch len(dsts) {
		case 1:
			dot1AVX2(d, s, r, n, from, to, int(m), &halfTable)
		case 2:
			dot2AVX2(d, s, r, n, from, to, int(m), &halfTable)
		}
	case GFNI256:
		switch len(dsts) {
		case 1:
			dot1GFNI256(d, s, r, n, from, to, int(m), &matrixTable)
		case 2:
			dot2GFNI256(d, s, r, n, from, to, int(m), &matrixTable)
		case 3:
			dot3GFNI256(d, s, r, n, from, to, int(m), &matrixTable)
		case 4:
			dot4GFNI256(d, s, r, n, from, to, int(m), &matrixTable)
		}
	case GFNI512:
		switch len(dsts) {
		case 1:
			dot1GFNI512(d, s, r, n, from, to, int(m))
		case 2:
			dot2GFNI512(d, s, r, n, from, to, int(m), &matrixTable)
		case 3:
			dot3GFNI512(d, s, r, n, from, to, int(m), &matrixTable)
		case 4:
			dot4GFNI512(d, s, r, n, from, to, int(m), &matrixTable)
		}
	}
}
