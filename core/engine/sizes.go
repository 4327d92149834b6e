package engine

import (
	"github.com/klauspost/cpuid/v2"

	"github.com/ioverlay/ioverlay/bufpool"
)

// How large slabs, queues and kernel buffers are unless Options say otherwise: by what the machine has. A trip to the
// kernel costs the same for many bytes as for few, so a burst is as large as stays in the second cache together
// with the kernel's copy of it, and as the kernel takes in one write.

const (
	// largeBlock is the block of a slab where cache and kernel allow it, and with it the burst
	// that a lane moves. Measured: 512 KiB leave the cache and are a third slower.
	largeBlock = 256 << 10

	// cacheShare is how much of a core's second cache one slab may take: the rest is for the kernel's
	// copy, for what is read next, and for everything else.
	cacheShare = 4

	// leastSlabs is how many large slabs a budget must hold for slabs to be large: with few of them, links wait for
	// memory that a single message keeps.
	leastSlabs = 1024
)

// machineBlock is the size of the blocks that standard slabs lie in, for a pool with a budget.
func machineBlock(budget int64) int { return blockFor(cpuid.CPU.Cache.L2, kernelBufferMax(), budget) }

// MachineSizes tells how large the blocks of standard slabs are on this machine, and the kernel's buffers of a lane that
// moves much, both in bytes, unless Options say otherwise.
func MachineSizes() (block, socket int) {
	o := Options{}.sized()
	o = o.sizedTo(bufpool.New(o.Pool))
	return blockSize(o.Pool.SlabSize), max(o.wideBytes, o.SocketBytes)
}

// blockFor is machineBlock for a second cache of l2 bytes and a kernel that lets a socket have buffers of at most
// window bytes; 0 or less where it does not say.
func blockFor(l2, window int, budget int64) int {
	if l2 < cacheShare*largeBlock || window < wideSlabs*largeBlock || budget != 0 && budget < leastSlabs*largeBlock {
		return bufpool.DefaultSlabSize + blockOverhead
	}
	return largeBlock
}

// blockOverhead is what a block has that its slab does not offer.
const blockOverhead = 128<<10 - bufpool.DefaultSlabSize

// sized fills in what the options leave to the engine.
func (o Options) sized() Options {
	if o.Pool.SlabSize == 0 {
		o.Pool.SlabSize = machineBlock(o.Pool.Budget) - blockOverhead
	}
	return o
}

// sizedTo fills in what depends on the slabs that the pool really has.
func (o Options) sizedTo(pool *bufpool.Pool) Options {
	block := blockSize(pool.SlabSize())
	for _, v := range []*int{&o.Core.QueueBytes, &o.Core.Quantum} {
		if *v == 0 {
			*v = block
		}
	}
	if o.ReadBytes == 0 {
		o.ReadBytes = pool.SlabSize()
	}
	if o.SocketBytes == 0 {
		o.SocketBytes = min(socketBufferSlabs*block, narrowBuffer)
		o.wideBytes = max(min(wideSlabs*block, kernelBufferMax()), o.SocketBytes)
	}
	return o
}
