package gf_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/klauspost/reedsolomon"
	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// product is what MatMul makes of zeros and MatMulAdd of old, as the schoolbook says.
func product(old, srcs, rows [][]byte) [][]byte {
	sums := make([][]byte, len(rows))
	for j, row := range rows {
		sums[j] = bytes.Clone(old[j])
		for i, src := range srcs {
			for b, x := range src {
				sums[j][b] ^= books[row[i]][x]
			}
		}
	}
	return sums
}

// packetsOf are n random packets, each in room of its own so that the race detector and guards see each.
func packetsOf(n, size int, seed uint64) [][]byte {
	packets := make([][]byte, n)
	for i := range packets {
		packets[i] = randomBytes(size, seed+uint64(i))
	}
	return packets
}

func zerosOf(n, size int) [][]byte {
	packets := make([][]byte, n)
	for i := range packets {
		packets[i] = make([]byte, size)
	}
	return packets
}

func copyOf(packets [][]byte) [][]byte {
	copies := make([][]byte, len(packets))
	for i, p := range packets {
		copies[i] = bytes.Clone(p)
	}
	return copies
}

func checkMatrix(k gf.Kernels, old, srcs, rows [][]byte) error {
	zeros := make([][]byte, len(rows))
	for j := range zeros {
		zeros[j] = make([]byte, len(old[j]))
	}
	for _, c := range []struct {
		name   string
		mul    func(dsts, srcs, rows [][]byte)
		before [][]byte
	}{{"MatMul", k.MatMul, zeros}, {"MatMulAdd", k.MatMulAdd, old}} {
		got, want := copyOf(old), product(c.before, srcs, rows)
		c.mul(got, srcs, rows)
		for j := range want {
			if !bytes.Equal(got[j], want[j]) {
				return fmt.Errorf("%s of %d results from %d sources of %d bytes: result %d is %x, want %x",
					c.name, len(rows), len(srcs), len(old[j]), j, got[j], want[j])
			}
		}
	}
	return nil
}

// Numbers of rows and sources on both sides of what one call of the assembly takes, and lengths around its registers,
// blocks and tiles.
func TestMatMul(t *testing.T) {
	atLevels(t, func(t *testing.T, k gf.Kernels) {
		for _, rows := range []int{0, 1, 2, 3, 4, 5, 7, 8} {
			for _, srcs := range []int{0, 1, 2, 3, 8, 17} {
				for _, size := range []int{0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 257, 300, 511, 513, 1023, 1025, 1055, 1057} {
					if raceEnabled && size > 300 {
						continue
					}
					err := checkMatrix(k, packetsOf(rows, size, 100), packetsOf(srcs, size, 200), packetsOf(rows, srcs, 300))
					if err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}

// Sources that begin at the same place of a cache line, as in a block that was cut into packets.
func TestCutBlock(t *testing.T) {
	atLevels(t, func(t *testing.T, k gf.Kernels) {
		for alignment := 0; alignment < alignments; alignment += 1 + sampling(k)/2 {
			for _, size := range []int{448, 512, 576, 1088} {
				for _, short := range []int{0, 1, 33, 63} {
					const srcs, rows = 9, 3 // one more than are read abreast
					block := randomBytes((srcs+rows)*size+2*alignments, 1)
					block = block[(alignments-int(address(block)%alignments))%alignments+alignment:]
					var packets [srcs + rows][]byte
					for i := range packets {
						packets[i] = block[i*size : (i+1)*size-short]
					}
					for n := 1; n <= rows; n++ {
						if err := checkMatrix(k, packets[srcs:srcs+n], packets[:srcs], packetsOf(n, srcs, 2)); err != nil {
							t.Fatalf("alignment %d: %v", alignment, err)
						}
					}
				}
			}
		}
	})
}

// Sources of more bytes in all than the second cache holds are taken a few at a time.
func TestFarSources(t *testing.T) {
	atLevels(t, func(t *testing.T, k gf.Kernels) {
		for _, rows := range []int{1, 2, 4} {
			srcs, size := 19, 16<<10+5
			if err := checkMatrix(k, packetsOf(rows, size, 1), packetsOf(srcs, size, 2), packetsOf(rows, srcs, 3)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestMatMulOfAnyShape(t *testing.T) {
	atLevels(t, func(t *testing.T, k gf.Kernels) {
		rapid.Check(t, func(t *rapid.T) {
			rows, srcs := rapid.IntRange(1, 9).Draw(t, "rows"), rapid.IntRange(0, 40).Draw(t, "sources")
			size, seed := rapid.IntRange(0, 1200).Draw(t, "size"), rapid.Uint64().Draw(t, "seed")
			if err := checkMatrix(k, packetsOf(rows, size, seed), packetsOf(srcs, size, seed+100), packetsOf(rows, srcs, seed+200)); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// The library that is the fallback elsewhere agrees, with every coefficient.
func TestAgreesWithTheLibrary(t *testing.T) {
	var ll reedsolomon.LowLevel
	src, old := randomBytes(2500, 1)[1:], randomBytes(2500, 2)[1:]
	atLevels(t, func(t *testing.T, k gf.Kernels) {
		for c := range 256 {
			got, want := bytes.Clone(old), bytes.Clone(old)
			k.MulAdd(got, src, byte(c))
			ll.GalMulSliceXor(byte(c), src, want)
			if !bytes.Equal(got, want) {
				t.Fatalf("adding %d times a packet differs from the library", c)
			}
			if c > 0 && gf.Inv(byte(c)) != reedsolomon.Inv(byte(c)) {
				t.Fatalf("the inverse of %d is %d, and the library's %d", c, gf.Inv(byte(c)), reedsolomon.Inv(byte(c)))
			}
		}
	})
}

// The package's functions are those of the best level.
func TestPackageFunctions(t *testing.T) {
	const size = 333
	srcs, rows, old := packetsOf(5, size, 1), packetsOf(3, 5, 2), packetsOf(3, size, 3)
	zeros := zerosOf(3, size)
	for name, c := range map[string]struct {
		call func(dsts [][]byte)
		want [][]byte
	}{
		"MatMul":    {func(d [][]byte) { gf.MatMul(d, srcs, rows) }, product(zeros, srcs, rows)},
		"MatMulAdd": {func(d [][]byte) { gf.MatMulAdd(d, srcs, rows) }, product(old, srcs, rows)},
		"Dot":       {func(d [][]byte) { gf.Dot(d[0], srcs, rows[0]) }, product(zeros[:1], srcs, rows[:1])},
		"DotAdd":    {func(d [][]byte) { gf.DotAdd(d[0], srcs, rows[0]) }, product(old[:1], srcs, rows[:1])},
		"MulAdd":    {func(d [][]byte) { gf.MulAdd(d[0], srcs[0], 9) }, product(old[:1], srcs[:1], [][]byte{{9}})},
		"MulSlice":  {func(d [][]byte) { gf.MulSlice(d[0], srcs[0], 9) }, product(zeros[:1], srcs[:1], [][]byte{{9}})},
		"Add":       {func(d [][]byte) { gf.Add(d[0], srcs[0]) }, product(old[:1], srcs[:1], [][]byte{{1}})},
	} {
		got := copyOf(old)
		c.call(got)
		for j := range c.want {
			if !bytes.Equal(got[j], c.want[j]) {
				t.Errorf("%s: result %d is %x, want %x", name, j, got[j], c.want[j])
			}
		}
	}
}

// Nothing allocates, even if the slices of slices are on the caller's stack.
func TestNothingAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	a, b := randomBytes(1000, 1), randomBytes(1000, 2)
	for _, l := range gf.Levels() {
		k := gf.At(l)
		for name, call := range map[string]func(){
			"Add":      func() { k.Add(a, b) },
			"MulSlice": func() { k.MulSlice(a, b, 7) },
			"MulAdd":   func() { k.MulAdd(a, b, 7) },
			"Dot": func() {
				srcs, coefs := [3][]byte{b, b, b}, [3]byte{7, 8, 9}
				k.Dot(a, srcs[:], coefs[:])
			},
			"MatMul": func() {
				dsts, srcs, coefs := [5][]byte{a[:200], a[200:400], a[400:600], a[600:800], a[800:]}, [1][]byte{b[:200]}, [1]byte{3}
				rows := [5][]byte{coefs[:], coefs[:], coefs[:], coefs[:], coefs[:]}
				k.MatMulAdd(dsts[:], srcs[:], rows[:])
			},
		} {
			if n := testing.AllocsPerRun(100, call); n != 0 {
				t.Errorf("%s at level %v allocates %v objects", name, l, n)
			}
		}
	}
}
