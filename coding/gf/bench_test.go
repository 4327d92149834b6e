package gf_test

import (
	"fmt"
	"testing"

	"github.com/klauspost/reedsolomon"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// Run with: go test -run '^$' -bench . ./coding/gf
//
// For comparisons with the library that survive other tenants of the machine, run "ioverlay bench gf".

// bench runs a benchmark for packets of some sizes at each level; bytes are what one run counts for a packet's byte.
func bench(b *testing.B, packets, bytes int, run func(k gf.Kernels, p [][]byte)) {
	for _, size := range []int{64, 1 << 10, 5 << 10, 64 << 10} {
		room := make([][]byte, packets)
		for i := range room {
			room[i] = randomBytes(size+64, uint64(i))[:size] // not a multiple of 4096 apart
		}
		for _, l := range gf.Levels() {
			b.Run(fmt.Sprintf("size=%d/level=%v", size, l), func(b *testing.B) {
				b.SetBytes(int64(size * bytes))
				b.ReportAllocs()
				k := gf.At(l)
				for b.Loop() {
					run(k, room)
				}
			})
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	bench(b, 2, 1, func(k gf.Kernels, p [][]byte) { k.Add(p[0], p[1]) })
}

func BenchmarkMulSlice(b *testing.B) {
	bench(b, 2, 1, func(k gf.Kernels, p [][]byte) { k.MulSlice(p[0], p[1], 29) })
}

func BenchmarkMulAdd(b *testing.B) {
	bench(b, 2, 1, func(k gf.Kernels, p [][]byte) { k.MulAdd(p[0], p[1], 29) })
}

func BenchmarkDot32(b *testing.B) {
	coefs := randomBytes(32, 1)
	bench(b, 33, 32, func(k gf.Kernels, p [][]byte) { k.Dot(p[0], p[1:], coefs) })
}

func BenchmarkMatMul4x32(b *testing.B) {
	rows := [][]byte{randomBytes(32, 1), randomBytes(32, 2), randomBytes(32, 3), randomBytes(32, 4)}
	bench(b, 36, 4*32, func(k gf.Kernels, p [][]byte) { k.MatMul(p[:4], p[4:], rows) })
}

// BenchmarkLowLevel is the library's way to add a multiple.
func BenchmarkLowLevel(b *testing.B) {
	var ll reedsolomon.LowLevel
	for _, size := range []int{64, 1 << 10, 5 << 10, 64 << 10} {
		src, dst := randomBytes(size, 1), randomBytes(size, 2)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				ll.GalMulSliceXor(29, src, dst)
			}
		})
	}
}
