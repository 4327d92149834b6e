package coding

import (
	"fmt"
	"testing"

	"github.com/klauspost/reedsolomon"
)

// Run with: go test -run '^$' -bench . ./coding
//
// Decoding is reported in bytes of the generation a second, and beside it is what it has to beat: textbook Gauss-Jordan
// on coefficients and payload of each packet as it comes, with the fastest multiplication that the reedsolomon library
// offers for one packet.

func generation(k, size int) Generation { return Generation{K: k, Size: size, Last: size} }

// packets are coded and source packets of one generation.
func packets(b *testing.B, g Generation, sources, coded int) [][]byte {
	e := encoderFor(b, g, sourcesOf(g, 1))
	made := spread(sources+coded, e.Len())
	for i, dst := range made {
		write := e.Coded
		if i < sources {
			write = e.Next
		}
		n, err := write(dst)
		must(b, err)
		made[i] = dst[:n]
	}
	return made
}

var dense = []Generation{generation(32, 1024), generation(32, 5120), generation(32, 64<<10)}

func named(b *testing.B, g Generation, run func(b *testing.B)) {
	b.Run(fmt.Sprintf("k=%d/size=%d", g.K, g.Size), func(b *testing.B) {
		run(b)
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, g := range dense {
		named(b, g, func(b *testing.B) {
			e := encoderFor(b, g, sourcesOf(g, 1))
			dst := make([]byte, e.Len())
			b.ReportAllocs()
			b.SetBytes(int64(g.Bytes()))
			for b.Loop() {
				if _, err := e.Coded(dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncodeFour(b *testing.B) {
	for _, g := range dense {
		named(b, g, func(b *testing.B) {
			e := encoderFor(b, g, sourcesOf(g, 1))
			dsts := [][]byte{make([]byte, e.Len()), make([]byte, e.Len()), make([]byte, e.Len()), make([]byte, e.Len())}
			b.ReportAllocs()
			b.SetBytes(4 * int64(g.Bytes()))
			for b.Loop() {
				if err := e.CodedAll(dsts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRecode makes a packet from 16.
func BenchmarkRecode(b *testing.B) {
	for _, g := range dense {
		named(b, g, func(b *testing.B) {
			var r Recoder
			must(b, r.Reset(g))
			for _, p := range packets(b, g, 0, 16) {
				if _, err := r.Add(p); err != nil {
					b.Fatal(err)
				}
			}
			dst := make([]byte, g.VectorLen())
			b.ReportAllocs()
			b.SetBytes(int64(16 * g.Size))
			for b.Loop() {
				if _, err := r.Recode(dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchDecode(b *testing.B, g Generation, arriving [][]byte) {
	b.ReportAllocs()
	var d Decoder
	bufs := spread(g.K, g.Size)
	b.SetBytes(int64(g.Bytes()))
	for b.Loop() {
		must(b, d.Reset(g))
		for _, p := range arriving {
			if _, err := d.Add(p); err != nil {
				b.Fatal(err)
			}
		}
		if err := d.Decode(bufs); err != nil {
			b.Fatal(err)
		}
	}
}

func benchProgressive(b *testing.B, g Generation, arriving [][]byte) {
	b.ReportAllocs()
	var d Progressive
	bufs := spread(g.K, g.Size)
	b.SetBytes(int64(g.Bytes()))
	for b.Loop() {
		must(b, d.Reset(g, bufs))
		for _, p := range arriving {
			if _, err := d.Add(p); err != nil {
				b.Fatal(err)
			}
		}
		if !d.Complete() {
			b.Fatal("not complete")
		}
	}
}

func benchLowLevel(b *testing.B, g Generation, arriving [][]byte) {
	b.ReportAllocs()
	d := newLowLevel(g)
	b.SetBytes(int64(g.Bytes()))
	for b.Loop() {
		d.reset()
		for _, p := range arriving {
			if err := d.add(p); err != nil {
				b.Fatal(err)
			}
		}
		if d.rank != g.K {
			b.Fatal("not complete")
		}
	}
}

func BenchmarkDecodeDense(b *testing.B) {
	for _, g := range dense {
		benchAll(b, g, packets(b, g, 0, g.K+2))
	}
}

// BenchmarkDecodeSystematic loses 4 of 32 source packets and has 4 coded ones.
func BenchmarkDecodeSystematic(b *testing.B) {
	g := generation(32, 5120)
	arriving := packets(b, g, 32, 4)
	for i, lost := range []int{3, 10, 18, 25} {
		arriving = append(arriving[:lost-i], arriving[lost-i+1:]...)
	}
	benchAll(b, g, arriving)
}

func benchAll(b *testing.B, g Generation, arriving [][]byte) {
	named(b, g, func(b *testing.B) {
		b.Run("how=batch", func(b *testing.B) { benchDecode(b, g, arriving) })
		b.Run("how=progressive", func(b *testing.B) { benchProgressive(b, g, arriving) })
		b.Run("how=lowlevel", func(b *testing.B) { benchLowLevel(b, g, arriving) })
	})
}

// BenchmarkWindow sends a stream through a window of 32 with a coded packet after every 8, of which one is lost.
func BenchmarkWindow(b *testing.B) {
	for _, size := range []int{1024, 5120} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			s := Stream{Size: size, Window: 32}
			e := WindowEncoder{Code: Code{Band, MaxWindow}}
			var d WindowDecoder
			must(b, e.Reset(s, 0), d.Reset(s, 0, spread(2*s.Window, size)))
			packet, buf := make([]byte, size), make([]byte, s.CodedLen())
			b.ReportAllocs()
			b.SetBytes(int64(8 * size))
			for b.Loop() {
				benchEight(b, &e, &d, packet, buf)
			}
		})
	}
}

func benchEight(b *testing.B, e *WindowEncoder, d *WindowDecoder, packet, buf []byte) {
	for i := range 8 {
		seq, err := e.Push(packet)
		must(b, err)
		n, err := e.Source(buf, seq)
		must(b, err)
		if i == 3 {
			continue
		}
		ignore(d.Add(buf[:n]))
	}
	n, err := e.Coded(buf)
	must(b, err)
	ignore(d.Add(buf[:n]))
	for ok := true; ok; {
		_, _, ok = d.Deliver()
	}
	if n, err := e.Feedback(d.Feedback()); n != 8 || err != nil {
		b.Fatal(n, err)
	}
}

// lowLevel is Gauss-Jordan elimination with the library's LowLevel. A row has coefficients and payload side by side, so
// that one call serves both; packets are copied in, since they are worked on in place.
type lowLevel struct {
	g    Generation
	rank int
	rows [][]byte // by pivot; nil while there is none
	bufs [][]byte
}

// spread are buffers whose starts differ by more than a page: see Generation.Split.
func spread(count, size int) [][]byte {
	step := size + 320
	all, bufs := make([]byte, count*step), make([][]byte, count)
	for i := range bufs {
		bufs[i] = all[i*step:][:size:size]
	}
	return bufs
}

func newLowLevel(g Generation) *lowLevel {
	return &lowLevel{g: g, rows: make([][]byte, g.K), bufs: spread(g.K+1, g.K+g.Size)}
}

func (d *lowLevel) reset() {
	clear(d.rows)
	d.rank = 0
}

func (d *lowLevel) add(b []byte) error {
	p, err := Parse(b)
	if err != nil || d.rank == d.g.K {
		return err
	}
	var ll reedsolomon.LowLevel
	row := d.bufs[d.rank]
	p.Vector(row)
	copy(row[d.g.K:], p.Payload)
	pivot := -1
	for col := range d.g.K {
		switch c := row[col]; {
		case c == 0:
		case d.rows[col] != nil:
			ll.GalMulSliceXor(c, d.rows[col], row)
		case pivot < 0:
			pivot = col
		}
	}
	if pivot < 0 {
		return nil
	}
	ll.GalMulSlice(slowInvTable(row[pivot]), row, row)
	for _, other := range d.rows {
		if len(other) > 0 && other[pivot] != 0 {
			ll.GalMulSliceXor(other[pivot], row, other)
		}
	}
	d.rows[pivot] = row
	d.rank++
	return nil
}

var invTable = func() (t [256]byte) {
	for a := 1; a < 256; a++ {
		t[a] = slowInv(byte(a))
	}
	return t
}()

func slowInvTable(a byte) byte { return invTable[a] }
