package gfbench

import (
	"slices"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// task is an operation on packets of one size, prepared so that it can be run again and again.
type task struct {
	bytes   int // what a run counts as
	library func(ll *lowLevel)
	ours    func(k gf.Kernels)
	// again is ours so many times, for work so short that a call through a function's value would be a part of it. If it is
	// nil, ours is called.
	again   func(k gf.Kernels, times int)
	reset   func()          // puts back what a run needs, if anything; not measured
	sums    *sums           // the work, if it is plain sums
	product func()          // the product that a decoder ends in, if it is one
	results func() [][]byte // what the last run made
}

// packetsOf is how many packets a generation has in these measurements.
const packetsOf = 32

// mulAddTask adds a multiple of one packet to another, with another coefficient every time: they come at random.
func mulAddTask(size, offset int) *task {
	p, before := newPackets(2, size, offset, 1), newPackets(1, size, offset, 2)
	coefs, next := newRows(1, 256, 3)[0], byte(0)
	return &task{
		bytes: size,
		library: func(ll *lowLevel) {
			ll.GalMulSliceXor(coefs[next], p[0], p[1])
			next++
		},
		ours: func(k gf.Kernels) {
			k.MulAdd(p[1], p[0], coefs[next])
			next++
		},
		again: func(k gf.Kernels, times int) {
			for range times {
				k.MulAdd(p[1], p[0], coefs[next])
				next++
			}
		},
		reset: func() {
			copy(p[1], before[0])
			next = 0
		},
		results: func() [][]byte { return p[1:] },
		sums:    &sums{dsts: p[1:], srcs: p[:1], coefs: coefs},
	}
}

// sumTask makes results out of sources with random coefficients.
func sumTask(sources, results int) func(size, offset int) *task {
	return func(size, offset int) *task {
		srcs, dsts := newPackets(sources, size, offset, 1), newPackets(results, size, offset, 2)
		rows := newRows(results, sources, 3)
		t := &task{
			bytes:   sources * results * size,
			library: func(ll *lowLevel) { ll.matMul(dsts, srcs, rows) },
			ours:    func(k gf.Kernels) { k.MatMul(dsts, srcs, rows) },
			results: func() [][]byte { return dsts },
			sums:    &sums{dsts: dsts, srcs: srcs, rows: rows},
		}
		if results == 1 {
			t.ours = func(k gf.Kernels) { k.Dot(dsts[0], srcs, rows[0]) }
			t.again = func(k gf.Kernels, times int) {
				for range times {
					k.Dot(dsts[0], srcs, rows[0])
				}
			}
		}
		return t
	}
}

// recodeTask makes a packet out of buffered ones, whose coefficients and payload lie next to each other.
func recodeTask(buffered int) func(size, offset int) *task {
	return func(size, offset int) *task { return sumTask(buffered, 1)(size+packetsOf, offset) }
}

// generation is what decoding starts from.
type generation struct {
	sources, coded, rows, decoded [][]byte
}

func newGeneration(coded, size, offset int) *generation {
	g := &generation{
		sources: newPackets(packetsOf, size, offset, 1), coded: newPackets(coded, size, offset, 2),
		decoded: newPackets(packetsOf, size, offset, 3), rows: newRows(coded, packetsOf, 4),
	}
	gf.MatMul(g.coded, g.sources, g.rows)
	return g
}

// denseTask decodes a generation of coded packets: the library as the textbook does, ours by inverting the matrix and
// multiplying by it.
func denseTask(size, offset int) *task {
	g, e, v := newGeneration(packetsOf, size, offset), newEliminator(packetsOf, size, offset), newInverter(packetsOf)
	results := g.decoded
	return &task{
		bytes: packetsOf * size,
		library: func(ll *lowLevel) {
			e.reset()
			for i, row := range g.rows {
				e.add(ll, row, g.coded[i])
			}
			results = e.payloads()
		},
		ours: func(k gf.Kernels) {
			k.MatMul(g.decoded, g.coded, v.invert(k, g.rows))
			results = g.decoded
		},
		results: func() [][]byte { return results },
	}
}

// Of the systematic generation these source packets are lost, and as many coded ones have come.
var lost = []int{3, 10, 18, 25}

// systematicTask decodes the lost packets: the library as the textbook does, ours by one product out of all packets.
func systematicTask(size, offset int) *task {
	g, e, s := newGeneration(len(lost), size, offset), newEliminator(packetsOf, size, offset), newSystematic()
	results := g.decoded
	return &task{
		bytes: packetsOf * size,
		library: func(ll *lowLevel) {
			e.reset()
			for i := range g.sources {
				if !slices.Contains(lost, i) {
					e.addSource(i, g.sources[i])
				}
			}
			for i, row := range g.rows {
				e.add(ll, row, g.coded[i])
			}
			results = e.payloads()
		},
		ours: func(k gf.Kernels) {
			s.decode(k, g)
			results = s.packets
		},
		results: func() [][]byte { return results },
	}
}
