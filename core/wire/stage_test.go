package wire

import (
	"errors"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
)

func TestAligned(t *testing.T) {
	for _, c := range []struct {
		name             string
		have, need, last uint32
		n, want          int
	}{
		{"nothing known", 0, 0, 0, 1000, 1000},
		{"pending known, last not", 100, 500, 0, 1000, 1000},
		{"whole frames", 0, 0, 300, 1000, 900},
		{"exactly whole frames", 0, 0, 250, 1000, 1000},
		{"less than a frame", 0, 0, 1001, 1000, 1000},
		{"one frame", 0, 0, 1000, 1000, 1000},
		{"part of a header is kept", 20, 0, 300, 1000, 880},
		{"pending, then whole frames", 100, 500, 300, 1000, 1000},
		{"pending, then whole frames and a bit", 100, 500, 300, 1100, 1000},
		{"pending only", 100, 500, 3000, 1000, 400},
		{"not even the pending one", 100, 1500, 300, 1000, 1000},
		{"exactly the pending one", 100, 1100, 300, 1000, 1000},
	} {
		f := Framer{have: c.have, need: c.need, last: c.last}
		if got := f.aligned(c.n); got != c.want {
			t.Errorf("%s: %d of %d bytes, want %d", c.name, got, c.n, c.want)
		}
	}
}

// heldReads reads whole frames one after another while every view is kept, and returns how many of them each slab got,
// in the order of the slabs.
func heldReads(t *testing.T, size, limit, count int) (perSlab []int) {
	pool := bufpool.New(bufpool.Options{})
	stage, f := NewStage(pool), Framer{}
	frame := uniform(1, size-HeaderSize)
	var held []*bufpool.Slab
	for i := range count {
		space, err := f.Space(stage, limit)
		if err != nil || len(space) < size {
			t.Fatalf("space for %d of %d bytes, %v", len(space), size, err)
		}
		c := f.Filled(stage, copy(space, frame))
		if i == 0 || c.Slab != held[i-1] {
			perSlab = append(perSlab, 0)
		}
		last := &perSlab[len(perSlab)-1]
		if int(c.Off) != *last*size {
			t.Fatalf("frame %d of its slab lies at %d", *last, c.Off)
		}
		*last++
		c.Slab.Retain()
		held = append(held, c.Slab)
		f.NoteFrame(size)
		c.Off, c.Len = c.Off+c.Len, 0
		f.Keep(c)
	}
	for _, s := range held {
		s.Release()
	}
	stage.Close()
	if pool.Held() != 0 {
		t.Errorf("%d slabs held", pool.Held())
	}
	return perSlab
}

// While views are held, reads go behind them; to a new slab when less than a quarter is left, or less than a frame.
func TestStageMovesOnWhileViewsAreHeld(t *testing.T) {
	const slab, quarter = bufpool.DefaultSlabSize, bufpool.DefaultSlabSize / 4
	for _, c := range []struct{ size, limit, want int }{
		{5144, 5144, (slab-quarter)/5144 + 1},
		{48000, 1 << 20, 2}, // after two of them more than a quarter is left, and less than a frame
		{1000, 1000, (slab-quarter)/1000 + 1},
	} {
		for i, got := range heldReads(t, c.size, c.limit, 2*c.want+1) {
			if want := []int{c.want, c.want, 1}[i]; got != want {
				t.Errorf("frames of %d bytes: slab %d got %d, want %d", c.size, i, got, want)
			}
		}
	}
}

// crowd takes n bytes of the stage's slab for somebody else, who keeps them.
func crowd(t *testing.T, s *Stage, n int) *bufpool.Slab {
	t.Helper()
	var f Framer
	space, err := f.Space(s, n)
	if err != nil || len(space) != n {
		t.Fatal(len(space), err)
	}
	clear(space)
	c := f.Filled(s, n)
	f.Close()
	return c.Slab
}

// The slab is changed when what is known to come does not fit its rest; not for a frame that fits no slab, unless such a one has come before.
func TestStageLooksAhead(t *testing.T) {
	const slab = bufpool.DefaultSlabSize
	for _, c := range []struct {
		name       string
		need, last uint32
		limit      int
		moves      bool
	}{
		{"nothing known", 0, 0, slab, false},
		{"fits", 30000, 30000, slab, false},
		{"last frame does not fit", 0, 60000, slab, true},
		{"pending frame does not fit", 60000, 100, slab, true},
		{"the read is short anyway", 60000, 60000, 1000, false},
		{"fits no slab", slab + 1, 100, 1 << 20, false},
		{"fits no slab, as the frame before", slab + 1, slab + 1, 1 << 20, true},
	} {
		pool := bufpool.New(bufpool.Options{})
		stage := NewStage(pool)
		other := crowd(t, stage, slab-50000)
		f := Framer{need: c.need, last: c.last}
		if _, err := f.Space(stage, c.limit); err != nil {
			t.Fatal(err)
		}
		if moved := stage.slab != other; moved != c.moves {
			t.Errorf("%s: moved to another slab: %v", c.name, moved)
		}
		other.Release()
		stage.Close()
	}
}

// Without memory for another slab, reads go on in what is left of this one, to its last byte.
func TestStageMakesDoWithoutMemory(t *testing.T) {
	pool := bufpool.New(bufpool.Options{Budget: 1 << 20})
	stage := NewStage(pool)
	pair := uniform(2, 0)
	kept := []*bufpool.Slab{crowd(t, stage, bufpool.DefaultSlabSize-2*len(pair))}
	giveBack := takeAll(t, pool)
	var f Framer
	for range 2 {
		space, err := f.Space(stage, len(pair))
		if err != nil || len(space) != len(pair) {
			t.Fatalf("%d bytes, %v", len(space), err)
		}
		c := f.Filled(stage, copy(space, pair))
		c.Slab.Retain()
		kept = append(kept, c.Slab)
		f.Keep(Chunk{c.Slab, c.Off + c.Len, 0})
	}
	if _, err := f.Space(stage, 1); !errors.Is(err, bufpool.ErrBudget) {
		t.Errorf("with the slab full: %v", err)
	}
	for _, s := range kept {
		s.Release()
	}
	if _, err := f.Space(stage, 1); err != nil {
		t.Errorf("with the slab free again: %v", err)
	}
	giveBack()
	stage.Close()
	if pool.Held() != 0 {
		t.Errorf("%d slabs held", pool.Held())
	}
}
