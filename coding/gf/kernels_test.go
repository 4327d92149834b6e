package gf_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ioverlay/ioverlay/coding/gf"
)

const (
	mostBytes  = 300 // lengths are tested from 0 to this
	alignments = 64  // of slices, from 0 to this less 1
	guardBytes = 64  // before and after each result
	guardByte  = 0xA5
)

// randomBytes returns bytes that are the same in each run.
func randomBytes(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 17))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

var guard = bytes.Repeat([]byte{guardByte}, guardBytes)

// arena is room for one slice at any alignment, with guards around it.
type arena struct{ room []byte }

func newArena(most int) *arena {
	a := &arena{room: make([]byte, 2*guardBytes+3*alignments+most)}
	a.room = a.room[(alignments-int(address(a.room)%alignments))%alignments:]
	return a
}

// place puts b at an alignment and guards around it, and returns it there.
func (a *arena) place(b []byte, alignment int) []byte {
	start := guardBytes + alignment
	copy(a.room[start-guardBytes:], guard)
	copy(a.room[start+len(b):], guard)
	return a.room[start : start+copy(a.room[start:], b)]
}

// intact reports whether the guards around n bytes at an alignment are.
func (a *arena) intact(n, alignment int) bool {
	start := guardBytes + alignment
	return bytes.Equal(a.room[start-guardBytes:start], guard) && bytes.Equal(a.room[start+n:start+n+guardBytes], guard)
}

// operation is a call on up to three sources, and what it makes of a byte of dst and of each source.
type operation struct {
	name string
	call func(k gf.Kernels, dst []byte, srcs [][]byte)
	want func(dst byte, srcs [3]byte) byte
}

var coefs = []byte{0x8e, 0x1d, 0xf3}

func weighted(s [3]byte) byte {
	return books[coefs[0]][s[0]] ^ books[coefs[1]][s[1]] ^ books[coefs[2]][s[2]]
}

var operations = []operation{
	{"Add", func(k gf.Kernels, dst []byte, srcs [][]byte) { k.Add(dst, srcs[0]) },
		func(d byte, s [3]byte) byte { return d ^ s[0] }},
	{"MulSlice", func(k gf.Kernels, dst []byte, srcs [][]byte) { k.MulSlice(dst, srcs[0], coefs[0]) },
		func(_ byte, s [3]byte) byte { return books[coefs[0]][s[0]] }},
	{"MulSlice in place", func(k gf.Kernels, dst []byte, _ [][]byte) { k.MulSlice(dst, dst, coefs[0]) },
		func(d byte, _ [3]byte) byte { return books[coefs[0]][d] }},
	{"MulAdd", func(k gf.Kernels, dst []byte, srcs [][]byte) { k.MulAdd(dst, srcs[0], coefs[0]) },
		func(d byte, s [3]byte) byte { return d ^ books[coefs[0]][s[0]] }},
	{"Dot", func(k gf.Kernels, dst []byte, srcs [][]byte) { k.Dot(dst, srcs, coefs) },
		func(_ byte, s [3]byte) byte { return weighted(s) }},
	{"DotAdd", func(k gf.Kernels, dst []byte, srcs [][]byte) { k.DotAdd(dst, srcs, coefs) },
		func(d byte, s [3]byte) byte { return d ^ weighted(s) }},
}

// Every length at every alignment of the result and the sources, with guards around the result.
func TestLengthsAndAlignments(t *testing.T) {
	old := randomBytes(mostBytes, 1)
	var sources [3][]byte
	for i := range sources {
		sources[i] = randomBytes(mostBytes, uint64(2+i))
	}
	atLevels(t, func(t *testing.T, k gf.Kernels) {
		for _, op := range operations {
			t.Run(op.name, func(t *testing.T) {
				t.Parallel()
				want := make([]byte, mostBytes)
				for i := range want {
					want[i] = op.want(old[i], [3]byte{sources[0][i], sources[1][i], sources[2][i]})
				}
				checkPlaces(t, k, op, old, sources, want)
			})
		}
	})
}

// Long packets begin with few bytes, so that the others are aligned: what is tested above, where that happens.
func TestLongPacketsAtAlignments(t *testing.T) {
	const most = 2300
	old, source := randomBytes(most, 1), randomBytes(most, 2)
	want := make([]byte, most)
	result, room := newArena(most), newArena(most)
	atLevels(t, func(t *testing.T, k gf.Kernels) {
		for _, op := range operations[:4] { // those on one source
			for i := range want {
				want[i] = op.want(old[i], [3]byte{source[i]})
			}
			for _, n := range []int{2047, 2048, 2049, 2100, most} {
				for alignment := 0; alignment < alignments; alignment += 1 + sampling(k)/5 {
					for _, srcAlignment := range []int{0, alignment, 13, 32} {
						dst, src := result.place(old[:n], alignment), room.place(source[:n], srcAlignment)
						op.call(k, dst, [][]byte{src})
						if !bytes.Equal(dst, want[:n]) || !result.intact(n, alignment) || !bytes.Equal(src, source[:n]) {
							t.Fatalf("%s of %d bytes at alignment %d from %d is wrong", op.name, n, alignment, srcAlignment)
						}
					}
				}
			}
		}
	})
}

func checkPlaces(t *testing.T, k gf.Kernels, op operation, old []byte, sources [3][]byte, want []byte) {
	result := newArena(mostBytes)
	var rooms [3]*arena
	for i := range rooms {
		rooms[i] = newArena(mostBytes)
	}
	srcs := make([][]byte, len(rooms))
	for n := 0; n <= mostBytes; n += sampling(k) {
		for alignment := range alignments {
			for i, room := range rooms {
				srcs[i] = room.place(sources[i][:n], (alignment+23*i)%alignments)
			}
			for dstAlignment := range alignments {
				dst := result.place(old[:n], dstAlignment)
				op.call(k, dst, srcs)
				if !bytes.Equal(dst, want[:n]) {
					t.Fatalf("%d bytes at alignment %d from %d: got %x, want %x", n, dstAlignment, alignment, dst, want[:n])
				}
				if !result.intact(n, dstAlignment) {
					t.Fatalf("%d bytes at alignment %d from %d: bytes around the result were written", n, dstAlignment, alignment)
				}
			}
			for i, room := range rooms {
				if !bytes.Equal(srcs[i], sources[i][:n]) || !room.intact(n, (alignment+23*i)%alignments) {
					t.Fatalf("%d bytes: source %d was written", n, i)
				}
			}
		}
	}
}

// sampling is the step between lengths: all of them, but under the race detector, which makes everything ten times
// slower, few. Plain Go has no cases for lengths or alignments, so fewer do for it.
func sampling(k gf.Kernels) int {
	switch {
	case raceEnabled && k.Level() == gf.Generic:
		return 97
	case raceEnabled:
		return 17
	case k.Level() == gf.Generic:
		return 5
	}
	return 1
}

// Every coefficient times every byte, in registers and in what is left over.
func TestAllCoefficients(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	atLevels(t, func(t *testing.T, k gf.Kernels) {
		for c := range 256 {
			for _, chunk := range []int{256, 64, 63, 32, 31, 7} {
				product, sum, dot, mat := make([]byte, 256), make([]byte, 256), make([]byte, 256), make([]byte, 256)
				for from := 0; from < 256; from += chunk {
					to := min(from+chunk, 256)
					src := all[from:to]
					k.MulSlice(product[from:to], src, byte(c))
					k.MulAdd(sum[from:to], src, byte(c))
					k.Dot(dot[from:to], [][]byte{src}, []byte{byte(c)})
					other := make([]byte, to-from)
					k.MatMulAdd([][]byte{mat[from:to], other}, [][]byte{src}, [][]byte{{byte(c)}, {byte(c)}})
				}
				for _, got := range [][]byte{product, sum, dot, mat} {
					if !bytes.Equal(got, books[c][:]) {
						t.Fatalf("%d times every byte, %d at a time: got %x, want %x", c, chunk, got, books[c])
					}
				}
			}
		}
	})
}
