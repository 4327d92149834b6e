package bufpool

import "testing"

func TestNeedBytes(t *testing.T) {
	const std = 128 << 10 // block of a standard slab
	for _, c := range []struct {
		name string
		need Need
		want int64
	}{
		{"nothing", Need{}, 0},
		{"a loop: read, build and source slab", Need{Loops: 1}, 3 * std},
		{"a link without queue: an unfinished frame", Need{Links: 1}, std},
		{"a queue of one byte lies in two slabs at most", Need{Links: 1, QueueBytes: 1}, std + 2*2*std},
		{"a queue of one slab", Need{Links: 1, QueueBytes: DefaultSlabSize}, std + 2*2*std},
		{"a queue of a byte more", Need{Links: 1, QueueBytes: DefaultSlabSize + 1}, std + 2*3*std},
		{"frames larger than a slab", Need{Links: 2, MaxFrame: 1<<20 + 24}, 2 * 2 << 20},
		{"frames smaller than a slab", Need{Links: 2, MaxFrame: 100}, 2 * std},
		{"small slabs", Need{Loops: 2, Links: 3, QueueBytes: 4 << 10, SlabSize: 4 << 10},
			2*3*4<<10 + 3*2*2*4<<10 + 3*4<<10},
		{"more than 4 GiB", Need{Links: 100_000}, 100_000 * std},
	} {
		if got := c.need.Bytes(); got != c.want {
			t.Errorf("%s: %d bytes, want %d", c.name, got, c.want)
		}
	}
}

// A chain of 32 nodes on two loops, with queues of a slab, fits well into the default budget.
func TestDefaultBudgetServesTheChain(t *testing.T) {
	n := Need{Loops: 2, Links: 31, QueueBytes: DefaultSlabSize, MaxFrame: 1<<20 + 24}
	if got := n.Bytes(); got > DefaultBudget/4 {
		t.Errorf("a chain of 32 nodes needs %d bytes; the default budget is %d", got, DefaultBudget)
	}
}

func TestNeedMisusePanics(t *testing.T) {
	mustPanic(t, func() { Need{Loops: -1}.Bytes() }, "bufpool: Need.Loops is -1")
	mustPanic(t, func() { Need{MaxFrame: -5}.Bytes() }, "bufpool: Need.MaxFrame is -5")
	mustPanic(t, func() { Need{SlabSize: MaxSize + 1}.Bytes() }, "the largest has")
}
