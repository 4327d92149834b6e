//go:build !noasm

package gf

import "unsafe"

// How a product of matrices is cut into calls of the assembly, measured on Zen 4, but for what tuning says.
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
	// Several results wait for their products rather than for loads, so that it pays later.
	alignRowsFrom = 2048
	// So many sources are read abreast at a time.
	abreastSources = 8
)

func (k Kernels) dot(dst []byte, srcs [][]byte, coefs []byte, m mode) {
	dsts, rows := [1][]byte{dst}, [1][]byte{coefs}
	total := len(srcs) * len(dst)
	switch {
	case k.level != GFNI512 || total == 0:
		k.matMul(dsts[:], srcs, rows[:], m)
	case k.tuning.abreast && total > k.tuning.near && len(srcs) >= abreastSources:
		k.abreast(dst, srcs, coefs, m)
	case total > farBytes && !k.tuning.abreast:
		k.matMulAssembly(dsts[:], srcs, rows[:], m, rowsGFNI, farSourcesGFNI)
	default:
		k.blocks(dst, srcs, coefs, m)
	}
}

// blocks makes one result block by block, each out of all sources: the shortest way, for the vectors of coefficients
// that decoders work on.
func (k Kernels) blocks(dst []byte, srcs [][]byte, coefs []byte, m mode) {
	skip := k.skip(len(dst), srcs)
	dot1GFNI512(&dst, &srcs[0], &coefs, len(srcs), -skip, len(dst), skip, int(m))
}

// abreast makes one result out of eight sources or more, eight at a time. The ends of packets that do not fill a cache
// line are summed apart.
func (k Kernels) abreast(dst []byte, srcs [][]byte, coefs []byte, m mode) {
	size, skip := len(dst), k.skip(len(dst), srcs)
	begin := (lineBytes - skip) % lineBytes
	end := begin + (size-begin)/lineBytes*lineBytes
	if begin > 0 {
		dot1GFNI512(&dst, &srcs[0], &coefs, len(srcs), 0, begin, 0, int(m))
	}
	if end < size {
		dot1GFNI512(&dst, &srcs[0], &coefs, len(srcs), end, size, 0, int(m))
	}
	for ; len(srcs) >= abreastSources; srcs, coefs = srcs[abreastSources:], coefs[abreastSources:] {
		abreast8GFNI512(&dst[0], &srcs[0], &coefs[0], begin, end, int(m))
		m = add
	}
	if len(srcs) > 0 {
		dot1GFNI512(&dst, &srcs[0], &coefs, len(srcs), begin, end, 0, int(m))
	}
}

func (k Kernels) matMul(dsts, srcs, rows [][]byte, m mode) {
	switch {
	case len(dsts) == 0 || len(dsts[0]) == 0:
	case k.level == Generic || len(srcs) == 0 || k.level < GFNI512 && len(dsts[0]) < leastBytes:
		matMulGeneric(dsts, srcs, rows, m)
	case k.level == GFNI512 && len(dsts) == 1:
		k.dot(dsts[0], srcs, rows[0], m)
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
		if len(srcs)*size <= farBytes || k.tuning.abreast {
			maxSrcs = len(srcs)
		}
		skip := 0
		if size >= alignRowsFrom || len(dsts) == 1 {
			skip = k.skip(size, srcs)
		}
		for first := 0; first < len(srcs); first += maxSrcs {
			last := min(first+maxSrcs, len(srcs))
			k.sums(dsts, srcs[first:last], rows, first, -skip, size, skip, m)
			m = add
		}
		return
	}
	for from := 0; from < size; from += tileBytes {
		to := min(from+tileBytes, size)
		for j := 0; j < len(dsts); j += maxRows {
			end := min(j+maxRows, len(dsts))
			k.sums(dsts[j:end], srcs, rows[j:end], 0, from, to, 0, m)
		}
	}
}

// skip returns how many bytes before the sources their cache line begins, or 0 if they are not alike in that or if it
// does not matter. They are in a block that is cut into packets of a multiple of 64 bytes.
func (k Kernels) skip(size int, srcs [][]byte) int {
	begin := address(srcs[0])
	if k.level != GFNI512 || size < alignFrom || begin%lineBytes == 0 {
		return 0
	}
	if (address(srcs[len(srcs)-1])^begin)%lineBytes != 0 {
		return 0
	}
	differ := uintptr(0)
	for _, src := range srcs {
		differ |= address(src) ^ begin
	}
	if differ%lineBytes != 0 {
		return 0
	}
	return int(begin % lineBytes)
}

// address returns where a slice begins.
func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// sums makes bytes from to to-1 of up to four results. The sources' coefficients begin at index first in the rows. The
// results' first skip bytes from there on are left out, at levels with masks. The
// calls are spelled out because a call through a variable would let the slices escape to the heap.
func (k Kernels) sums(dsts, srcs, rows [][]byte, first, from, to, skip int, m mode) {
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
			dot1GFNI512(d, s, r, n, from, to, skip, int(m))
		case 2:
			dot2GFNI512(d, s, r, n, from, to, skip, int(m), &matrixTable)
		case 3:
			dot3GFNI512(d, s, r, n, from, to, skip, int(m), &matrixTable)
		case 4:
			dot4GFNI512(d, s, r, n, from, to, skip, int(m), &matrixTable)
		}
	}
}
