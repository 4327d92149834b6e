package wire

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
	"pgregory.net/rapid"
)

// drawStream draws frames of all sizes from a bare header to several slabs. Sizes cluster around the borders that the
// framer cares about.
func drawStream(t *rapid.T, slabSize, maxPayload int) []byte {
	sizes := []int{0, 1, 23, 64, 1000, 5120, carryMax - 25, carryMax - 24, carryMax, 20000,
		slabSize/4 - 24, slabSize/2 - 24, slabSize - 25, slabSize - 24, slabSize, 2*slabSize + 100}
	var stream []byte
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	for range rapid.IntRange(1, 4).Draw(t, "runs") {
		size := rapid.SampledFrom(sizes).Draw(t, "size")
		if rapid.IntRange(0, 3).Draw(t, "exact") == 0 {
			size = rapid.IntRange(0, maxPayload).Draw(t, "any size")
		}
		size = min(size, maxPayload-addr6Size)
		for range rapid.IntRange(1, max(1, min(20, 50000/(size+1)))).Draw(t, "count") {
			sender := node4
			if rng.IntN(4) == 0 {
				sender = node6
			}
			payload := make([]byte, size)
			for i := range payload {
				payload[i] = byte(rng.Uint32())
			}
			stream = append(stream, makeFrame(Header{Type: 1 + Type(rng.IntN(2000)), Sender: sender, Seq: rng.Uint64()}, payload)...)
		}
	}
	switch rapid.IntRange(0, 4).Draw(t, "ending") {
	case 0:
		stream = stream[:len(stream)-rapid.IntRange(0, min(30, len(stream))).Draw(t, "cut")]
	case 1:
		stream = append(stream, make([]byte, rapid.IntRange(1, 40).Draw(t, "zeros"))...) // type 0
	}
	return stream
}

// Any chunking of any frames, with any holders and any shortage of memory, yields exactly those frames.
func TestFramerYieldsTheOraclesFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slabSize := rapid.SampledFrom([]int{4 << 10, 64<<10 - 512, 128<<10 - 512}).Draw(t, "slab size")
		budget := int64(rapid.SampledFrom([]int{4 << 20, 2560 << 10}).Draw(t, "budget"))
		r := newRig(t, bufpool.Options{SlabSize: slabSize, Budget: budget}, func(n int) int {
			return rapid.IntRange(0, n-1).Draw(t, "pick")
		})
		for range rapid.IntRange(1, 3).Draw(t, "connections") {
			r.add(drawStream(t, slabSize, 300<<10), 300<<10)
		}
		for range 400 {
			if !r.step() {
				break
			}
		}
		r.finish()
	})
}

// feed gives the framer bytes in reads of at most chunk bytes and consumes what becomes whole.
func feed(t testing.TB, f *Framer, s *Stage, stream []byte, chunk int) (frames int) {
	t.Helper()
	for len(stream) > 0 {
		space, err := f.Space(s, chunk)
		if err != nil {
			t.Fatal(err)
		}
		n := copy(space, stream)
		stream = stream[n:]
		c := f.Filled(s, n)
		whole, count, last := walk(t, c.Bytes(), f.maxPayload())
		if count > 0 {
			f.NoteFrame(last)
		}
		frames += count
		f.Keep(Chunk{c.Slab, c.Off + uint32(whole), c.Len - uint32(whole)})
	}
	return frames
}

// walk finds how many bytes of b are whole frames, how many frames, and the length of the last.
func walk(t testing.TB, b []byte, maxPayload int) (whole, count, last int) {
	for {
		total, err := Peek(b[whole:], maxPayload)
		if err != nil {
			t.Fatal(err)
		}
		if total == 0 || total > len(b)-whole {
			return whole, count, last
		}
		whole, count, last = whole+total, count+1, total
	}
}

func uniform(count, payload int) []byte {
	var stream []byte
	for i := range count {
		stream = append(stream, makeFrame(Header{Type: TypeData, Sender: node4, App: 1, Seq: uint64(i)}, make([]byte, payload))...)
	}
	return stream
}

// A uniform stream that fills every read leaves no tail once the first frame's length is known.
func TestReadsEndOnFrameBorders(t *testing.T) {
	for _, payload := range []int{0, 64, 5120, 40000, 100000} {
		for _, lead := range []int{0, 1, 30} {
			t.Run(fmt.Sprintf("payload %d lead %d", payload, lead), func(t *testing.T) {
				pool := bufpool.New(bufpool.Options{})
				stage, f := NewStage(pool), Framer{}
				stream := uniform(1+(1<<20)/(payload+HeaderSize), payload)
				if lead > 0 {
					feed(t, &f, stage, stream[:lead], lead) // not at a border
					stream = stream[lead:]
				}
				for turn := 0; len(stream) > 0; turn++ {
					space, err := f.Space(stage, 1<<20)
					if err != nil {
						t.Fatal(err)
					}
					n := copy(space, stream)
					stream = stream[n:]
					c := f.Filled(stage, n)
					whole, count, last := walk(t, c.Bytes(), DefaultMaxPayload)
					if count > 0 {
						f.NoteFrame(last)
					}
					f.Keep(Chunk{c.Slab, c.Off + uint32(whole), c.Len - uint32(whole)})
					if turn > 1 && f.Buffered() != 0 {
						t.Fatalf("turn %d left %d bytes", turn, f.Buffered())
					}
				}
				f.Close()
				stage.Close()
			})
		}
	}
}

// As long as nobody keeps a view, all connections read into the same bytes; an idle connection holds nothing.
func TestStageIsReusedWhenNobodyHoldsIt(t *testing.T) {
	pool := bufpool.New(bufpool.Options{})
	stage := NewStage(pool)
	one := uniform(1, 1000)
	var at *byte
	framers := make([]Framer, 100)
	for i := range framers {
		space, err := framers[i].Space(stage, len(one))
		if err != nil {
			t.Fatal(err)
		}
		if at == nil {
			at = &space[0]
		}
		if at != &space[0] {
			t.Fatalf("connection %d reads elsewhere", i)
		}
		c := framers[i].Filled(stage, copy(space, one))
		c.Off, c.Len = c.Off+c.Len, 0
		framers[i].Keep(c)
	}
	if pool.Held() != 1 {
		t.Errorf("%d slabs held, want the stage's", pool.Held())
	}
	stage.Close()
	if pool.Held() != 0 {
		t.Errorf("%d slabs held after Close", pool.Held())
	}
}

func TestFramerCloseAtAnyPoint(t *testing.T) {
	stream := uniform(1, 50000)
	for _, n := range []int{1, 23, 24, 100, carryMax, carryMax + 1, 30000} {
		for _, betweenFilledAndKeep := range []bool{false, true} {
			pool := bufpool.New(bufpool.Options{})
			stage, f := NewStage(pool), Framer{MaxPayload: 60000}
			feed(t, &f, stage, stream[:n], n)
			if betweenFilledAndKeep {
				space, err := f.Space(stage, 10)
				if err != nil {
					t.Fatal(err)
				}
				c := f.Filled(stage, copy(space, stream[n:]))
				f.Close()
				c.Slab.Release()
			}
			f.Close()
			stage.Close()
			if pool.Held() != 0 || f != (Framer{MaxPayload: 60000}) {
				t.Errorf("closed with %d bytes: %d slabs held, %+v", n, pool.Held(), f)
			}
		}
	}
}
