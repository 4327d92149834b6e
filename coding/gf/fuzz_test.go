package gf_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// FuzzMatMul reads a shape, coefficients and packets from arbitrary bytes, and compares every level with the schoolbook.
func FuzzMatMul(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 1, 1, 0, 2, 3})
	f.Add(append([]byte{4, 3, 65, 7}, randomBytes(4*3+7*65, 1)...))
	f.Add(append([]byte{9, 33, 31, 63}, randomBytes(9*33+42*31, 2)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		next := func(n int) []byte {
			taken := make([]byte, n)
			data = data[copy(taken, data):]
			return taken
		}
		shape := next(4)
		rows, srcs, size, alignment := int(shape[0]%10), int(shape[1]%40), 2*int(shape[2])+int(shape[3]&1), int(shape[3]%alignments)
		take := func(n, size int) [][]byte {
			all := make([][]byte, n)
			for i := range all {
				all[i] = next(size + alignment)[alignment:]
			}
			return all
		}
		matrix, sources, old := take(rows, srcs), take(srcs, size), take(rows, size)
		for _, l := range gf.Levels() {
			for i, k := range gf.Ways(l) {
				if err := checkMatrix(k, old, sources, matrix); err != nil {
					t.Fatalf("level %v, way %d: %v", l, i, err)
				}
			}
		}
	})
}

// atAll are the kernels of all levels.
func atAll() (all []gf.Kernels) {
	for _, l := range gf.Levels() {
		all = append(all, gf.At(l))
	}
	return all
}

// FuzzMulAdd does so for the functions of one source.
func FuzzMulAdd(f *testing.F) {
	f.Add(byte(0), []byte{})
	f.Add(byte(1), []byte{1})
	f.Add(byte(0x1d), randomBytes(400, 1))
	f.Add(byte(0xff), randomBytes(1201, 2))
	f.Fuzz(func(t *testing.T, c byte, data []byte) {
		old, src := data[:len(data)/2], data[len(data)/2:][:len(data)/2]
		times, plus, sum := make([]byte, len(src)), make([]byte, len(src)), make([]byte, len(src))
		for i, x := range src {
			times[i], plus[i], sum[i] = books[c][x], old[i]^books[c][x], old[i]^x
		}
		for _, k := range slices.Concat(gf.Ways(gf.Best()), atAll()) {
			for _, op := range []struct {
				name string
				call func(dst []byte)
				want []byte
			}{
				{"MulSlice", func(dst []byte) { k.MulSlice(dst, src, c) }, times},
				{"MulSlice in place", func(dst []byte) { copy(dst, src); k.MulSlice(dst, dst, c) }, times},
				{"MulAdd", func(dst []byte) { k.MulAdd(dst, src, c) }, plus},
				{"Add", func(dst []byte) { k.Add(dst, src) }, sum},
			} {
				dst := bytes.Clone(old)
				if op.call(dst); !bytes.Equal(dst, op.want) {
					t.Fatalf("%s by %d of %d bytes at level %v %s: got %x, want %x", op.name, c, len(src), k.Level(), k.Tuning(), dst, op.want)
				}
			}
		}
	})
}
