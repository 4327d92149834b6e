package bufpool

import (
	"testing"

	"pgregory.net/rapid"
)

func TestClassFor(t *testing.T) {
	for _, c := range []struct {
		n      int
		block  int
		usable int
	}{
		{0, 512, 512},
		{1, 512, 512},
		{512, 512, 512},
		{513, 1 << 10, 1 << 10},
		{1 << 10, 1 << 10, 1 << 10},
		{5120 + 24, 8 << 10, 8 << 10},
		{32 << 10, 32 << 10, 32 << 10},
		{32<<10 + 1, 64 << 10, 64<<10 - 512},
		{64<<10 - 512, 64 << 10, 64<<10 - 512},
		{64<<10 - 511, 128 << 10, 128<<10 - 512},
		{64 << 10, 128 << 10, 128<<10 - 512},
		{DefaultSlabSize, 128 << 10, 130560},
		{128 << 10, 256 << 10, 256<<10 - 512},
		{1<<20 + 24, 2 << 20, 2<<20 - 512}, // the largest frame of the default limits
		{MaxSize, 2 << 20, 2<<20 - 512},
	} {
		got, ok := classFor(c.n)
		if !ok || got.block() != c.block || got.usable() != c.usable {
			t.Errorf("classFor(%d): block %d, usable %d, %v; want %d, %d", c.n, got.block(), got.usable(), ok,
				c.block, c.usable)
		}
	}
	if _, ok := classFor(MaxSize + 1); ok {
		t.Errorf("classFor(%d) found a class", MaxSize+1)
	}
}

func TestClassForIsSmallest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, MaxSize+10).Draw(t, "n")
		want, found := class(0), false
		for c := class(numClasses); c > 0; c-- { // the slow way: the last that fits, from the top
			if (c - 1).usable() >= n {
				want, found = c-1, true
			}
		}
		if got, ok := classFor(n); ok != found || ok && got != want {
			t.Fatalf("classFor(%d): %d, %v; want %d, %v", n, got, ok, want, found)
		}
	})
}

// Big blocks must keep clear of the addresses where kernels copy slowly; see skew.
func TestBigBlocksAreSkewed(t *testing.T) {
	p := New(Options{})
	for c := range class(numClasses) {
		if c.block() < 64<<10 {
			continue
		}
		s, err := p.GetSize(c.usable())
		if err != nil {
			t.Fatal(err)
		}
		if at := address(s) % 4096; at != 512 {
			t.Errorf("slab of a block of %d bytes begins %d bytes into a page, want 512", c.block(), at)
		}
		s.Release()
	}
}
