package gfbench

import (
	"github.com/klauspost/reedsolomon"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// lowLevel does the work with the library's functions for one source.
type lowLevel struct {
	reedsolomon.LowLevel
	name string
}

// lowLevelAt returns the library, held to a level of the processor if that can be done.
func lowLevelAt(l gf.Level) *lowLevel {
	ll := &lowLevel{name: "best"}
	switch l {
	case gf.Generic:
		ll.name = l.String()
		ll.WithOptions(reedsolomon.WithAVX2(false), reedsolomon.WithSSSE3(false), reedsolomon.WithNEON(false))
	case gf.SSSE3:
		ll.name = l.String()
		ll.WithOptions(reedsolomon.WithAVX2(false))
	}
	return ll
}

// matMul makes sums source by source.
func (ll *lowLevel) matMul(dsts, srcs, rows [][]byte) {
	for j, dst := range dsts {
		for i, src := range srcs {
			if i == 0 {
				ll.GalMulSlice(rows[j][i], src, dst)
			} else {
				ll.GalMulSliceXor(rows[j][i], src, dst)
			}
		}
	}
}

// eliminator decodes as the textbook does. A row has coefficients and payload side by side, so that one call serves
// both. Coded packets are copied, since they are worked on in place; source packets are taken as they are.
type eliminator struct {
	k, size int
	room    [][]byte // for coded packets
	used    int
	rows    [][]byte // by pivot: nil, or a row of coefficients and payload
	sources [][]byte // by pivot: nil, or a payload that came as it is
}

func newEliminator(k, size, offset int) *eliminator {
	return &eliminator{
		k: k, size: size, rows: make([][]byte, k), sources: make([][]byte, k),
		room: newPackets(k, k+size, offset, 0),
	}
}

func (e *eliminator) reset() {
	clear(e.rows)
	clear(e.sources)
	e.used = 0
}

// addSource takes source packet i. All of them come before coded ones.
func (e *eliminator) addSource(i int, payload []byte) { e.sources[i] = payload }

// add takes a coded packet. It panics if the packet is redundant, for none of those measured is.
func (e *eliminator) add(ll *lowLevel, coefs, payload []byte) {
	row := e.room[e.used]
	e.used++
	copy(row, coefs)
	copy(row[e.k:], payload)
	pivot := -1
	for col := range e.k {
		switch c := row[col]; {
		case c == 0:
		case e.sources[col] != nil:
			ll.GalMulSliceXor(c, e.sources[col], row[e.k:])
			row[col] = 0
		case e.rows[col] != nil:
			ll.GalMulSliceXor(c, e.rows[col], row)
		case pivot < 0:
			pivot = col
		}
	}
	if pivot < 0 {
		panic("gfbench: a packet that was to be innovative is not")
	}
	ll.GalMulSlice(reedsolomon.Inv(row[pivot]), row, row)
	for _, other := range e.rows {
		if len(other) > 0 && other[pivot] != 0 {
			ll.GalMulSliceXor(other[pivot], row, other)
		}
	}
	e.rows[pivot] = row
}

// payloads returns all source packets, when all have come. The slice is the eliminator's.
func (e *eliminator) payloads() [][]byte {
	for i := range e.k {
		if e.rows[i] != nil {
			e.sources[i] = e.rows[i][e.k:]
		}
	}
	return e.sources
}
