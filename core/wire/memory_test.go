package wire

import (
	"errors"
	"math/bits"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
)

// What a peer costs is bounded by what it sends, whatever its header claims: the block is a power of two of at most
// four times the bytes (twice after the first doubling), and 512 bytes at the least.
func TestSlowPeerCostsWhatItSends(t *testing.T) {
	const maxPayload = 1 << 20
	frame := uniform(1, maxPayload)
	for _, chunk := range []int{1, 7, 1000, 1448, 40000} {
		pool := bufpool.New(bufpool.Options{})
		stage, f := NewStage(pool), Framer{}
		upTo := min(len(frame), 2000*chunk)
		for sent := 0; sent < upTo; sent += chunk {
			feed(t, &f, stage, frame[sent:min(sent+chunk, upTo)], chunk)
			stage.Close()
			inUse := pool.Stats().InUse
			if f.Buffered() < HeaderSize && inUse != 0 {
				t.Fatalf("%d bytes kept in a slab", f.Buffered())
			}
			if limit := max(512, 4*int64(f.Buffered())); inUse > limit {
				t.Fatalf("%d bytes in use for %d bytes received", inUse, f.Buffered())
			}
		}
		f.Close()
		if pool.Held() != 0 {
			t.Errorf("%d slabs held", pool.Held())
		}
	}
}

// A frame that arrives in tiny pieces is not copied again and again: the number of blocks it goes through grows with
// the logarithm of its length.
func TestTinyReadsCopyLittle(t *testing.T) {
	const payload = 300 << 10
	frame := uniform(1, payload)
	pool := bufpool.New(bufpool.Options{})
	stage, f := NewStage(pool), Framer{}
	if n := feed(t, &f, stage, frame, 3); n != 1 {
		t.Fatalf("%d frames", n)
	}
	if gets, most := pool.Stats().Gets, uint64(bits.Len(payload))+2; gets > most {
		t.Errorf("%d blocks for one frame, want at most %d", gets, most)
	}
	stage.Close()
	if pool.Held() != 0 {
		t.Errorf("%d slabs held", pool.Held())
	}
}

// A long rest goes to its assembly block at once, not by way of a small block.
func TestLongRestMovesOnce(t *testing.T) {
	pool := bufpool.New(bufpool.Options{})
	stage, f, frame := NewStage(pool), Framer{}, uniform(1, 100000)
	feed(t, &f, stage, frame[:60000], 30000)
	if gets := pool.Stats().Gets; gets != 2 || f.state != assembling {
		t.Errorf("%d slabs taken, state %d; want the stage's and the assembly block", gets, f.state)
	}
	f.Close()
	stage.Close()
}

// A frame that is nearly there gets a block of its own size, not of twice that.
func TestBlockIsNotLargerThanTheFrame(t *testing.T) {
	pool := bufpool.New(bufpool.Options{})
	stage, f, frame := NewStage(pool), Framer{}, uniform(1, 8000-HeaderSize)
	feed(t, &f, stage, frame[:7000], 3500)
	stage.Close()
	if inUse := pool.Stats().InUse; inUse != 8192 {
		t.Errorf("%d bytes for a frame of %d", inUse, len(frame))
	}
	f.Close()
}

// The largest frame that can be configured arrives, in one piece.
func TestLargestFrame(t *testing.T) {
	pool := bufpool.New(bufpool.Options{})
	stage, f := NewStage(pool), Framer{MaxPayload: MaxPayloadLimit}
	if n := feed(t, &f, stage, uniform(1, MaxPayloadLimit), 1<<20); n != 1 {
		t.Errorf("%d frames", n)
	}
	stage.Close()
	if pool.Held() != 0 {
		t.Errorf("%d slabs held", pool.Held())
	}
}

// A rest that follows a finished frame is carried, even if another rest was carried before it: only one that was kept
// already and got no further than more of itself goes to a block.
func TestFreshRestIsCarried(t *testing.T) {
	pool := bufpool.New(bufpool.Options{})
	stage, f, stream := NewStage(pool), Framer{}, uniform(3, 1000-HeaderSize)
	for i, want := range []framerState{carried, carried, assembling} {
		cut := []int{0, 600, 1600, 1900}
		space, err := f.Space(stage, cut[i+1]-cut[i])
		if err != nil {
			t.Fatal(err)
		}
		c := f.Filled(stage, copy(space, stream[cut[i]:cut[i+1]]))
		whole, _, _ := walk(t, c.Bytes(), DefaultMaxPayload)
		f.Keep(Chunk{c.Slab, c.Off + uint32(whole), c.Len - uint32(whole)})
		if f.state != want {
			t.Errorf("after %d bytes state %d, want %d", cut[i+1], f.state, want)
		}
	}
	f.Close()
	stage.Close()
}

// takeAll takes what is left of the budget in blocks of 512 bytes.
func takeAll(t *testing.T, pool *bufpool.Pool) (giveBack func()) {
	var hogs []*bufpool.Slab
	for {
		s, err := pool.GetSize(1)
		if err != nil {
			break
		}
		hogs = append(hogs, s)
	}
	return func() {
		for _, s := range hogs {
			s.Release()
		}
	}
}

// Without memory Keep keeps the chunk's own slab, Space refuses and changes nothing, and all goes on when memory is back.
func TestShortageOfMemory(t *testing.T) {
	for _, c := range []struct {
		name       string
		first      int  // bytes of the frame in the first read
		spaceWorks bool // without memory: there is room left in the stage for a short rest
	}{
		{"nothing kept", 0, true},
		{"part of a header", 23, true},
		{"short rest", 4000, true},
		{"long rest", carryMax + 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := bufpool.New(bufpool.Options{Budget: 1 << 20})
			stage, f, frame := NewStage(pool), Framer{}, uniform(1, 20000)
			space, err := f.Space(stage, 100)
			if err != nil {
				t.Fatal(err)
			}
			giveBack := takeAll(t, pool)
			chunk := f.Filled(stage, copy(space, frame[:min(100, c.first)]))
			f.Keep(chunk)
			for f.Buffered() < c.first {
				feed(t, &f, stage, frame[f.Buffered():c.first], c.first)
			}
			_, err = f.Space(stage, 1000)
			if (err == nil) != c.spaceWorks || err != nil && !errors.Is(err, bufpool.ErrBudget) {
				t.Errorf("Space without memory: %v", err)
			}
			if f.Buffered() != c.first {
				t.Errorf("%d bytes kept, want %d", f.Buffered(), c.first)
			}
			giveBack()
			if n := feed(t, &f, stage, frame[c.first:], 3000); n != 1 {
				t.Errorf("%d frames in the end", n)
			}
			f.Close()
			stage.Close()
			if pool.Held() != 0 {
				t.Errorf("%d slabs held", pool.Held())
			}
		})
	}
}

// With the first slab refused there is nowhere to read at all; the error is made once.
func TestNoSlabAtAll(t *testing.T) {
	pool := bufpool.New(bufpool.Options{Budget: 64 << 10})
	stage, f := NewStage(pool), Framer{}
	for range 2 {
		if _, err := f.Space(stage, 100); !errors.Is(err, bufpool.ErrBudget) {
			t.Fatalf("Space: %v", err)
		}
	}
	if allocs := testing.AllocsPerRun(100, func() { _, _ = f.Space(stage, 100) }); allocs != 0 {
		t.Errorf("%v allocations a refusal", allocs)
	}
}

// What can never become a frame is not kept, and Space says why from then on.
func TestKeepOfWhatIsNoFrame(t *testing.T) {
	for _, c := range []struct {
		name  string
		bytes []byte
		want  error
	}{
		{"too big", uniform(1, 1001), ErrTooBig},
		{"type 0", make([]byte, 100), ErrMalformed},
	} {
		pool := bufpool.New(bufpool.Options{})
		stage, f := NewStage(pool), Framer{MaxPayload: 1000}
		space, err := f.Space(stage, 100)
		if err != nil {
			t.Fatal(err)
		}
		f.Keep(f.Filled(stage, copy(space, c.bytes)))
		stage.Close()
		if pool.Held() != 0 || f.Buffered() != 0 {
			t.Errorf("%s: %d slabs, %d bytes kept", c.name, pool.Held(), f.Buffered())
		}
		if _, err := f.Space(stage, 100); !errors.Is(err, c.want) {
			t.Errorf("%s: Space = %v, want %v", c.name, err, c.want)
		}
		f.Close()
		if _, err := f.Space(stage, 100); err != nil {
			t.Errorf("%s: after Close Space = %v", c.name, err)
		}
		stage.Close()
	}
}
